import { encodeUtf8, equalBytes, toHex } from './bytes.ts';
import { MAX_ENTRY_BYTES } from './bundle.ts';
import { openCheckpoint } from './checkpoint.ts';
import type { Checkpoint, CheckpointRefusal } from './checkpoint.ts';
import { leafInput, nodeInput } from './hash.ts';
import type { Hash } from './hash.ts';
import { decodeLeaf } from './leaf.ts';
import { parseVkey } from './note.ts';
import type { VerifySignature } from './note.ts';
import { Rules } from './rules.ts';
import type { RuleCode } from './rules.ts';
import type { Silence } from './heartbeats.ts';

export interface LogEntry {
  readonly index: number;
  readonly leaf: string;
}

export interface LogToVerify {
  /** Every entry, from index 0, in order. Read once. */
  readonly entries: AsyncIterable<LogEntry> | Iterable<LogEntry>;
  /** The log's newest checkpoint: a signed note. */
  readonly checkpoint: string;
  /** Checkpoints of the same log that somebody kept out of its reach. With them, a replaced or shortened log shows. */
  readonly earlier: readonly string[];
  /** The log's verifier key, had from elsewhere than the log. */
  readonly trustedKey: string;
  readonly hash: Hash;
  readonly verify: VerifySignature;
}

/** Closed. */
export type LogFindingCode =
  | RuleCode
  | CheckpointRefusal
  | 'key.malformed'
  /** Not the next index: an entry is missing, repeated or out of order. Nothing after it is read. */
  | 'entry.gap'
  | 'entry.too_large'
  | 'entry.malformed'
  /** Fewer entries than the checkpoint commits to. */
  | 'log.truncated'
  /** The entries are not those that the checkpoint commits to: edited, deleted, inserted or reordered. */
  | 'log.root_mismatch'
  /** The newest checkpoint is smaller than one that was kept. */
  | 'log.shrunk'
  /** A kept checkpoint commits to other entries than the log has: it was forked or replaced. */
  | 'log.forked';

export interface LogFinding {
  readonly code: LogFindingCode;
  /** The entry; null where it is about the log or a checkpoint. */
  readonly index: number | null;
  readonly detail: string;
}

/** What entries and checkpoint can't show, whatever they hold. */
export interface Unproved {
  readonly code: 'rollback' | 'replacement' | 'authenticity' | 'before';
  readonly detail: string;
}

export interface LogReport {
  readonly ok: boolean;
  /** Entries read. */
  readonly size: number;
  /** Entries that the checkpoint commits to; 0 where it was refused. */
  readonly covered: number;
  /** Entries beyond the checkpoint: not yet covered, so nothing proves them. */
  readonly notCovered: number;
  /** The root over the covered entries, 64 hexadecimal digits; null where it was not reached. */
  readonly root: string | null;
  /** Intents without an outcome: they run, or the gateway has not recovered yet. */
  readonly openIntents: number;
  /** Uses of break-glass that another person has not reviewed. */
  readonly unreviewedBreakGlass: number;
  /** Times without a heartbeat, the first hundred: a gateway was down, or held, and nothing was recorded. */
  readonly silences: readonly Silence[];
  /** The first thousand. */
  readonly findings: readonly LogFinding[];
  readonly findingsOmitted: number;
  readonly unproved: readonly Unproved[];
}

const MAX_FINDINGS = 1_000;
/** Entries whose leaf hashes are computed at once, so that an asynchronous hash can work on several. */
const BATCH_ENTRIES = 256;

class Findings {
  readonly list: LogFinding[] = [];
  omitted = 0;

  add(code: LogFindingCode, index: number | null, detail = ''): void {
    if (this.list.length < MAX_FINDINGS) this.list.push({ code, index, detail });
    else this.omitted++;
  }
}

/** A frontier (see frontier.ts) over a hash that may be asynchronous. */
class TreeHasher {
  readonly #hash: Hash;
  readonly #roots: Uint8Array[] = [];
  size = 0;

  constructor(hash: Hash) {
    this.#hash = hash;
  }

  async append(leafHash: Uint8Array): Promise<void> {
    let node = leafHash;
    for (let rest = this.size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
      const left = this.#roots.pop();
      if (left !== undefined) node = await this.#hash(nodeInput(left, node));
    }
    this.#roots.push(node);
    this.size++;
  }

  async root(): Promise<Uint8Array> {
    const [last, ...lefts] = this.#roots.toReversed();
    let root = last ?? (await this.#hash(new Uint8Array()));
    for (const left of lefts) root = await this.#hash(nodeInput(left, root));
    return root;
  }
}

/** Recomputes the tree and compares it wherever a checkpoint tells what it must be. */
class Auditor {
  readonly #findings: Findings;
  readonly #tree: TreeHasher;
  readonly #hash: Hash;
  readonly #newest: Checkpoint | undefined;
  readonly #checkpoints: readonly Checkpoint[];
  root: string | null = null;

  constructor(
    hash: Hash,
    findings: Findings,
    newest: Checkpoint | undefined,
    earlier: readonly Checkpoint[],
  ) {
    this.#hash = hash;
    this.#findings = findings;
    this.#tree = new TreeHasher(hash);
    this.#newest = newest;
    this.#checkpoints = newest === undefined ? earlier : [newest, ...earlier];
  }

  get size(): number {
    return this.#tree.size;
  }

  async append(entries: readonly Uint8Array[]): Promise<void> {
    const hashes = await Promise.all(entries.map(async (entry) => this.#hash(leafInput(entry))));
    for (const leafHash of hashes) {
      await this.#tree.append(leafHash);
      await this.compare();
    }
  }

  /** Call once before the first entry, for checkpoints of the empty log. */
  async compare(): Promise<void> {
    const due = this.#checkpoints.filter((checkpoint) => checkpoint.size === this.size);
    if (due.length === 0) return;
    const root = await this.#tree.root();
    for (const checkpoint of due) {
      const isNewest = checkpoint === this.#newest;
      if (isNewest) this.root = toHex(root);
      if (equalBytes(checkpoint.root, root)) continue;
      this.#findings.add(
        isNewest ? 'log.root_mismatch' : 'log.forked',
        null,
        `The first ${checkpoint.size} entries are not those of the checkpoint.`,
      );
    }
  }
}

async function openAll(
  log: LogToVerify,
  findings: Findings,
): Promise<{ newest?: Checkpoint; earlier: Checkpoint[] }> {
  const key = await parseVkey(log.trustedKey, log.hash);
  if (key === undefined) {
    findings.add('key.malformed', null, 'The trusted key is not an Ed25519 verifier key.');
    return { earlier: [] };
  }
  const open = async (note: string, which: string): Promise<Checkpoint | undefined> => {
    const opened = await openCheckpoint(note, key, log.verify);
    if (opened.ok) return opened.checkpoint;
    findings.add(opened.code, null, `The ${which} checkpoint was refused.`);
    return undefined;
  };
  const newest = await open(log.checkpoint, 'newest');
  const kept = await Promise.all(log.earlier.map((note) => open(note, 'kept')));
  const earlier = kept.filter((checkpoint) => checkpoint !== undefined);
  return newest === undefined ? { earlier } : { newest, earlier };
}

function readEntry(entry: LogEntry, rules: Rules, findings: Findings): Uint8Array {
  const bytes = encodeUtf8(entry.leaf);
  if (bytes.length > MAX_ENTRY_BYTES) findings.add('entry.too_large', entry.index);
  const decoded = decodeLeaf(entry.leaf);
  if (decoded.ok) rules.observe(entry.index, decoded.leaf);
  else findings.add('entry.malformed', entry.index, decoded.detail);
  return bytes;
}

async function readAll(log: LogToVerify, auditor: Auditor, rules: Rules, findings: Findings): Promise<void> {
  let batch: Uint8Array[] = [];
  await auditor.compare();
  for await (const entry of log.entries) {
    const expected = auditor.size + batch.length;
    if (entry.index !== expected) {
      findings.add('entry.gap', entry.index, `Entry ${expected} was expected.`);
      break;
    }
    batch.push(readEntry(entry, rules, findings));
    if (batch.length < BATCH_ENTRIES) continue;
    await auditor.append(batch);
    batch = [];
  }
  await auditor.append(batch);
}

const ROLLBACK: Unproved = {
  code: 'rollback',
  detail:
    'That no newer entries were cut off together with their checkpoint. A checkpoint that was kept elsewhere, or a witness, would show it.',
};
const REPLACEMENT: Unproved = {
  code: 'replacement',
  detail:
    'That whoever holds the log’s key did not write another log in place of this one, or show others another one. A checkpoint that was kept elsewhere, or a witness, would show it.',
};

function compareSizes(
  newest: Checkpoint,
  earlier: readonly Checkpoint[],
  size: number,
  findings: Findings,
): void {
  if (size < newest.size) {
    findings.add(
      'log.truncated',
      size,
      `The checkpoint commits to ${newest.size} entries; there are ${size}.`,
    );
  }
  for (const kept of earlier) {
    if (kept.size <= newest.size) continue;
    findings.add(
      'log.shrunk',
      null,
      `A kept checkpoint commits to ${kept.size} entries, the newest to ${newest.size}.`,
    );
  }
}

/**
 * Verifies a whole log: that its entries are those which the checkpoint commits to, dense and well-formed, and that
 * they follow the rules. Streams; memory is bounded but for what is open (see `Rules`). Rejects only where `entries`
 * does.
 */
export async function verifyLog(log: LogToVerify): Promise<LogReport> {
  const findings = new Findings();
  const { newest, earlier } = await openAll(log, findings);
  const rules = new Rules(({ code, index, action }) => findings.add(code, index, action ?? ''));
  const auditor = new Auditor(log.hash, findings, newest, earlier);
  await readAll(log, auditor, rules, findings);
  const { size, root } = auditor;
  if (newest !== undefined) compareSizes(newest, earlier, size, findings);
  const covered = newest?.size ?? 0;
  return {
    ok: findings.list.length === 0,
    size,
    covered,
    notCovered: Math.max(0, size - covered),
    root,
    openIntents: rules.openIntents,
    unreviewedBreakGlass: rules.unreviewedBreakGlass,
    silences: rules.silences,
    findings: findings.list,
    findingsOmitted: findings.omitted,
    unproved: earlier.length === 0 ? [ROLLBACK, REPLACEMENT] : [ROLLBACK],
  };
}
