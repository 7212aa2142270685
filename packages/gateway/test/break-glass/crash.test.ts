/**
 * Break-glass over kill -9 of the whole gateway at each of its steps (threat B9): a use that its person was told of is on
 * record with the review that it owes; what was granted is on record before it leaves; nothing is granted twice.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SallyportClient } from '@sallyport/sdk';
import type { BreakGlass } from '@sallyport/sdk/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Authenticator } from '../../../verifier/test/authenticator.ts';
import {
  breakGlass,
  clientOf,
  openBreakGlassSite,
  perform,
  registerKey,
  request,
  type BreakGlassSite,
} from '../support/break-glass-site.ts';
import { startGatewayProcess, type GatewayProcess } from '../support/crash-process.ts';
import { codeOf } from '../support/error-code.ts';
import { createFakeRandom } from '../support/fake-clock.ts';
import { checkWholeLedger } from '../support/system-ledger.ts';

/** Another run of the same moments: SEED=… in the environment. */
const seed = process.env['SEED'] ?? String(Date.now());
const chance = createFakeRandom(seed);
const ROUNDS = [1, 2] as const;

let site: BreakGlassSite;
let gateway: GatewayProcess;
let sam: SallyportClient;
let kim: SallyportClient;
let key: Authenticator;

async function start(): Promise<void> {
  gateway = await startGatewayProcess({ configPath: site.configPath });
  const api = { address: gateway.apiUrl };
  sam = clientOf({ api }, site.tokens.sam);
  kim = clientOf({ api }, site.kim);
}

beforeAll(async () => {
  site = await openBreakGlassSite();
  await start();
  key = await registerKey(sam);
}, 120_000);
afterAll(async () => {
  await gateway.stop();
  site.remove();
});

/** Kills it while that is under way, after so many milliseconds at most. Resolves with its answer, if there was one. */
async function killedWhile<T>(work: Promise<T>, mostMs: number): Promise<T | undefined> {
  const answered = work.catch(() => undefined);
  await sleep(chance.pick(mostMs + 1));
  await gateway.kill();
  return answered;
}

interface Own {
  readonly kind: string;
  readonly breakGlass?: string;
  readonly action?: string | null;
  readonly outcome?: { readonly status: string };
}

/** Everything about one use, or one action; the whole log is verified besides. */
async function leavesOf({ id, action }: Pick<BreakGlass, 'id' | 'action'>): Promise<readonly string[]> {
  const leaves = (await checkWholeLedger(kim, gateway.vkey)) as readonly Own[];
  return leaves
    .filter((leaf) => leaf.breakGlass === id || leaf.action === action)
    .map(({ kind, outcome }) => outcome?.status ?? kind);
}

/** A use owes its review until somebody has closed it: then the next one of the same person may begin. */
async function close({ id }: Pick<BreakGlass, 'id'>): Promise<void> {
  await kim.closeBreakGlass(id, { finding: 'justified', text: 'The shop was down.' });
}

async function openUses(): Promise<readonly BreakGlass[]> {
  const { uses } = await kim.listBreakGlass({ state: 'open' });
  return Promise.all(uses.map(({ id }) => kim.getBreakGlass(id)));
}

describe(`killed at any step of break-glass, no use is off the record or there twice (SEED=${seed})`, () => {
  test('prepared: nothing is on record, and nothing can be signed', async () => {
    const { id, action, digest, rendering } = await sam.prepareBreakGlass(request());
    await gateway.kill();
    await start();
    expect(await codeOf(sam.challengeBreakGlass(id, { digest, rendering }))).toBe('break_glass.not_found');
    expect(await openUses()).toEqual([]);
    expect(await leavesOf({ id, action })).toEqual([]);
  });

  test.each(ROUNDS)('being signed, round %i: it is on record whole, or not at all', async () => {
    const told = await killedWhile(breakGlass(sam, key), 25);
    await start();
    const uses = await openUses();
    // Whoever was told that it is signed finds it; whoever wasn't finds one that owes its review, or none.
    if (told !== undefined) expect(uses.map(({ id }) => id)).toEqual([told.id]);
    expect(uses.length).toBeLessThanOrEqual(1);
    for (const use of uses) {
      expect(await leavesOf(use)).toEqual(['decision', 'break_glass']);
      // It was signed under another process: the person signs again.
      expect(await codeOf(perform(sam, use))).toBe('grant.expired');
      expect(await leavesOf(use)).toEqual(['decision', 'break_glass']);
      await close(use);
    }
  });

  test.each(ROUNDS)('being granted, round %i: what left is on record, and nothing leaves again', async () => {
    const use = await breakGlass(sam, key);
    const granted = await killedWhile(perform(sam, use), 20);
    await start();
    const leaves = await leavesOf(use);
    const isIntended = leaves.includes('intent');
    if (granted !== undefined) expect(isIntended).toBe(true);
    expect(leaves).toEqual(['decision', 'break_glass', ...(isIntended ? ['intent', 'unknown'] : [])]);
    expect(['grant.spent', 'grant.expired', 'action.over']).toContain(await codeOf(perform(sam, use)));
    expect(await leavesOf(use)).toEqual(leaves);
    expect((await openUses()).map(({ id }) => id)).toEqual([use.id]);
    await close(use);
  });

  test('granted and not reported: unknown, and neither granted nor reported again', async () => {
    const use = await breakGlass(sam, key);
    await perform(sam, use);
    await gateway.kill();
    await start();
    expect(await leavesOf(use)).toEqual(['decision', 'break_glass', 'intent', 'unknown']);
    expect(['grant.spent', 'grant.expired', 'action.over']).toContain(await codeOf(perform(sam, use)));
    expect(await codeOf(sam.reportBreakGlass(use.id, { status: 'succeeded' }))).toBe('action.over');
    await close(use);
  });

  test.each(ROUNDS)('being reported, round %i: one outcome, and the one that was acknowledged', async () => {
    const use = await breakGlass(sam, key);
    await perform(sam, use);
    const reported = await killedWhile(sam.reportBreakGlass(use.id, { status: 'succeeded' }), 12);
    await start();
    const [outcome, ...more] = (await leavesOf(use)).slice(3);
    expect(more).toEqual([]);
    expect(reported === undefined ? ['succeeded', 'unknown'] : ['succeeded']).toContain(outcome);
    await close(use);
  });

  test.each(ROUNDS)('being reviewed, round %i: closed once, or owed still', async () => {
    const use = await breakGlass(sam, key);
    const closing = { finding: 'not_justified', text: 'Nobody was asked.' } as const;
    const closed = await killedWhile(kim.closeBreakGlass(use.id, closing), 12);
    await start();
    const owed = (await openUses()).length;
    if (closed !== undefined) expect(owed).toBe(0);
    if (owed > 0) await kim.closeBreakGlass(use.id, closing);
    expect(await codeOf(kim.closeBreakGlass(use.id, closing))).toBe('break_glass.closed');
    expect(await leavesOf(use)).toEqual(['decision', 'break_glass', 'break_glass_review']);
  });
});
