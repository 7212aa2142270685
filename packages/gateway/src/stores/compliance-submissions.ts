import { expect, test } from 'vitest';
import type { Submission, SubmissionState } from '../core/submission.ts';
import { accept, codeOf, refusal, reopen } from './compliance-fixture.ts';
import type { StoreUnderTest } from './compliance-fixture.ts';
import { START_MS, actionId, grantId, sampleReview } from './compliance-samples.ts';
import type { Mutation, RequestKey } from './store.ts';

const granted = (number: number): SubmissionState => ({
  status: 'granted',
  action: actionId(number),
  review: null,
  token: { id: grantId(number), atMs: START_MS, expiresAtMs: START_MS + 1, usedAtMs: null },
});

export function sampleSubmission(number: number, more: Partial<Submission> = {}): Submission {
  const { requester, target } = sampleReview(number).subject;
  return {
    id: actionId(number),
    requester,
    target,
    declared: {
      operation: 'invoice.refund',
      command: '{"arguments":{"note":"中\u2028🙂"},"operation":"invoice.refund"}',
      datasets: [{ dataset: 'invoices', access: ['write'], columns: [] }],
      statedTask: '',
      supersedes: null,
    },
    openedAtMs: START_MS,
    deadlineMs: START_MS + 1_000,
    keptUntilMs: START_MS + 2_000,
    revision: 1,
    state: { status: 'allowed' },
    ...more,
  };
}

const open = (one: Submission): Mutation => ({ kind: 'submission.open', submission: one });
const update = (one: Submission): Mutation => ({ kind: 'submission.update', submission: one });

export function submissionsAreRevised(at: StoreUnderTest): void {
  test('a submission is read as it was written, also after a restart', async () => {
    await accept(at.store, { mutations: [open(sampleSubmission(1))] });
    await reopen(at);
    expect(await at.store.read('submission', { id: actionId(1) })).toEqual(sampleSubmission(1));
    expect(await at.store.read('submission', { id: actionId(2) })).toBeNull();
  });

  test('of two changes of one revision of a submission the second is a conflict', async () => {
    await accept(at.store, { mutations: [open(sampleSubmission(1))] });
    const next = sampleSubmission(1, { revision: 2, state: granted(1) });
    const answers = await Promise.all([refusal(at, update(next)), refusal(at, update(next))]);
    expect(answers).toEqual(['accepted', 'submission.conflict']);
    expect(await refusal(at, update(sampleSubmission(2, { revision: 2 })))).toBe('submission.missing');
    expect(await at.store.read('size', {})).toBe(1);
  });

  test('a submission is opened once', async () => {
    await accept(at.store, { mutations: [open(sampleSubmission(1))] });
    const again = at.store.commit({ mutations: [open(sampleSubmission(1))], entries: [] });
    expect(await codeOf(again)).toBe('store.invalid');
  });

  test('submissions that somebody performs are listed, oldest first', async () => {
    for (const number of [3, 1, 2]) await accept(at.store, { mutations: [open(sampleSubmission(number))] });
    for (const number of [3, 1])
      await accept(at.store, {
        mutations: [update(sampleSubmission(number, { revision: 2, state: granted(number) }))],
      });
    await reopen(at);
    const listed = await at.store.read('grantedSubmissions', {});
    expect(listed.map(({ id }) => id)).toEqual([actionId(1), actionId(3)]);
  });

  test('a submission goes when it need not be kept any more, and not before', async () => {
    await accept(at.store, { mutations: [open(sampleSubmission(1))] });
    await accept(at.store, { mutations: [open(sampleSubmission(2, { openedAtMs: START_MS + 1_999 }))] });
    expect(await at.store.read('submission', { id: actionId(1) })).not.toBeNull();
    await accept(at.store, { mutations: [open(sampleSubmission(3, { openedAtMs: START_MS + 2_000 }))] });
    expect(await at.store.read('submission', { id: actionId(1) })).toBeNull();
  });
}

const key = (more: Partial<RequestKey> = {}): RequestKey => ({
  principal: 'agent-1',
  key: 'k',
  digest: 'ab'.repeat(32),
  subject: actionId(1),
  expiresAtMs: START_MS + 1_000,
  ...more,
});

const take = (one: RequestKey, atMs = START_MS): Mutation => ({ kind: 'key.take', key: one, atMs });

export function requestKeysAreTakenOnce(at: StoreUnderTest): void {
  test('a key is taken once by each principal, also after a restart', async () => {
    await accept(at.store, { mutations: [take(key())] });
    await reopen(at);
    const again = await at.store.commit({
      mutations: [take(key({ digest: 'cd'.repeat(32), subject: actionId(2) }))],
      entries: [],
    });
    expect(again).toEqual({ ok: false, error: { code: 'key.taken', by: key() } });
    expect(await refusal(at, take(key({ principal: 'agent-2' })))).toBe('accepted');
    expect(await refusal(at, take(key({ key: 'other' })))).toBe('accepted');
  });

  test('a key is free again when it is over, and not before', async () => {
    await accept(at.store, { mutations: [take(key())] });
    const ask = { principal: 'agent-1', key: 'k' };
    expect(await at.store.read('requestKey', { ...ask, atMs: START_MS + 999 })).toEqual(key());
    expect(await at.store.read('requestKey', { ...ask, atMs: START_MS + 1_000 })).toBeNull();
    expect(await refusal(at, take(key(), START_MS + 999))).toBe('key.taken');
    expect(await refusal(at, take(key({ expiresAtMs: START_MS + 9_000 }), START_MS + 1_000))).toBe(
      'accepted',
    );
  });

  test('a change that is refused takes no key', async () => {
    expect(await refusal(at, take(key()), update(sampleSubmission(9, { revision: 2 })))).toBe(
      'submission.missing',
    );
    expect(await refusal(at, take(key()))).toBe('accepted');
  });
}
