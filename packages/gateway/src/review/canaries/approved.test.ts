import { beforeEach, describe, expect, test } from 'vitest';
import { canaryAgent, CanaryWorld, request, sam } from '../../../test/support/canary-world.ts';
import type { Review } from '../../core/review.ts';

let world: CanaryWorld;
beforeEach(async () => {
  world = new CanaryWorld();
  await world.start();
});

/** What becomes of the action of an approved canary, asked for again. */
async function authorize(review: Review) {
  const { state, subject } = await world.now(review);
  const draft = world.drafter.draft(canaryAgent, subject.requester, subject.command);
  if (!draft.ok || state.status !== 'approved') throw new Error('not described, or not approved');
  const approval = { review: review.id, grant: state.grant };
  return world.gate.authorizeApproved(world.gate.judge(draft.value), approval);
}

describe('approved', () => {
  test('it says what it was, on the review and in the ledger, and its grant is no use to anybody', async () => {
    const review = await world.opened();
    expect(await world.vote(review, sam, 'approve')).toBe('approved');
    const over = await world.now(review);
    expect(over).toMatchObject({ state: { status: 'approved' }, canary: { flaw: request.flaw } });
    expect(await world.kinds()).toEqual(['decision', 'review', 'vote', 'review', 'grant', 'canary']);
    const revealed = (await world.leaves()).at(-1);
    expect(revealed).toMatchObject({
      review: review.id,
      action: review.subject.action,
      canary: { status: 'approved', votes: [{ identity: 'sam', kind: 'approve' }] },
    });
    // Law 8: the operator's words may quote what is asked for.
    expect(JSON.stringify(revealed)).not.toContain('WHERE');
    expect(await world.findings()).toEqual([]);
    const id = over.state.status === 'approved' ? over.state.grant : null;
    expect(id === null ? null : await world.store.read('grant', { id })).toMatchObject({
      state: { status: 'revoked' },
    });
    expect(world.events.at(-1)).toMatchObject({ kind: 'canary.revealed', review: { id: review.id } });
    expect(world.logged.at(-1)).toContain('session closed');
    expect(await world.store.read('openCanaries', {})).toEqual([]);
  });

  test('and the gateway dies before that is said: nothing runs, and the next start says it (B9)', async () => {
    const review = await world.opened();
    world.canaries.stop();
    expect(await world.vote(review, sam, 'approve')).toBe('approved');
    world.desk.close();
    expect((await world.now(review)).canary).toBeUndefined();
    await world.start();
    expect((await world.now(review)).canary).toMatchObject({ flaw: request.flaw });
    expect(await world.kinds()).toContain('canary');
    expect(await world.findings()).toEqual([]);
  });

  test('an approval whose agent is a canary is refused at authorize, whoever holds its grant', async () => {
    const review = await world.opened();
    world.canaries.stop();
    await world.vote(review, sam, 'approve');
    const authorized = await authorize(review);
    expect(authorized).toMatchObject({ ok: false, error: { code: 'canary.never_runs' } });
    expect(await world.kinds()).not.toContain('intent');
  });

  test('it is refused at authorize too where its agent is no canary of the configuration any more', async () => {
    const review = await world.opened();
    await world.vote(review, sam, 'approve');
    const { canary: _, ...ordinary } = canaryAgent;
    world.agents = [ordinary];
    const authorized = await authorize(review);
    expect(authorized).toMatchObject({ ok: false, error: { code: 'canary.never_runs' } });
  });
});
