import { beforeEach, describe, expect, test } from 'vitest';
import {
  ask,
  breakIt,
  codeOf,
  giveKey,
  kim,
  leavesOf,
  openGlassHouse,
  prepare,
  sam,
  samAdmin,
  shownOf,
  signed,
  type GlassHouse,
} from '../../../test/support/break-glass.ts';
import { person } from '../../../test/support/subjects.ts';
import type { BreakGlassUse } from '../../core/break-glass.ts';
import type { Person } from '../../core/identity.ts';
import { limits } from '../../limits.ts';
import type { SignedAssertion } from '../../ports.ts';

let house: GlassHouse;
beforeEach(async () => {
  house = await openGlassHouse();
  await giveKey(house, sam);
});

const PRESENT_ONLY = 0x01;
const grant = (id: BreakGlassUse['id'], who: Person = sam, proof = 'good') =>
  house.calls.breakGlass.grant({ person: who, id, proof });
const succeeded = { status: 'succeeded', rows: 0, bytes: 0, code: '' } as const;
const report = (id: BreakGlassUse['id']) =>
  house.calls.breakGlass.report({ person: sam, id, outcome: succeeded });
const close = (id: BreakGlassUse['id'], reviewer: Person = kim, text = 'The shop was down.') =>
  house.reviews.close({ id, reviewer, finding: 'justified', text, channel: 'api' });
const refusals = async (): Promise<readonly string[]> =>
  (await leavesOf(house.store, 'notice'))
    .map(({ notice }) => notice as { code: string; reason: string; principal: string })
    .filter(({ code }) => code === 'break_glass.refused')
    .map(({ reason, principal }) => `${principal} ${reason}`);

describe('a person who breaks glass', () => {
  test('is granted exactly this once; attempt, use, intent, outcome and review are on record', async () => {
    const use = await breakIt(house);
    expect(await leavesOf(house.store, 'intent')).toEqual([]);
    const granted = await grant(use.id);
    expect(granted).toMatchObject({
      ok: true,
      value: { grant: `token-of-${use.grant.id}-under-${use.id}`, digest: use.subject.digest },
    });
    expect(await codeOf(report(use.id))).toBe('ok');
    expect(await codeOf(close(use.id))).toBe('ok');
    const leaves = await leavesOf(
      house.store,
      'decision',
      'break_glass',
      'intent',
      'outcome',
      'break_glass_review',
    );
    expect(leaves.map(({ kind }) => kind)).toEqual([
      'decision',
      'break_glass',
      'intent',
      'outcome',
      'break_glass_review',
    ]);
    expect(leaves[1]).toMatchObject({ person: 'sam', breakGlass: use.id, rendering: use.rendering });
    expect(leaves[2]).toMatchObject({
      breakGlass: use.id,
      decision: { effect: 'allow', policies: ['may-break_glass:run'] },
    });
    expect(leaves[4]).toMatchObject({ person: 'kim', finding: 'justified' });
  });

  test('is heard of: an event when it is signed, and when it is reviewed', async () => {
    const use = await breakIt(house);
    await close(use.id);
    expect(house.events.map(({ kind }) => kind)).toEqual(['break_glass.opened', 'break_glass.closed']);
  });

  test('runs it once, whoever asks at the same time, and never after the grant was handed out (J)', async () => {
    const use = await breakIt(house);
    const both = await Promise.all([codeOf(grant(use.id)), codeOf(grant(use.id))]);
    expect(both.toSorted()).toEqual(['grant.spent', 'ok']);
    expect(await codeOf(grant(use.id))).toBe('grant.spent');
    expect(await leavesOf(house.store, 'intent')).toHaveLength(1);
  });

  test('has the grant marked as used by the service once, and not when disabled since', async () => {
    const use = await breakIt(house);
    await grant(use.id);
    const request = { grant: `token-of-${use.grant.id}`, proof: '', method: 'POST', url: '' };
    const redeem = () =>
      codeOf(house.calls.redeem({ ...request, target: 'shop', operation: '', arguments: {} }));
    house.people[0] = { ...sam, disabled: true };
    expect(await redeem()).toBe('identity.revoked');
    house.people[0] = sam;
    expect(await redeem()).toBe('ok');
    expect(await redeem()).toBe('grant.spent');
  });

  test('says nothing of reason and arguments in a leaf, a log line or a refusal (law 8)', async () => {
    const canary = 'canary-7f3a';
    const use = await breakIt(house, {
      reason: `The shop is down, see ${canary} for details.`,
      arguments: { note: canary },
    });
    await grant(use.id);
    await close(use.id, kim, `${canary} was read.`);
    await codeOf(close(use.id));
    const rows = await house.store.read('entries', { from: 0, limit: 100 });
    expect(rows.filter(({ leaf }) => leaf.includes(canary))).toEqual([]);
    expect(house.logged.join('')).not.toContain(canary);
  });
});

describe('nothing runs and it is recorded who asked', () => {
  test.each([
    ['no reason', { reason: ' ' }, 'break_glass.reason_required'],
    ['a reason too short', { reason: 'x'.repeat(19) }, 'break_glass.reason_too_short'],
    ['no right', { person: person('ana') }, 'break_glass.not_entitled'],
    ['no such target', { target: 'prod-db' }, 'target.not_found'],
    ['too large a call', { arguments: { note: 'x'.repeat(limits.statementBytes) } }, 'limit.exceeded'],
  ])('with %s', async (_, more, code) => {
    expect(await codeOf(house.calls.breakGlass.prepare(ask(more)))).toBe(code);
    const who = 'person' in more ? more.person.name : 'sam';
    expect(await refusals()).toEqual([`${who} ${code}`]);
  });

  test('where nobody else may review it: the same person under another account is nobody else', async () => {
    house.people.splice(1, 1);
    expect(house.people).toContain(samAdmin);
    expect(await codeOf(house.calls.breakGlass.prepare(ask()))).toBe('break_glass.no_reviewer');
  });

  test('without a passkey’s signature, or with one that recognised nobody', async () => {
    const draft = await prepare(house);
    const open = (assertion?: SignedAssertion) =>
      house.calls.breakGlass.open({ ...shownOf(draft), channel: 'api', assertion });
    const bare = await open();
    expect(bare).toMatchObject({ ok: false, error: { code: 'break_glass.passkey_required' } });
    expect(bare.ok ? '' : bare.error.message).toContain(`/break-glass/${draft.id}/sign`);
    const unverified = await signed(house, draft, PRESENT_ONLY);
    expect(await codeOf(open(unverified))).toBe('break_glass.passkey_invalid');
    expect(await leavesOf(house.store, 'break_glass')).toEqual([]);
    expect(await refusals()).toEqual(['sam break_glass.passkey_required', 'sam break_glass.passkey_invalid']);
  });

  test('where somebody has no passkey', async () => {
    const ana = person('ana', ['on-call']);
    const draft = await prepare(house, { person: ana });
    expect(await codeOf(house.calls.breakGlass.offer(shownOf(draft, ana)))).toBe('passkey.none');
  });

  test('with what another action’s, or an earlier, signature was for (A4)', async () => {
    const [draft, other] = [await prepare(house), await prepare(house, { arguments: { service: 'mail' } })];
    const assertion = await signed(house, draft);
    const open = (shown: ReturnType<typeof shownOf>) =>
      house.calls.breakGlass.open({ ...shown, channel: 'api', assertion });
    expect(await codeOf(open({ ...shownOf(draft), digest: other.subject.digest }))).toBe(
      'break_glass.digest_mismatch',
    );
    expect(await codeOf(open({ ...shownOf(draft), rendering: other.rendering }))).toBe(
      'break_glass.digest_mismatch',
    );
    expect(await codeOf(open(shownOf(other)))).toBe('break_glass.passkey_invalid');
    // The nonce is used up by what did not hold.
    expect(await codeOf(open(shownOf(draft)))).toBe('break_glass.passkey_invalid');
    const again = await signed(house, draft);
    const opened = await house.calls.breakGlass.open({ ...shownOf(draft), channel: 'api', assertion: again });
    expect(opened.ok).toBe(true);
    expect(
      await codeOf(house.calls.breakGlass.open({ ...shownOf(draft), channel: 'api', assertion: again })),
    ).toBe('break_glass.not_found');
  });

  test('where a vote’s signature is handed in for it, or its own for a vote', async () => {
    const draft = await prepare(house);
    const { id, digest, rendering } = shownOf(draft);
    const on = { kind: 'break_glass', id } as const;
    const vote = { on, voter: sam, kind: 'approve', digest, rendering } as const;
    const offer = await house.passkeys.offerVote(vote);
    if (!offer.ok) throw new Error(offer.error.code);
    const key = house.keys.get('sam')!;
    const challenge = Buffer.from(offer.value.challenge, 'base64url');
    const made = key.assert({ challenge, origin: 'https://gate.example', rpId: 'gate.example' });
    const assertion = { ...made, credential: key.credential, nonce: offer.value.nonce };
    expect(await codeOf(house.calls.breakGlass.open({ ...shownOf(draft), channel: 'api', assertion }))).toBe(
      'break_glass.passkey_invalid',
    );
  });

  test('when another person comes with it: a prepared use is its own person’s alone', async () => {
    const draft = await prepare(house);
    expect(house.calls.breakGlass.prepared({ person: kim, id: draft.id })).toBeUndefined();
    expect(house.calls.breakGlass.prepared({ person: samAdmin, id: draft.id })).toBeUndefined();
    expect(house.calls.breakGlass.prepared({ person: sam, id: draft.id })).toEqual(draft);
    expect(await codeOf(house.calls.breakGlass.offer(shownOf(draft, kim)))).toBe('break_glass.not_found');
    const use = await breakIt(house);
    expect(await codeOf(grant(use.id, kim))).toBe('break_glass.not_found');
  });

  test('when it was prepared more than ten minutes ago', async () => {
    const draft = await prepare(house);
    house.clock.advance(limits.breakGlassPreparedMs);
    expect(await codeOf(house.calls.breakGlass.offer(shownOf(draft)))).toBe('break_glass.not_found');
  });

  test('when policy has taken the right away meanwhile: before the signature, and after it (B6)', async () => {
    const draft = await prepare(house);
    const assertion = await signed(house, draft);
    house.rights.run = null;
    const open = { ...shownOf(draft), channel: 'api', assertion };
    expect(await codeOf(house.calls.breakGlass.open(open))).toBe('break_glass.not_entitled');
    house.rights.run = 'on-call';
    const use = await breakIt(house);
    house.rights.run = null;
    expect(await codeOf(grant(use.id))).toBe('policy.not_permitted');
    house.rights.run = 'on-call';
    house.people[0] = { ...sam, disabled: true };
    expect(await codeOf(grant(use.id))).toBe('identity.revoked');
    expect(await leavesOf(house.store, 'intent')).toEqual([]);
  });

  test('when the passkey was revoked after it signed (B6)', async () => {
    const use = await breakIt(house);
    await house.passkeys.revoke(sam, use.passkey.passkey as `pky_${string}`);
    expect(await codeOf(grant(use.id))).not.toBe('ok');
    expect(await leavesOf(house.store, 'intent')).toEqual([]);
  });

  test('five minutes after the signature, however the clock was set back meanwhile', async () => {
    const use = await breakIt(house);
    house.clock.set(-3_600_000);
    house.clock.advance(limits.grantAwayMs);
    expect(await codeOf(grant(use.id))).toBe('grant.expired');
  });

  test('with a proof that isn’t one, which spends nothing', async () => {
    const use = await breakIt(house);
    expect(await codeOf(grant(use.id, sam, 'bad'))).toBe('proof.signature');
    expect(await codeOf(grant(use.id))).toBe('ok');
  });

  test('where the ledger can’t record (law 3)', async () => {
    const draft = await prepare(house);
    const use = await breakIt(house);
    const assertion = await signed(house, draft);
    await house.store.close();
    const open = { ...shownOf(draft), channel: 'api', assertion };
    expect(await codeOf(house.calls.breakGlass.open(open))).toBe('ledger.unavailable');
    expect(await codeOf(grant(use.id))).toBe('ledger.unavailable');
    expect(await codeOf(house.calls.breakGlass.prepare(ask()))).toBe('ledger.unavailable');
    expect(await codeOf(close(use.id))).toBe('ledger.unavailable');
  });
});

describe('the review that a use owes', () => {
  test('is nobody’s own, under whatever account, and needs the right and a text', async () => {
    const { id } = await breakIt(house);
    expect(await codeOf(close(id, sam))).toBe('break_glass.own_use');
    expect(await codeOf(close(id, samAdmin))).toBe('break_glass.own_use');
    expect(await codeOf(close(id, person('ana')))).toBe('break_glass.not_reviewer');
    expect(await codeOf(close(id, kim, ' '))).toBe('break_glass.text_required');
    expect(await codeOf(close('bgl_01hzzzzzzzzzzzzzzzzzzzzzzz'))).toBe('break_glass.not_found');
    expect(await codeOf(close(id))).toBe('ok');
    expect(await codeOf(close(id))).toBe('break_glass.closed');
    expect(await refusals()).toEqual([
      'sam break_glass.own_use',
      'sam-admin break_glass.own_use',
      'ana break_glass.not_reviewer',
      'kim break_glass.text_required',
      'kim break_glass.not_found',
      'kim break_glass.closed',
    ]);
    expect(house.reviews.reviewersOf(await breakIt(house))).toEqual(['kim']);
  });

  test('is closed once by two who come at the same time', async () => {
    const { id } = await breakIt(house);
    house.people.push(person('lea', ['security']));
    const both = await Promise.all([codeOf(close(id)), codeOf(close(id, person('lea', ['security'])))]);
    expect(both.toSorted()).toEqual(['break_glass.closed', 'ok']);
    expect(await leavesOf(house.store, 'break_glass_review')).toHaveLength(1);
  });

  test('is reminded of every day until somebody has closed it', async () => {
    const { id } = await breakIt(house);
    const reminders = () => house.events.filter(({ kind }) => kind === 'break_glass.reminded').length;
    house.clock.advance(limits.breakGlassReminderMs - 1);
    expect(reminders()).toBe(0);
    house.clock.advance(1);
    await expect.poll(reminders).toBe(1);
    house.clock.advance(limits.breakGlassReminderMs);
    await expect.poll(reminders).toBe(2);
    await close(id);
    house.clock.advance(3 * limits.breakGlassReminderMs);
    await Promise.resolve();
    expect(reminders()).toBe(2);
  });

  test('is tracked on after a restart, and what fell due meanwhile is done then; the grant is over', async () => {
    const { id } = await breakIt(house);
    house = await house.restart();
    expect(await codeOf(grant(id))).toBe('grant.expired');
    const reminders = () => house.events.filter(({ kind }) => kind === 'break_glass.reminded').length;
    house.clock.advance(limits.breakGlassReminderMs);
    await expect.poll(reminders).toBe(1);
    expect(await house.store.read('breakGlasses', { open: true, limit: 9, before: null })).toHaveLength(1);
    expect(await codeOf(close(id))).toBe('ok');
  });

  test('holds the person up who owes three of them, and under no other account either', async () => {
    const uses = [await breakIt(house), await breakIt(house), await breakIt(house)];
    const draft = house.calls.breakGlass.prepare(ask());
    expect(await draft).toMatchObject({ ok: false, error: { code: 'break_glass.too_many' } });
    await close(uses[0]!.id);
    expect(await codeOf(house.calls.breakGlass.prepare(ask()))).toBe('ok');
  });

  test('holds the person up who prepared several before: the store counts', async () => {
    const drafts = [];
    for (let number = 0; number < 4; number++) drafts.push(await prepare(house));
    const codes: string[] = [];
    for (const draft of drafts) {
      const assertion = await signed(house, draft);
      const open = { ...shownOf(draft), channel: 'api', assertion };
      codes.push(await codeOf(house.calls.breakGlass.open(open)));
    }
    expect(codes).toEqual(['ok', 'ok', 'ok', 'break_glass.too_many']);
    // One transaction: of what is refused nothing is there.
    expect(await leavesOf(house.store, 'decision', 'break_glass')).toHaveLength(6);
    expect(await house.store.read('submission', { id: drafts[3]!.subject.action })).toBeNull();
  });
});

test('what its person never reports is unknown after an hour, and when the process was gone', async () => {
  const use = await breakIt(house);
  await grant(use.id);
  house.clock.advance(limits.actionOutcomeMs);
  await expect
    .poll(() => leavesOf(house.store, 'outcome'))
    .toMatchObject([{ outcome: { status: 'unknown' } }]);
  expect(await codeOf(report(use.id))).toBe('action.over');
  const other = await breakIt(house);
  await grant(other.id);
  house = await house.restart();
  const submission = await house.store.read('submission', { id: other.subject.action });
  expect(submission?.state).toMatchObject({ status: 'ended', outcome: { code: 'gateway.crashed' } });
});
