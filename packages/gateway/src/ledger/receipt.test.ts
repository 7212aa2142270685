import { createHash } from 'node:crypto';
import { decodeReceipt, verifyReceipt, webCryptoVerifier } from '@sallyport/verifier';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { appendNotices, startLedger, temporaryDirectory } from '../../test/support/ledger.ts';
import type { TestLedger } from '../../test/support/ledger.ts';
import { canonicalAction } from '../core/action.ts';
import type { Action } from '../core/action.ts';
import { attemptMembers, intentEntry, outcomeEntry, sealAction } from '../core/entry.ts';
import { makeId } from '../core/ids.ts';
import type { ActionId } from '../core/ids.ts';
import { createMemoryStore } from '../stores/memory/store.ts';
import { hashing } from '../system.ts';
import { makeReceipt } from './receipt.ts';
import { verifyEd25519 } from './ed25519.ts';

let home: ReturnType<typeof temporaryDirectory>;
let ledger: TestLedger;
const hash = (data: Uint8Array): Uint8Array => createHash('sha256').update(data).digest();
const actionId = (number: number): ActionId => makeId('act', 1_000, new Uint8Array(10).fill(number));

beforeEach(async () => {
  home = temporaryDirectory();
  ledger = await startLedger(createMemoryStore(), home.directory);
});
afterEach(async () => {
  await ledger.publisher.close();
  home.remove();
});

function sampleAction(number: number): Action {
  return {
    id: actionId(number),
    requester: {
      agent: 'agent-1',
      agentGroups: [],
      parties: ['ann'],
      sponsor: 'ann',
      onBehalfOf: 'ann',
      onBehalfOfBasis: 'configured',
      session: 'ses_1',
      client: '127.0.0.1:1',
    },
    target: { name: 'prod-db', protocol: 'postgres', environment: 'production' },
    command: `SELECT ${number}`,
    parameters: [],
    preconditions: {},
  };
}

/** Intent and outcome of an action that policy allowed, as the pipeline records them. */
async function perform(number: number): Promise<ActionId> {
  const action = sampleAction(number);
  const sha256Base64url = (text: string): string => hashing.sha256Base64url(text);
  const sealed = sealAction(canonicalAction(action), { salt: 'c2FsdHNhbHRzYWx0c2FsdA', sha256Base64url });
  const members = attemptMembers({
    requester: action.requester,
    target: action.target,
    operation: 'sql:select',
    description: null,
    datasets: [],
    risk: { score: 0, signals: [] },
    decision: { effect: 'allow', policies: ['all'], reasons: [] },
  });
  ledger.store.append(intentEntry({ action: action.id, atMs: 2_000, sealed, members }, null));
  const outcome = { status: 'succeeded', rows: 1, bytes: 4, durationMs: 0.5, code: '' } as const;
  await ledger.store.append(outcomeEntry(action.id, 3_000, outcome, null)).done;
  return action.id;
}

const verify = (receipt: string | null) =>
  verifyReceipt(receipt ?? '', {
    ...webCryptoVerifier(),
    trustedKey: ledger.keys.vkey,
    hash,
    verify: verifyEd25519,
  });

test('a receipt verifies offline, at any size of the log, however old its entries are', async () => {
  const first = await perform(1);
  for (const count of [0, 1, 254, 300]) {
    await appendNotices(ledger.store, count);
    const latest = await perform(2 + (count % 200));
    for (const action of [first, latest]) {
      const receipt = await makeReceipt(action, ledger);
      const report = await verify(receipt);
      expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
      expect(report.summary?.outcome?.rows).toBe(1);
      expect(decodeReceipt(receipt ?? '')?.entries.map(({ index }) => index)).toHaveLength(2);
    }
  }
});

test('entries that no checkpoint covers yet are published for the receipt', async () => {
  const action = await perform(1);
  expect(await ledger.store.read('checkpoint', {})).toBeNull();
  expect((await verify(await makeReceipt(action, ledger))).ok).toBe(true);
});

test('a changed entry is found', async () => {
  const receipt = await makeReceipt(await perform(1), ledger);
  const report = await verify(receipt?.replace('\\"rows\\":1', '\\"rows\\":2') ?? null);
  expect(report.checks.filter(({ ok }) => !ok).map(({ name }) => name)).toContain('inclusion');
});

test('there is no receipt of what the ledger does not know', async () => {
  await perform(1);
  expect(await makeReceipt(actionId(9), ledger)).toBeNull();
});
