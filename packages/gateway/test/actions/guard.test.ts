import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Sallyport } from '@sallyport/sdk';
import type { ActionState } from '@sallyport/sdk/contract';
import { decide, openActions, type OpenActions } from '../support/actions-site.ts';
import { codeOf } from '../support/error-code.ts';
import { checkWholeLedger } from '../support/system-ledger.ts';

let at: OpenActions;
beforeAll(async () => {
  at = await openActions();
});
afterAll(() => at.close());

const outcomeOf = async (id: string): Promise<ActionState['outcome']> =>
  (await at.refunder.getAction(id)).state.outcome;

interface Refund {
  readonly invoice: number;
  readonly lines?: number[];
}

/** A guarded function that says what it was called with. */
function guarded(operation: string, more: object = {}) {
  const calls: unknown[] = [];
  const ids: string[] = [];
  const refund = at.sallyport.guard(
    (args: Refund, granted) => {
      calls.push(args);
      ids.push(granted.action);
      return { refunded: args.invoice };
    },
    { target: 'billing', operation, ...more },
  );
  return { refund, calls, ids };
}

describe('a guarded function', () => {
  test('runs once where policy allows it, and its outcome is recorded', async () => {
    const { refund, calls, ids } = guarded('report.render', { measure: () => ({ rows: 1 }) });
    expect(await refund({ invoice: 1 })).toEqual({ refunded: 1 });
    expect(calls).toEqual([{ invoice: 1 }]);
    expect(await outcomeOf(ids[0] ?? '')).toMatchObject({ status: 'succeeded', rows: 1 });
  });

  test('waits for a person, tells of it, and answers what is asked', async () => {
    const told: ActionState[] = [];
    const { refund, calls } = guarded('invoice.refund', {
      describe: ({ invoice }: Refund) => ({ title: `Refund ${invoice.toString()}` }),
      onReview: (state: ActionState) => told.push(state),
      onQuestion: ({ text }: { text: string }) => `You asked: ${text}`,
    });
    const refunded = refund({ invoice: 4001 });
    const review = await at.pending('4001');
    expect(calls).toEqual([]);
    await fetch(`${at.url}/v1/reviews/${review.id}/questions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${at.site.tokens.sam}`, 'content-type': 'application/json' },
      body: JSON.stringify({ text: 'Why?' }),
    });
    await expect
      .poll(async () => (await at.sam.getReview(review.id)).questions[0]?.answer?.text)
      .toBe('You asked: Why?');
    await decide(at, '4001');
    expect(await refunded).toEqual({ refunded: 4001 });
    expect(calls).toHaveLength(1);
    expect(told.map(({ status }) => status)).toEqual(['pending']);
  });

  test('does not run where a person rejects, or policy denies', async () => {
    const { refund, calls } = guarded('invoice.refund');
    const refunded = codeOf(refund({ invoice: 4002 }));
    await decide(at, '4002', 'reject');
    expect(await refunded).toBe('review.rejected');
    const never = guarded('card.dump');
    expect(await codeOf(never.refund({ invoice: 1 }))).toBe('policy.forbidden');
    expect([calls, never.calls]).toEqual([[], []]);
  });

  test('runs with what was decided on, whatever becomes of the caller’s object meanwhile (A1, A5)', async () => {
    const { refund, calls } = guarded('invoice.refund');
    const args = { invoice: 4003, lines: [1] };
    const refunded = refund(args);
    await at.pending('4003');
    args.invoice = 9;
    args.lines.push(2);
    await decide(at, '4003');
    await refunded;
    expect(calls).toEqual([{ invoice: 4003, lines: [1] }]);
    expect(() => ((calls[0] as { lines: number[] }).lines[0] = 5)).toThrow(TypeError);
  });

  test('that fails is recorded as failed, by its code and not by its message, and fails for its caller', async () => {
    const ids: string[] = [];
    const fail = at.sallyport.guard(
      (_args: object, { action }) => {
        ids.push(action);
        throw Object.assign(new Error('secret-canary'), { code: 'E_DECLINED' });
      },
      { target: 'billing', operation: 'report.render' },
    );
    await expect(fail({})).rejects.toThrow('secret-canary');
    expect(await outcomeOf(ids[0] ?? '')).toMatchObject({ status: 'failed', code: 'E_DECLINED' });
    const leaves = await checkWholeLedger(at.sam, at.gateway.ledger.vkey);
    expect(JSON.stringify(leaves)).not.toContain('secret-canary');
  });

  test('gives up when its caller does: nothing runs, and the review ends', async () => {
    const giveUp = new AbortController();
    const { refund, calls } = guarded('invoice.refund', { signal: giveUp.signal });
    const refunded = codeOf(refund({ invoice: 4004 }));
    const { id } = await at.pending('4004');
    giveUp.abort();
    expect(await refunded).toBe('client.aborted');
    await expect.poll(async () => (await at.sam.getReview(id)).status).toBe('withdrawn');
    expect(calls).toEqual([]);
  });

  test('takes no arguments that readers could take for different things', async () => {
    const { refund } = guarded('report.render');
    const odd = [
      { invoice: Number.NaN },
      { invoice: new Date() },
      { invoice: undefined },
      { invoice: () => 1 },
      { invoice: 2 ** 60 },
      Object.create({ invoice: 1 }) as object,
      [1],
    ];
    for (const args of odd) expect(await codeOf(refund(args as unknown as Refund))).toBe('client.not_json');
  });
});

describe('when the way to the gateway breaks', () => {
  /** Passes everything on, and loses the answer of the requests that match. */
  async function lossyGateway(loses: (path: string, count: number) => boolean) {
    const counts = new Map<string, number>();
    const pass = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const path = (request.url ?? '').replace(/act_\w+/, 'ID');
      const count = (counts.get(path) ?? 0) + 1;
      counts.set(path, count);
      const { host: _, connection: __, ...headers } = request.headers as Record<string, string>;
      const answer = await fetch(`${at.url}${request.url ?? ''}`, {
        method: request.method ?? 'GET',
        headers,
        ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
      });
      const body = Buffer.from(await answer.arrayBuffer());
      if (loses(path, count)) return void response.destroy();
      response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(body);
    };
    const server = createServer((request, response) => void pass(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return {
      sallyport: new Sallyport({
        url: `http://127.0.0.1:${port.toString()}`,
        token: at.site.tokens.refunder,
        persistence: { attempts: 3 },
      }),
      counts,
      close: () => void server.close(),
    };
  }

  test.each(['/v1/actions', '/v1/actions/ID/outcome'])(
    'a lost answer of %s changes nothing: one action, one run, one outcome',
    async (lost) => {
      const way = await lossyGateway((path, count) => path === lost && count === 1);
      const ids: string[] = [];
      const unreported: unknown[] = [];
      const run = way.sallyport.guard((_args: object, { action }) => ids.push(action), {
        target: 'billing',
        operation: 'report.render',
        onUnreported: (error) => unreported.push(error),
      });
      await run({ lost });
      way.close();
      expect(ids).toHaveLength(1);
      expect(unreported).toEqual([]);
      expect(way.counts.get(lost)).toBe(2);
      expect(await outcomeOf(ids[0] ?? '')).toMatchObject({ status: 'succeeded' });
      const leaves = await checkWholeLedger(at.sam, at.gateway.ledger.vkey);
      expect(leaves.filter(({ action }) => action === ids[0]).map(({ kind }) => kind)).toEqual([
        'intent',
        'outcome',
      ]);
    },
  );

  test('a lost grant is not asked for again: nothing runs, and the ledger says so', async () => {
    const way = await lossyGateway((path) => path === '/v1/actions/ID/grant');
    let runs = 0;
    const run = way.sallyport.guard(() => (runs += 1), { target: 'billing', operation: 'report.render' });
    expect(await codeOf(run({}))).toBe('client.unreachable');
    way.close();
    expect(runs).toBe(0);
    expect(way.counts.get('/v1/actions/ID/grant')).toBe(1);
    const leaves = await checkWholeLedger(at.sam, at.gateway.ledger.vkey);
    expect(leaves.at(-1)).toMatchObject({ outcome: { status: 'failed', code: 'client.grant_lost' } });
  });
});
