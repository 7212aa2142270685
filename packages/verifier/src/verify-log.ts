import { encodeUtf8, equalBytes, toHex } from './bytes.ts';
import { MAX_ENTRY_BYTES } from './bundle.ts';
import { openingOf } from './canary-rules.ts';
import { openCheckpoint, parseCheckpoint } from './checkpoint.ts';
import { KeyChain } from './handover.ts';
import type { Handover } from './handover.ts';
import type { Checkpoint, CheckpointRefusal } from './checkpoint.ts';
import { leafInput, nodeInput } from './hash.ts';
import type { Hash } from './hash.ts';
import { decodeLeaf } from './leaf.ts';
import type { CanaryLeaf } from './leaf.ts';
import { parseNote, parseVkey } from './note.ts';
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
  /** The log's verifier key, had from elsewhere than the log: the one of now, or one that it was handed over from. */
  readonly trustedKey: string;
  readonly hash: Hash;
  readonly verify: VerifySignature;
}

/** Closed. */
export type LogFindingCode =
  | RuleCode
  | CheckpointRefusal
  | 'key.malformed'
  /** A hand-over of the log's key that is not by the key before it. */
  | 'key.unfounded'
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
  readonly #claims: readonly Claim[];
  root: string | null = null;

  constructor(hash: Hash, findings: Findings, claims: readonly Claim[]) {
    this.#hash = hash;
    this.#findings = findings;
    this.#tree = new TreeHasher(hash);
    this.#claims = claims;
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
    const due = this.#claims.filter(({ checkpoint }) => checkpoint.size === this.size);
    if (due.length === 0) return;
    const root = await this.#tree.root();
    for (const claim of due) {
      if (claim.isNewest) this.root = toHex(root);
      claim.isContradicted = !equalBytes(claim.checkpoint.root, root);
      if (claim.isOpened && claim.isContradicted) reportContradicted(claim, this.#findings);
    }
  }
}

/** A checkpoint that was handed in. */
interface Claim {
  readonly checkpoint: Checkpoint;
  readonly note: string;
  readonly isNewest: boolean;
  /** Whether the trusted key signed it. Otherwise it may be by a key that the log's entries hand over to. */
  readonly isOpened: boolean;
  /** The entries are not those that it commits to. */
  isContradicted: boolean;
}

function reportContradicted({ isNewest, checkpoint }: Claim, findings: Findings): void {
  const code = isNewest ? 'log.root_mismatch' : 'log.forked';
  findings.add(code, null, `The first ${checkpoint.size} entries are not those of the checkpoint.`);
}

/** What the checkpoint says, before anything vouches for it. */
function claimOf(note: string, origin: string): Checkpoint | undefined {
  const checkpoint = parseCheckpoint(parseNote(note)?.text ?? '');
  return checkpoint?.origin === origin ? checkpoint : undefined;
}

const whichOf = (isNewest: boolean): string => `The ${isNewest ? 'newest' : 'kept'} checkpoint was refused.`;

async function openAll(
  log: LogToVerify,
  findings: Findings,
): Promise<{ readonly claims: Claim[]; readonly chain: KeyChain | null }> {
  const key = await parseVkey(log.trustedKey, log.hash);
  if (key === undefined) {
    findings.add('key.malformed', null, 'The trusted key is not an Ed25519 verifier key.');
    return { claims: [], chain: null };
  }
  const open = async (note: string, isNewest: boolean): Promise<Claim | undefined> => {
    const opened = await openCheckpoint(note, key, log.verify);
    const claimed = opened.ok ? opened.checkpoint : claimOf(note, key.name);
    const mayBeLater = opened.ok || opened.code === 'note.unknown_signer';
    if (mayBeLater && claimed !== undefined)
      return { checkpoint: claimed, note, isNewest, isOpened: opened.ok, isContradicted: false };
    findings.add(opened.ok ? 'checkpoint.malformed' : opened.code, null, whichOf(isNewest));
    return undefined;
  };
  const claims = await Promise.all([
    open(log.checkpoint, true),
    ...log.earlier.map((note) => open(note, false)),
  ]);
  return {
    claims: claims.filter((claim) => claim !== undefined),
    chain: new KeyChain(log.trustedKey, key, { hash: log.hash, verify: log.verify }),
  };
}

/** Once all hand-overs are known: those checkpoints that are by the key of their time. */
async function confirmed(
  claims: readonly Claim[],
  chain: KeyChain,
  log: LogToVerify,
  findings: Findings,
): Promise<Claim[]> {
  const sound: Claim[] = [];
  for (const claim of claims) {
    const { checkpoint, note, isNewest, isOpened, isContradicted } = claim;
    const opened = await openCheckpoint(note, chain.keyAt(checkpoint.size), log.verify);
    if (opened.ok) sound.push(claim);
    else findings.add(opened.code, null, whichOf(isNewest));
    if (opened.ok && !isOpened && isContradicted) reportContradicted(claim, findings);
  }
  return sound;
}

interface ReadEntry {
  readonly bytes: Uint8Array;
  readonly handover: Handover | null;
  /** A canary, whose nonce has to be hashed before the rules see it. */
  readonly canary: CanaryLeaf | null;
}

function readEntry(entry: LogEntry, rules: Rules, findings: Findings): ReadEntry {
  const bytes = encodeUtf8(entry.leaf);
  if (bytes.length > MAX_ENTRY_BYTES) findings.add('entry.too_large', entry.index);
  const decoded = decodeLeaf(entry.leaf);
  if (!decoded.ok) {
    findings.add('entry.malformed', entry.index, decoded.detail);
    return { bytes, handover: null, canary: null };
  }
  const { leaf } = decoded;
  if (leaf.kind === 'canary') return { bytes, handover: null, canary: leaf };
  rules.observe(entry.index, leaf);
  return { bytes, handover: leaf.kind === 'key' ? leaf.key : null, canary: null };
}

interface Reading {
  readonly auditor: Auditor;
  readonly rules: Rules;
  readonly chain: KeyChain | null;
}

async function readAll(
  log: LogToVerify,
  { auditor, rules, chain }: Reading,
  findings: Findings,
): Promise<void> {
  let batch: Uint8Array[] = [];
  await auditor.compare();
  for await (const entry of log.entries) {
    const expected = auditor.size + batch.length;
    if (entry.index !== expected) {
      findings.add('entry.gap', entry.index, `Entry ${expected} was expected.`);
      break;
    }
    const { bytes, handover, canary } = readEntry(entry, rules, findings);
    if (canary !== null) rules.observe(entry.index, canary, await openingOf(canary, log.hash));
    if (handover !== null && (await chain?.observe(entry.index, handover)) === false)
      findings.add('key.unfounded', entry.index);
    batch.push(bytes);
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
  const { claims, chain } = await openAll(log, findings);
  const rules = new Rules(({ code, index, action }) => findings.add(code, index, action ?? ''));
  const auditor = new Auditor(log.hash, findings, claims);
  await readAll(log, { auditor, rules, chain }, findings);
  const sound = chain === null ? [] : await confirmed(claims, chain, log, findings);
  const newest = sound.find(({ isNewest }) => isNewest)?.checkpoint;
  const earlier = sound.filter(({ isNewest }) => !isNewest).map(({ checkpoint }) => checkpoint);
  const { size, root } = auditor;
  if (newest !== undefined) compareSizes(newest, earlier, size, findings);
  const covered = newest?.size ?? 0;
  return {
    ok: findings.list.length === 0,
    size,
    covered,
    notCovered: Math.max(0, size - covered),
    root: newest === undefined ? null : root,
    openIntents: rules.openIntents,
    unreviewedBreakGlass: rules.unreviewedBreakGlass,
    silences: rules.silences,
    findings: findings.list,
    findingsOmitted: findings.omitted,
    unproved: earlier.length === 0 ? [ROLLBACK, REPLACEMENT] : [ROLLBACK],
  };
}
