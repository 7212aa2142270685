import { hash } from 'node:crypto';
import type { Database, Statement } from 'better-sqlite3';
import { makeId, timeOfId } from '../../core/ids.ts';
import type { ActionId } from '../../core/ids.ts';
import { StoreError } from '../store.ts';
import type { EntryRow } from '../store.ts';
import { HEAD_BYTES, INTENT, KINDS, OUTCOME, actionOf, kindOf, leafBytesOf, readHead } from './arena.ts';
import { openAsides, sealAsides } from './asides.ts';
import { findPlainEntries } from './search.ts';
import type { Subjects } from './subjects.ts';
import type { Vault } from './vault.ts';

const HASH_BYTES = 32;
/** An intent that comes later than this after its action's id was made is indexed, so that a search can end. */
const PLAIN_INTENT_MS = 10_000;
/** An outcome that comes more than so many entries after its intent is indexed, for the same reason. */
const PLAIN_OUTCOME_ENTRIES = 65_536;
const ZEROS = new Uint8Array(10);

/** Entries as they lie in an arena, the refused ones taken out. */
export interface Run {
  readonly heads: Buffer;
  readonly leaves: Buffer;
  readonly asides: Buffer;
  readonly count: number;
}

interface BundleRow {
  readonly first_index: number;
  readonly count: number;
  readonly heads: Buffer;
  readonly leaves: Buffer;
  readonly asides: Buffer;
}

/** An intent without an outcome. `isPlain`: found by search, without an index row. */
interface OpenIntent {
  readonly index: number;
  readonly isPlain: boolean;
}

/**
 * The ledger's entries, and which of them need a row in `indexed`. The entries of an allowed action, its intent and
 * its outcome, need none: they lie close behind the time in the action's id. All others are indexed, and so is every
 * entry that follows an indexed one of the same action; thus what is not indexed comes before what is, and each search
 * has an end. An action has at most one intent (law 2).
 */
export class EntryLog {
  #size = 0;
  /** The greatest action id so far. */
  #high = '';
  /** The greatest action id with an index row: beyond it, no look-up is needed. */
  #highIndexed: string;
  readonly #open = new Map<string, OpenIntent>();
  readonly #database: Database;
  readonly #insertBundle: Statement<[number, number, string, Buffer, Buffer, Buffer, Buffer]>;
  readonly #insertIndexed: Statement<[string, number]>;
  readonly #indexedOf: Statement<[string], number>;
  readonly #bundlesFrom: Statement<[number, number], BundleRow>;
  readonly #bundleStart: Statement<[number], number>;
  readonly #hashesFrom: Statement<
    [number, number],
    { readonly first_index: number; readonly hashes: Buffer }
  >;

  readonly #subjects: Subjects;
  readonly #vault: Vault;

  constructor(database: Database, subjects: Subjects, vault: Vault) {
    this.#database = database;
    this.#subjects = subjects;
    this.#vault = vault;
    this.#insertBundle = database.prepare('INSERT INTO bundles VALUES (?, ?, ?, ?, ?, ?, ?)');
    this.#insertIndexed = database.prepare('INSERT INTO indexed VALUES (?, ?)');
    this.#indexedOf = database
      .prepare<[string], number>('SELECT entry FROM indexed WHERE action = ? ORDER BY entry')
      .pluck();
    this.#bundlesFrom = database.prepare(
      'SELECT first_index, count, heads, leaves, asides FROM bundles WHERE first_index >= ? ORDER BY first_index LIMIT ?',
    );
    this.#bundleStart = database
      .prepare<[number], number>(
        'SELECT first_index FROM bundles WHERE first_index <= ? ORDER BY first_index DESC LIMIT 1',
      )
      .pluck();
    this.#hashesFrom = database.prepare(
      'SELECT first_index, hashes FROM bundles WHERE first_index >= ? ORDER BY first_index LIMIT ?',
    );
    this.#highIndexed =
      database.prepare<[], string | null>('SELECT max(action) FROM indexed').pluck().get() ?? '';
    this.#recover();
  }

  get size(): number {
    return this.#size;
  }

  /** Within the flush's transaction. */
  append(run: Run): void {
    const { heads, leaves, count } = run;
    const asides = sealAsides(run, this.#size, this.#subjects, this.#vault);
    const actions: string[] = [];
    for (let ordinal = 0; ordinal < count; ordinal++) {
      const action = actionOf(heads, ordinal);
      actions.push(action);
      if (action > this.#high) this.#high = action;
    }
    this.#insertBundle.run(this.#size, count, this.#high, heads, hashLeaves(run), leaves, asides);
    const lateBefore = boundOf(this.#high, -PLAIN_INTENT_MS);
    actions.forEach((action, ordinal) => {
      if (action !== '') this.#place(action, kindOf(heads, ordinal), this.#size + ordinal, lateBefore);
    });
    this.#size += count;
  }

  /** Decides whether the entry is indexed, and keeps account of the open intents. */
  #place(action: string, kind: number, index: number, lateBefore: string): void {
    let isPlain = false;
    const open = this.#open.get(action);
    if (kind === INTENT && open === undefined) {
      isPlain = action >= lateBefore && !this.#hasIndexed(action);
      this.#open.set(action, { index, isPlain });
    } else if (kind === OUTCOME && open !== undefined) {
      isPlain = open.isPlain && index - open.index <= PLAIN_OUTCOME_ENTRIES && !this.#hasIndexed(action);
      this.#open.delete(action);
    }
    if (isPlain) return;
    this.#insertIndexed.run(action, index);
    if (action > this.#highIndexed) this.#highIndexed = action;
  }

  #hasIndexed(action: string): boolean {
    return action <= this.#highIndexed && this.#indexedOf.get(action) !== undefined;
  }

  openIntents(): { readonly index: number; readonly action: ActionId }[] {
    return [...this.#open].map(([action, { index }]) => ({ index, action: action as ActionId }));
  }

  /** From where a reader of the log has to start in order to find every open intent. */
  get lowestOpen(): number {
    const first = this.#open.values().next();
    return first.done === true ? this.#size : first.value.index;
  }

  entries(from: number, limit: number): EntryRow[] {
    const rows: EntryRow[] = [];
    const end = Math.min(from + limit, this.#size);
    let index = Math.max(0, from);
    while (index < end) {
      const bundle = this.#bundleAt(index);
      const ordinal = index - bundle.first_index;
      const to = Math.min(bundle.count, ordinal + end - index);
      rows.push(...decode(bundle, openAsides(bundle, bundle.first_index, this.#vault), ordinal, to));
      index = bundle.first_index + bundle.count;
    }
    return rows;
  }

  entriesOfAction(action: string): EntryRow[] {
    const indexed = this.#indexedOf.all(action);
    const open = this.#open.get(action);
    const plain =
      open === undefined
        ? findPlainEntries(this.#database, action, {
            end: indexed[0] ?? this.#size,
            highest: boundOf(action, PLAIN_INTENT_MS),
            outcomeWithin: PLAIN_OUTCOME_ENTRIES,
          })
        : open.isPlain
          ? [open.index]
          : [];
    return [...plain, ...indexed].flatMap((index) => this.entries(index, 1));
  }

  leafHashes(from: number, limit: number): Uint8Array {
    const end = Math.max(from, Math.min(from + limit, this.#size));
    const hashes = new Uint8Array((end - from) * HASH_BYTES);
    let index = from;
    while (index < end) {
      for (const row of this.#hashesFrom.all(this.#bundleStart.get(index) ?? 0, 64)) {
        const last = Math.min(end, row.first_index + row.hashes.length / HASH_BYTES);
        const start = index - row.first_index;
        if (last <= index) break;
        hashes.set(
          row.hashes.subarray(start * HASH_BYTES, (last - row.first_index) * HASH_BYTES),
          (index - from) * HASH_BYTES,
        );
        index = last;
      }
    }
    return hashes;
  }

  #bundleAt(index: number): BundleRow {
    const [row] = this.#bundlesFrom.all(this.#bundleStart.get(index) ?? 0, 1);
    const isThere = row !== undefined && row.first_index <= index && index < row.first_index + row.count;
    if (!isThere) throw new StoreError('store.corrupt', `entry ${index} is missing`);
    if (row.heads.length !== row.count * HEAD_BYTES)
      throw new StoreError('store.corrupt', `entry ${index} is cut off`);
    return row;
  }

  /** What normal operation keeps in memory is made again from the end of the log. */
  #recover(): void {
    const last = this.#database
      .prepare<[], { first_index: number; count: number; high_action: string; hashes: Buffer }>(
        'SELECT first_index, count, high_action, hashes FROM bundles ORDER BY first_index DESC LIMIT 1',
      )
      .get();
    if (last === undefined) return;
    this.#size = last.first_index + last.count;
    this.#high = last.high_action;
    if (!hashLeaves(this.#bundleAt(last.first_index)).equals(last.hashes)) {
      throw new StoreError('store.corrupt', 'the last entries do not match their hashes');
    }
    const from = this.#database.prepare<[], number>('SELECT recover_from FROM recovery').pluck().get() ?? 0;
    const start = this.#bundleStart.get(from) ?? 0;
    for (let index = start; index < this.#size;) {
      const bundle = this.#bundleAt(index);
      this.#replay(bundle);
      index = bundle.first_index + bundle.count;
    }
  }

  #replay({ first_index: first, count, heads }: BundleRow): void {
    for (let ordinal = 0; ordinal < count; ordinal++) {
      const action = actionOf(heads, ordinal);
      const kind = kindOf(heads, ordinal);
      if (kind === OUTCOME) this.#open.delete(action);
      if (kind !== INTENT || this.#open.has(action)) continue;
      const index = first + ordinal;
      this.#open.set(action, { index, isPlain: !this.#indexedOf.all(action).includes(index) });
    }
  }
}

/** RFC 6962 §2.1: each leaf lies behind its 0x00, so one call hashes it where it lies. */
function hashLeaves(run: Pick<Run, 'heads' | 'leaves' | 'count'>): Buffer {
  const hashes = Buffer.allocUnsafe(run.count * HASH_BYTES);
  let at = 0;
  for (let ordinal = 0; ordinal < run.count; ordinal++) {
    const end = at + 1 + leafBytesOf(run.heads, ordinal);
    // As text, because a buffer for each hash costs as much again as the hash.
    const digest = hash('sha256', run.leaves.subarray(at, end), 'binary');
    hashes.write(digest, ordinal * HASH_BYTES, HASH_BYTES, 'latin1');
    at = end;
  }
  return hashes;
}

/** The least id of the time of `action` plus `ms`. */
function boundOf(action: string, ms: number): string {
  return action === '' ? '' : makeId('act', Math.max(0, timeOfId(action) + ms), ZEROS);
}

/** The entries of the ordinals `from` up to `end`. */
function decode(
  bundle: BundleRow,
  asides: readonly (string | null)[],
  from: number,
  end: number,
): EntryRow[] {
  const rows: EntryRow[] = [];
  let leafAt = 0;
  for (let ordinal = 0; ordinal < end; ordinal++) {
    const head = readHead(bundle.heads, ordinal);
    const leafEnd = leafAt + 1 + head.leafBytes;
    if (ordinal >= from) {
      const action = actionOf(bundle.heads, ordinal);
      rows.push({
        index: bundle.first_index + ordinal,
        kind: KINDS[head.kind] ?? 'notice',
        action: action === '' ? null : (action as ActionId),
        atMs: head.atMs,
        leaf: bundle.leaves.toString('utf8', leafAt + 1, leafEnd),
        aside: asides[ordinal] ?? null,
      });
    }
    leafAt = leafEnd;
  }
  return rows;
}
