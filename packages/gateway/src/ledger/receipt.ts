import { encodeProof, encodeReceipt, inclusionProof, tileSubtrees } from '@sallyport/verifier';
import type { SealedEntry } from '../core/entry.ts';
import type { Store } from '../ports.ts';
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
  const rows = await store.read('entriesOfAction', { action });
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
