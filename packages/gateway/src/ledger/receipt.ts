import { decodeLeaf, encodeProof, encodeReceipt, inclusionProof, tileSubtrees } from '@sallyport/verifier';
import type { SealedEntry } from '../core/entry.ts';
import type { EntryRow, Store } from '../ports.ts';
import { LedgerError } from './error.ts';
import type { LedgerKeys } from './keys.ts';
import type { Publisher } from './publisher.ts';
import { sha256Of, tilesOf } from './tree.ts';

type PasskeyId = `pky_${string}`;
export interface ReceiptPorts {
  readonly store: Store;
  readonly keys: LedgerKeys;
  readonly publisher: Publisher;
}

/**
 * The receipt of an action (spec/receipt.md): all its entries so far, and the registrations of the passkeys that signed
 * its votes or broke glass for it, each with its proof against one published checkpoint. Null where the ledger has no entry of it.
 */
export async function makeReceipt(
  action: NonNullable<SealedEntry['action']>,
  { store, keys, publisher }: ReceiptPorts,
): Promise<string | null> {
  const own = await entriesFor(action, store);
  const last = own.at(-1);
  if (last === undefined) return null;
  const checkpoint = await coveringCheckpoint(last.index, store, publisher);
  const sha256 = sha256Of(publisher.hashing);
  const readSubtree = tileSubtrees(checkpoint.size, tilesOf(store), sha256);
  const basis = [...(await handoversBefore(checkpoint.size, store)), ...(await registrationsOf(own, store))];
  const rows = [...basis, ...own].sort((a, b) => a.index - b.index);
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

/** By which whoever trusts an earlier key of the log comes to trust the one of now. */
async function handoversBefore(size: number, store: Store): Promise<readonly EntryRow[]> {
  const indices = (await store.read('handovers', {})).filter((index) => index < size);
  return (await Promise.all(indices.map((from) => store.read('entries', { from, limit: 1 })))).flat();
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

/** Without them a reader could not tell whose passkeys they are (spec/vote.md). */
async function registrationsOf(rows: readonly EntryRow[], store: Store): Promise<readonly EntryRow[]> {
  const passkeys = new Set<PasskeyId>();
  for (const { kind, leaf } of rows) {
    const decoded = kind === 'vote' || kind === 'break_glass' ? decodeLeaf(leaf) : undefined;
    // The gateway's own leaf names the gateway's own id.
    if (decoded?.ok !== true) continue;
    if (decoded.leaf.kind === 'break_glass') passkeys.add(decoded.leaf.passkey as PasskeyId);
    if (decoded.leaf.kind === 'vote' && decoded.leaf.vote.passkey !== null)
      passkeys.add(decoded.leaf.vote.passkey as PasskeyId);
  }
  const registrations: EntryRow[] = [];
  for (const id of passkeys) {
    const known = await store.read('passkey', { id });
    if (known === null) throw new LedgerError('log.inconsistent', `the store doesn't know the passkey ${id}`);
    registrations.push(...(await store.read('entries', { from: known.registration, limit: 1 })));
  }
  return registrations;
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
