import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ActionRequest, ActionState } from '@sallyport/sdk/contract';
import { decide, openActions, proofFor, type OpenActions } from '../support/actions-site.ts';
import { codeOf } from '../support/error-code.ts';
import { checkWholeLedger } from '../support/system-ledger.ts';

let at: OpenActions;
beforeAll(async () => {
  at = await openActions();
});
afterAll(() => at.close());

let counter = 0;
const request = (more: Partial<ActionRequest> = {}): ActionRequest => ({
  target: 'billing',
  operation: 'invoice.refund',
  arguments: { invoice: ++counter },
  ...more,
});
const render = (): ActionRequest => request({ operation: 'report.render' });

const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${at.url}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: {
      authorization: `Bearer ${at.site.tokens.refunder}`,
      'content-type': 'application/json',
      ...headers,
    },
  });

describe('an action that policy allows', () => {
  test('is granted at once and recorded, with the outcome that its caller reports', async () => {
    const state = await at.refunder.submitAction(
      request({
        operation: 'report.render',
        datasets: [{ dataset: 'invoices', access: ['read'], columns: ['iban'] }],
      }),
    );
    expect(state).toMatchObject({ status: 'ready', review: null, operation: 'report.render' });
    const issued = await at.refunder.grantAction(state.id, await proofFor(state));
    expect(issued.grant.split('.')).toHaveLength(3);
    const over = await at.refunder.reportOutcome(state.id, { status: 'succeeded', rows: 3, bytes: 90 });
    expect(over).toMatchObject({ status: 'ended', outcome: { status: 'succeeded', rows: 3, bytes: 90 } });
    const leaves = await checkWholeLedger(at.sam, at.gateway.ledger.vkey);
    const own = leaves.filter(({ action }) => action === state.id);
    expect(own.map(({ kind }) => kind)).toEqual(['intent', 'outcome']);
    const usage = await at.sam.usage({ agent: 'refunder' });
    expect(usage.datasets).toMatchObject([{ target: 'billing', dataset: 'invoices', classes: ['pii'] }]);
  });

  test('is granted once: the second asking is refused', async () => {
    const state = await at.refunder.submitAction(render());
    const answers = await Promise.all(
      [1, 2, 3].map(async () => codeOf(at.refunder.grantAction(state.id, await proofFor(state)))),
    );
    expect(answers.toSorted()).toEqual(['answered', 'grant.spent', 'grant.spent']);
    await at.refunder.reportOutcome(state.id, { status: 'succeeded' });
    expect(await codeOf(at.refunder.grantAction(state.id, await proofFor(state)))).toBe('action.over');
  });

  test('has one outcome: of many reports one counts', async () => {
    const state = await at.refunder.submitAction(render());
    expect(await codeOf(at.refunder.reportOutcome(state.id, { status: 'succeeded' }))).toBe(
      'action.not_granted',
    );
    await at.refunder.grantAction(state.id, await proofFor(state));
    const answers = await Promise.all(
      [1, 2, 3].map(() => codeOf(at.refunder.reportOutcome(state.id, { status: 'succeeded' }))),
    );
    expect(answers.toSorted()).toEqual(['action.over', 'action.over', 'answered']);
  });
});

describe('an action that policy denies', () => {
  test('is refused with the policy’s own words, and its grant too', async () => {
    const response = await post('/v1/actions', request({ operation: 'card.dump' }));
    const problem = (await response.json()) as Record<string, unknown>;
    expect({ status: response.status, ...problem }).toMatchObject({
      status: 403,
      code: 'policy.forbidden',
      detail: 'Nobody needs all cards at once.',
    });
    const id = String(problem['instance']).slice('/v1/actions/'.length);
    const { state } = await at.refunder.getAction(id);
    expect(state).toMatchObject({ status: 'refused', refusal: { code: 'policy.forbidden' } });
    expect(await codeOf(at.refunder.grantAction(id, await proofFor(state)))).toBe('policy.forbidden');
  });

  test('for a target that is not there, or for a person whom the agent may not act for', async () => {
    expect(await codeOf(at.refunder.submitAction(request({ target: 'nowhere' })))).toBe('target.not_found');
    const forSam = { onBehalfOf: 'sam' };
    expect(await codeOf(at.other.submitAction(request(forSam)))).toBe('policy.not_permitted');
    expect((await at.refunder.submitAction(request(forSam))).status).toBe('pending');
  });
});

describe('an action that people decide', () => {
  test('waits, is shown whole, is approved, granted and recorded', async () => {
    const asked = request({ title: 'Refund 7', statedTask: 'The customer called.' });
    const submitted = await at.refunder.submitAction(asked);
    expect(submitted).toMatchObject({ status: 'pending' });
    expect(await codeOf(at.refunder.grantAction(submitted.id, await proofFor(submitted)))).toBe(
      'action.pending',
    );
    const waiting = at.refunder.getAction(submitted.id, { seconds: 20 });
    const review = await at.pending(JSON.stringify(asked.arguments));
    expect(review).toMatchObject({
      id: submitted.review,
      title: 'invoice.refund',
      operation: 'call:perform',
      untrusted: { statedTask: 'Refund 7\nThe customer called.' },
      unknown: [expect.stringContaining('does not see this call')],
    });
    await decide(at, JSON.stringify(asked.arguments));
    const { state } = await waiting;
    expect(state.status).toBe('ready');
    const issued = await at.refunder.grantAction(state.id, await proofFor(state));
    expect(issued.digest).toBe(review.digest);
    await at.refunder.reportOutcome(state.id, { status: 'failed', code: 'card_declined' });
    const leaves = await checkWholeLedger(at.sam, at.gateway.ledger.vkey);
    const kinds = leaves.filter(({ action }) => action === state.id).map(({ kind }) => kind);
    expect(kinds).toEqual(['decision', 'review', 'vote', 'review', 'grant', 'intent', 'outcome']);
    expect(await at.sam.receipt(submitted.review ?? '')).toContain('c2sp.org/tlog-proof');
  });

  test('and reject is refused with the person’s reason', async () => {
    const asked = request();
    const { id } = await at.refunder.submitAction(asked);
    await decide(at, JSON.stringify(asked.arguments), 'reject');
    const { state } = await at.refunder.getAction(id, { seconds: 20 });
    expect(state).toMatchObject({
      status: 'refused',
      refusal: { code: 'review.rejected', message: 'Rejected by sam: Not this one.' },
    });
    expect(await codeOf(at.refunder.grantAction(id, await proofFor(state)))).toBe('review.rejected');
  });

  test('is one use of one approval, also for two submissions of the same bytes (A3)', async () => {
    const asked = request();
    const [one, two] = [await at.refunder.submitAction(asked), await at.refunder.submitAction(asked)];
    expect(two.review).toBe(one.review);
    await decide(at, JSON.stringify(asked.arguments));
    const answers = await Promise.all(
      [one, two].map(async (state) => codeOf(at.refunder.grantAction(state.id, await proofFor(state)))),
    );
    expect(answers.toSorted()).toEqual(['answered', 'grant.spent']);
    const granted = answers[0] === 'answered' ? one : two;
    await at.refunder.reportOutcome(granted.id, { status: 'succeeded' });
  });

  test('is another action with other data declared (A1)', async () => {
    const asked = request();
    const plain = await at.refunder.submitAction(asked);
    const more = await at.refunder.submitAction({
      ...asked,
      datasets: [{ dataset: 'invoices', access: ['write'] }],
    });
    expect(more.review).not.toBe(plain.review);
  });

  test('can be given up: the review ends, an approval that was not used is revoked', async () => {
    const [first, second] = [request(), request()];
    const early = await at.refunder.submitAction(first);
    expect(await at.refunder.withdrawAction(early.id, 'Not needed.')).toMatchObject({ status: 'refused' });
    await expect.poll(async () => (await at.sam.getReview(early.review ?? '')).status).toBe('withdrawn');
    const late = await at.refunder.submitAction(second);
    await decide(at, JSON.stringify(second.arguments));
    await at.refunder.withdrawAction(late.id);
    expect(await codeOf(at.refunder.grantAction(late.id, await proofFor(late)))).toBe('review.withdrawn');
    const again = await at.refunder.submitAction(second);
    expect(again.status).toBe('pending');
  });

  test('is asked about, and answers', async () => {
    const asked = request();
    const { id, review } = await at.refunder.submitAction(asked);
    const { etag, state } = await at.refunder.getAction(id);
    const news = at.refunder.getAction(id, { seconds: 20, known: { etag, state } });
    const question = await fetch(`${at.url}/v1/reviews/${review}/questions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${at.site.tokens.sam}`, 'content-type': 'application/json' },
      body: JSON.stringify({ text: 'Which customer?' }),
    });
    expect(question.status).toBe(200);
    expect((await news).state.questions).toMatchObject([{ id: 1, text: 'Which customer?', answer: null }]);
    await at.refunder.answerQuestion(review ?? '', 1, 'Number 12.');
    expect((await at.refunder.getAction(id)).state.questions).toMatchObject([
      { answer: { text: 'Number 12.' } },
    ]);
  });
});

describe('another agent', () => {
  test('learns of an action as much as of one that does not exist', async () => {
    const state = await at.refunder.submitAction(render());
    const nobodys = 'act_01jd7z3v8k4m5n6p7q8r9s0t1v';
    for (const id of [state.id, nobodys, 'nonsense']) {
      expect(await codeOf(at.other.getAction(id))).toBe('action.not_found');
      expect(await codeOf(at.other.grantAction(id, await proofFor(state)))).toBe('action.not_found');
      expect(await codeOf(at.other.reportOutcome(id, { status: 'succeeded' }))).toBe('action.not_found');
      expect(await codeOf(at.other.withdrawAction(id))).toBe('action.not_found');
    }
  });
});

describe('waiting', () => {
  test('answers at once where there is news, and after the time where there is none', async () => {
    const { id } = await at.refunder.submitAction(request());
    const { state, etag } = await at.refunder.getAction(id);
    const known = { state, etag };
    const startedMs = performance.now();
    expect(await at.refunder.getAction(id, { seconds: 1, known })).toBe(known);
    expect(performance.now() - startedMs).toBeGreaterThan(900);
    expect(await at.refunder.getAction(id, { seconds: 20, known: { state, etag: '"other"' } })).toEqual(
      known,
    );
  });

  test('as a stream tells each state, resumes where it was, and ends with the action', async () => {
    const asked = request();
    const { id } = await at.refunder.submitAction(asked);
    const open = (headers: Record<string, string> = {}) =>
      fetch(`${at.url}/v1/actions/${id}/events`, {
        headers: { authorization: `Bearer ${at.site.tokens.refunder}`, ...headers },
      });
    const { etag } = await at.refunder.getAction(id);
    const whole = (await open()).text();
    const resumed = (await open({ 'last-event-id': etag })).text();
    await decide(at, JSON.stringify(asked.arguments), 'reject');
    const statuses = (text: string): string[] =>
      [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => (JSON.parse(data ?? '') as ActionState).status);
    expect(statuses(await whole)).toEqual(['pending', 'refused']);
    expect(statuses(await resumed)).toEqual(['refused']);
  });
});

describe('an Idempotency-Key', () => {
  test('makes a repetition answer as the first did, also of a denial', async () => {
    const asked = request();
    const answers = await Promise.all(
      [1, 2, 3].map(() => at.refunder.submitAction(asked, { idempotencyKey: `k${counter}` })),
    );
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    const denied = request({ operation: 'card.dump' });
    const twice = [1, 2].map(async () =>
      (await post('/v1/actions', denied, { 'idempotency-key': 'denied' })).text(),
    );
    const [first, second] = [await twice[0], await twice[1]];
    expect(second).toBe(first);
  });

  test('with another request is a conflict, and another agent’s is its own', async () => {
    const key = { idempotencyKey: 'mine' };
    const asked = render();
    const { id } = await at.refunder.submitAction(asked, key);
    expect(await codeOf(at.refunder.submitAction({ ...asked, title: 'x' }, key))).toBe(
      'idempotency.conflict',
    );
    expect((await at.other.submitAction(asked, key)).id).not.toBe(id);
    const malformed = await post('/v1/actions', asked, { 'idempotency-key': 'ü'.repeat(3) });
    expect(malformed.status).toBe(400);
  });

  test('makes a repeated vote answer as the first did', async () => {
    const asked = request();
    await at.refunder.submitAction(asked);
    const { id, digest, rendering } = await at.pending(JSON.stringify(asked.arguments));
    const vote = { kind: 'approve', digest, rendering } as const;
    const key = { idempotencyKey: 'vote-1' };
    const first = await at.sam.vote(id, vote, key);
    expect(first.status).toBe('approved');
    expect(await at.sam.vote(id, vote, key)).toMatchObject({ status: 'approved', votes: first.votes });
    expect(await codeOf(at.sam.vote(id, { ...vote, kind: 'reject', reason: 'No.' }, key))).toBe(
      'idempotency.conflict',
    );
    expect(await codeOf(at.sam.vote(id, vote))).toBe('review.over');
  });
});

describe('entity tags', () => {
  const read = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${at.url}${path}`, { headers: { authorization: `Bearer ${at.site.tokens.sam}`, ...headers } });

  test('of a review and of the list stay while nothing changes, and change with it', async () => {
    const asked = request();
    await at.refunder.submitAction(asked);
    const { id } = await at.pending(JSON.stringify(asked.arguments));
    for (const path of [`/v1/reviews/${id}`, '/v1/reviews?limit=2']) {
      const etag = (await read(path)).headers.get('etag') ?? '';
      const unchanged = await read(path, { 'if-none-match': `"x", W/${etag}` });
      expect([unchanged.status, await unchanged.text(), unchanged.headers.get('etag')]).toEqual([
        304,
        '',
        etag,
      ]);
    }
    const before = (await read(`/v1/reviews/${id}`)).headers.get('etag') ?? '';
    const { digest, rendering } = await at.sam.getReview(id);
    const vote = (etag: string) =>
      fetch(`${at.url}/v1/reviews/${id}/votes`, {
        method: 'POST',
        body: JSON.stringify({ kind: 'approve', digest, rendering }),
        headers: {
          authorization: `Bearer ${at.site.tokens.sam}`,
          'content-type': 'application/json',
          'if-match': etag,
        },
      });
    expect((await vote('"something else"')).status).toBe(412);
    const voted = await vote(before);
    expect(voted.status).toBe(200);
    expect(voted.headers.get('etag')).not.toBe(before);
    expect((await read(`/v1/reviews/${id}`, { 'if-none-match': before })).status).toBe(200);
  });
});

describe('arguments', () => {
  const deep = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
  test.each([
    ['nested too deep', { arguments: { a: deep(40) } }],
    ['that are no object', { arguments: [1] }],
    ['with a number that doubles can’t carry', { arguments: { n: 9_007_199_254_740_993 } }],
    ['with text that UTF-8 can’t carry', { arguments: { t: '\ud800' } }],
    ['with a member that readers disagree on', { arguments: JSON.parse('{"__proto__":{"a":1}}') as object }],
    ['under an operation that is no name', { operation: 'drop it; now' }],
    ['with something that nobody asked for', { colour: 'red' }],
  ])('%s are refused', async (_name, more) => {
    const response = await post('/v1/actions', { ...request(), ...more });
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
      400,
      'request.invalid',
    ]);
  });
});
