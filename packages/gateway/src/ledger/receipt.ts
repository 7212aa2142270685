import { encodeProof, encodeReceipt, inclusionProof, tileSubtrees } from '@sallyport/verifier';
import type { SealedEntry } from '../core/entry.ts';
import type { EntryRow, Store } from '../ports.ts';
import { LedgerError } from './error.ts';
import type { LedgerKeys } from './keys.ts';
import type { Publisher } from './publisher.ts';
import { sha256Of, tilesOf } from './tree.ts';

export interface ReceiptPorts {
  readonly store: Store;
  readonly keys: LedgerKeys;
  readonly publisher: Publisher;
}

/**
 * The receipt of an action (spec/receipt.md): all its entries so far, each with its proof against one published
 * checkpoint. Null where the ledger has no entry of it.
 */
export async function makeReceipt(
  action: NonNullable<SealedEntry['action']>,
  { store, keys, publisher }: ReceiptPorts,
): Promise<string | null> {
  const rows = await entriesFor(action, store);
  const last = rows.at(-1);
  if (last === undefined) return null;
  const checkpoint = await coveringCheckpoint(last.index, store, publisher);
  const sha256 = sha256Of(publisher.hashing);
  const readSubtree = tileSubtrees(checkpoint.size, tilesOf(store), sha256);
  const entries = [];
  for (const { index, leaf, aside } of rows) {
    const hashes = await inclusionProof(index, checkpoint.size, readSubtree, sha256);
    entries.push({
      index,
      leaf,
      aside,
      proof: encodeProof({ index, hashes, checkpoint: checkpoint.note, extra: null }),
    });
  }
  return encodeReceipt({ action, entries, origin: keys.origin, publicKey: keys.vkey });
}

/** Those of the action, and where it ran under a standing grant, those that made the grant: in the order of the log. */
async function entriesFor(
  action: NonNullable<SealedEntry['action']>,
  store: Store,
): Promise<readonly EntryRow[]> {
  const rows = await store.read('entriesOfAction', { action });
  const intent = rows.find((row) => row.kind === 'intent');
  const id = intent === undefined ? null : memberOf(intent, 'standing');
  const grant = id === null ? null : await store.read('standing', { id: id as `std_${string}` });
  if (grant === null) return rows;
  const ofSample = await store.read('entriesOfAction', { action: grant.sample.action });
  const made = ofSample.filter(
    (row) => row.index < (rows[0]?.index ?? 0) && memberOf(row, 'standing') === id,
  );
  return [...made, ...rows];
}

/** A member of an entry of ours; null where it has none. */
function memberOf({ leaf }: EntryRow, name: string): string | null {
  const value = (JSON.parse(leaf) as Readonly<Record<string, unknown>>)[name];
  return typeof value === 'string' ? value : null;
}

async function coveringCheckpoint(
  index: number,
  store: Store,
  publisher: Publisher,
): Promise<{ readonly size: number; readonly note: string }> {
  const published = await store.read('checkpoint', {});
  if (published !== null && index < published.size) return published;
  await publisher.publishNow();
  const renewed = await store.read('checkpoint', {});
  if (renewed !== null && index < renewed.size) return renewed;
  throw new LedgerError('log.inconsistent', `no checkpoint covers entry ${index}`);
}
