import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SallyportClient } from '@sallyport/sdk';
import { dealings, decide, openActionsSite, proofFor, type ActionsSite } from '../support/actions-site.ts';
import { startGatewayProcess, type GatewayProcess } from '../support/crash-process.ts';
import { codeOf } from '../support/error-code.ts';
import { checkWholeLedger } from '../support/system-ledger.ts';

/** Each restart starts a process, on a machine that may have others to serve. */
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let site: ActionsSite;
let gateway: GatewayProcess;
let at: ReturnType<typeof dealings>;

const start = async (): Promise<void> => {
  gateway = await startGatewayProcess({ configPath: site.configPath });
  at = dealings(site, { api: { address: gateway.apiUrl } });
};

beforeEach(async () => {
  site = await openActionsSite();
  await start();
});

afterEach(async () => {
  await gateway.stop();
  site.remove();
});

const restart = async (): Promise<void> => {
  await gateway.kill();
  await start();
};

test('killed between grant and outcome: the action is unknown, and is never granted again (B9)', async () => {
  const state = await at.refunder.submitAction({ target: 'billing', operation: 'report.render' });
  await at.refunder.grantAction(state.id, await proofFor(state));
  await restart();
  const { state: after } = await at.refunder.getAction(state.id);
  expect(after).toMatchObject({ status: 'ended', outcome: { status: 'unknown', code: 'gateway.crashed' } });
  expect(await codeOf(at.refunder.grantAction(state.id, await proofFor(state)))).toBe('action.over');
  expect(await codeOf(at.refunder.reportOutcome(state.id, { status: 'succeeded' }))).toBe('action.over');
  const leaves = await checkWholeLedger(at.sam, gateway.vkey);
  const own = leaves.filter(({ action }) => action === state.id);
  expect(own.map(({ kind, outcome }) => outcome?.status ?? kind)).toEqual(['intent', 'unknown']);
});

test('killed while people decide, and again before the grant: the approval is used once (B9)', async () => {
  const asked = { target: 'billing', operation: 'invoice.refund', arguments: { invoice: 77 } };
  const key = { idempotencyKey: 'refund-77' };
  const state = await at.refunder.submitAction(asked, key);
  await restart();
  expect(await at.refunder.submitAction(asked, key)).toEqual(state);
  await decide(at, '77');
  await restart();
  expect((await at.refunder.getAction(state.id)).state.status).toBe('ready');
  await at.refunder.grantAction(state.id, await proofFor(state));
  expect(await codeOf(at.refunder.grantAction(state.id, await proofFor(state)))).toBe('grant.spent');
  expect(await at.refunder.reportOutcome(state.id, { status: 'succeeded' })).toMatchObject({
    status: 'ended',
  });
  await restart();
  expect((await at.refunder.getAction(state.id)).state.outcome?.status).toBe('succeeded');
  await checkWholeLedger(at.sam, gateway.vkey);
});

test('killed in the middle of many: each is over or unknown, and none was granted twice', async () => {
  const granted = new Set<string>();
  const reported = new Set<string>();
  const one = async (): Promise<void> => {
    const state = await at.refunder.submitAction({ target: 'billing', operation: 'report.render' });
    const proof = await proofFor(state);
    await at.refunder.grantAction(state.id, proof);
    granted.add(state.id);
    await at.refunder.reportOutcome(state.id, { status: 'succeeded' });
    reported.add(state.id);
  };
  // Each goes on until the gateway is gone.
  const work = Promise.allSettled(
    Array.from({ length: 8 }, async () => {
      for (;;) await one();
    }),
  );
  await expect.poll(() => reported.size, { timeout: 20_000 }).toBeGreaterThan(8);
  await gateway.kill();
  await work;
  await start();
  const refunder = new SallyportClient({ url: gateway.apiUrl, token: site.tokens.refunder });
  for (const id of granted) {
    const { state } = await refunder.getAction(id);
    const possible = reported.has(id) ? ['succeeded'] : ['succeeded', 'unknown'];
    expect(possible).toContain(state.outcome?.status);
  }
  await checkWholeLedger(at.sam, gateway.vkey);
});
