import type { SallyportClient } from '@sallyport/sdk';
import { parseCheckpoint, parseNote, verifyLog, webCryptoVerifier } from '@sallyport/verifier';
import { expect } from 'vitest';
import { eventually } from './system-wait.ts';

/** What tests look at in a leaf. */
export interface LedgerLeaf {
  readonly kind: string;
  readonly action?: string;
  readonly review?: string;
  readonly grant?: string;
  readonly standing?: string;
  readonly notice?: string;
  readonly operation?: string;
  readonly requester?: {
    readonly session: string;
    readonly onBehalfOf: string;
    readonly onBehalfOfBasis: string;
  };
  readonly decision?: { readonly effect: string };
  readonly outcome?: { readonly status: string; readonly code: string; readonly rows: number };
}

/**
 * Verifies the whole ledger as an outsider reads it, and what it says: every intent has one outcome, no outcome lacks
 * its intent, and no grant is spent twice. Outcomes are written a moment after the fact, so those are waited for.
 */
export async function checkWholeLedger(
  client: SallyportClient,
  vkey: string,
): Promise<readonly LedgerLeaf[]> {
  const leaves = await eventually('an outcome of every intent', async () => {
    const read = await readLedger(client, vkey);
    return openIntents(read).length === 0 ? read : undefined;
  });
  expect(repeated(of(leaves, 'intent', 'action')), 'intents of one action').toEqual([]);
  expect(repeated(of(leaves, 'outcome', 'action')), 'outcomes of one action').toEqual([]);
  expect(repeated(of(leaves, 'intent', 'grant')), 'grants that were spent twice').toEqual([]);
  const intents = new Set(of(leaves, 'intent', 'action'));
  expect(
    of(leaves, 'outcome', 'action').filter((action) => !intents.has(action)),
    'outcomes without an intent',
  ).toEqual([]);
  return leaves;
}

async function readLedger(client: SallyportClient, vkey: string): Promise<LedgerLeaf[]> {
  const checkpoint = await client.checkpoint();
  const size = parseCheckpoint(parseNote(checkpoint)?.text ?? '')?.size ?? 0;
  const entries: { index: number; leaf: string }[] = [];
  for await (const entry of client.ledgerEntries(0, size)) entries.push(entry);
  const report = await verifyLog({
    entries,
    checkpoint,
    earlier: [],
    trustedKey: vkey,
    ...webCryptoVerifier(),
  });
  expect(report.findings).toEqual([]);
  expect(report.covered).toBe(size);
  return entries.map(({ leaf }) => JSON.parse(leaf) as LedgerLeaf);
}

function openIntents(leaves: readonly LedgerLeaf[]): readonly string[] {
  const ended = new Set(of(leaves, 'outcome', 'action'));
  return of(leaves, 'intent', 'action').filter((action) => !ended.has(action));
}

const of = (leaves: readonly LedgerLeaf[], kind: string, member: 'action' | 'grant'): readonly string[] =>
  leaves.flatMap((leaf) => (leaf.kind === kind ? (leaf[member] ?? []) : []));

const repeated = (values: readonly string[]): readonly string[] =>
  values.filter((value, at) => values.indexOf(value) !== at);
