import { encodeUtf8, equalBytes, toHex } from './bytes.ts';
import { decodeBundle, MAX_ENTRY_BYTES } from './bundle.ts';
import { openingOf } from './canary-rules.ts';
import { openCheckpoint, parseCheckpoint } from './checkpoint.ts';
import type { Checkpoint } from './checkpoint.ts';
import { chainIn } from './folder-keys.ts';
import { FolderTiles } from './folder-tiles.ts';
import type { ReadFile, TileFindingCode } from './folder-tiles.ts';
import { orFullTiles } from './full-tiles.ts';
import { KeyChain } from './handover.ts';
import { leafInput } from './hash.ts';
import type { Hash } from './hash.ts';
import { decodeLeaf } from './leaf.ts';
import type { CanaryLeaf, KeyLeaf } from './leaf.ts';
import { decodeManifest, fits } from './manifest.ts';
import type { ExportQuery, Manifest } from './manifest.ts';
import { parseNote, parseVkey } from './note.ts';
import type { VerifierKey, VerifySignature } from './note.ts';
import { Rules } from './rules.ts';
import type { RuleCode } from './rules.ts';
import { TILE_WIDTH, hashAt, tilePath } from './tile.ts';
import { openUnderPolicy, parsePolicy } from './trust-policy.ts';
import type { Unproved } from './verify-log.ts';
import { AUTHENTICITY, BEFORE, REPLACEMENT, ROLLBACK } from './folder-report.ts';
import type { FolderFinding, FolderFindingCode, FolderReport, Undecided } from './folder-report.ts';

export interface FolderToVerify {
  readonly read: ReadFile;
  /** The log's verifier key, had from elsewhere than the folder; null: the folder's own, which proves consistency only. */
  readonly trustedKey: string | null;
  /** A C2SP tlog-policy, had from elsewhere; null: no witnesses are asked for. */
  readonly policy: string | null;
  /** Checkpoints of the same log that somebody kept. */
  readonly earlier: readonly string[];
  readonly hash: Hash;
  readonly verify: VerifySignature;
}

const MAX_FINDINGS = 1_000;

/** Rules that speak of something that must have been before. Where the folder begins later, it may have been. */
const RESTS_ON_EARLIER: ReadonlySet<RuleCode> = new Set<RuleCode>([
  'review.not_open',
  'vote.review_not_open',
  'vote.unfounded',
  'vote.passkey_unfounded',
  'passkey.unfounded',
  'clarification.unfounded',
  'grant.unfounded',
  'grant.missing',
  'standing.unfounded',
  'standing.not_live',
  'outcome.without_intent',
  'heartbeat.unfounded',
  'canary.not_over',
]);
/** Follow from a passkey that was registered earlier: the votes that it signed count as unsigned. */
const RESTS_ON_PASSKEYS: ReadonlySet<RuleCode> = new Set<RuleCode>([
  'review.not_approved',
  'standing.not_approved',
]);

class Limited<T> {
  readonly list: T[] = [];
  omitted = 0;

  add(value: T): void {
    if (this.list.length < MAX_FINDINGS) this.list.push(value);
    else this.omitted++;
  }
}

/** What is known of the folder before its entries are read. */
interface Frame {
  readonly key: VerifierKey;
  /** The trusted key, or the folder's own. */
  readonly vkey: string;
  /** Of the keys that the trusted one handed over to, as far as the entries were read. */
  readonly chain: KeyChain;
  readonly note: string;
  readonly checkpoint: Checkpoint;
  readonly manifest: Manifest | null;
  readonly from: number;
  readonly until: number;
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

class FolderVerifier {
  readonly #folder: FolderToVerify;
  readonly #findings = new Limited<FolderFinding>();
  readonly #undecided = new Limited<Undecided>();
  readonly #kinds = new Map<string, number>();
  #fitting = 0;
  #from = 0;
  #missing = 0;
  #lacksPasskeys = false;
  #cosigned: FolderReport['cosigned'] = [];
  #rules = new Rules(({ code, index, action }) => this.#judge(code, index, action));

  constructor(folder: FolderToVerify) {
    this.#folder = folder;
  }

  async run(): Promise<FolderReport> {
    const frame = await this.#open();
    if (frame === undefined) return this.#report(null, null, []);
    const { checkpoint, from, until } = frame;
    this.#from = from;
    const { read, hash } = this.#folder;
    const report = (code: TileFindingCode, index: number, detail: string): boolean => {
      this.#find(code, index, detail);
      return !this.#isHopeless;
    };
    const tiles = new FolderTiles({ size: checkpoint.size, read, hash, report });
    await tiles.check(from, until);
    const root = await tiles.rootAt(checkpoint.size);
    if (root !== null && root !== toHex(checkpoint.root))
      this.#find('log.root_mismatch', null, 'The tiles are not those of the checkpoint.');
    await this.#readEntries(frame, tiles);
    await this.#confirmKey(frame);
    if (frame.manifest !== null) this.#compareManifest(frame.manifest, frame);
    return this.#report(frame, root, await this.#compareEarlier(frame, tiles));
  }

  #find(code: FolderFindingCode, index: number | null, detail = ''): void {
    if (code === 'file.missing') this.#missing++;
    this.#findings.add({ code, index, detail });
  }

  /** So much is missing that the rest need not be looked for: a checkpoint may claim any size. */
  get #isHopeless(): boolean {
    return this.#missing > MAX_FINDINGS;
  }

  #judge(code: RuleCode, index: number, action: string | null): void {
    const mayBeEarlier = RESTS_ON_EARLIER.has(code) || (this.#lacksPasskeys && RESTS_ON_PASSKEYS.has(code));
    if (this.#from === 0 || !mayBeEarlier) return this.#find(code, index, action ?? '');
    if (code === 'vote.passkey_unfounded') this.#lacksPasskeys = true;
    this.#undecided.add({ code, index });
  }

  async #text(path: string): Promise<string | undefined> {
    const bytes = await this.#folder.read(path);
    return bytes === undefined ? undefined : utf8.decode(bytes);
  }

  async #open(): Promise<Frame | undefined> {
    const note = await this.#text('checkpoint');
    const own = (await this.#text('vkey'))?.trim();
    const { trustedKey, hash, verify } = this.#folder;
    if (note === undefined) return void this.#find('file.missing', null, 'checkpoint');
    const vkey = trustedKey ?? own;
    if (vkey === undefined) return void this.#find('file.missing', null, 'vkey');
    const key = await parseVkey(vkey, hash);
    if (key === undefined) return void this.#find('key.malformed', null, 'No Ed25519 verifier key.');
    const text = await this.#text('manifest.json');
    const manifest = text === undefined ? null : decodeManifest(text);
    const size = parseCheckpoint(parseNote(note)?.text ?? '')?.size ?? 0;
    const range = { from: manifest?.from ?? 0, until: manifest?.until ?? size };
    const trusted = { key, vkey };
    let opened = await openCheckpoint(note, key, verify);
    let newest = vkey;
    if (!opened.ok && opened.code === 'note.unknown_signer') {
      const chain = await chainIn({ read: this.#folder.read, size, ...range }, trusted, { hash, verify });
      ({ newest } = chain);
      opened = await openCheckpoint(note, chain.keyAt(size), verify);
    }
    if (own !== undefined && own !== vkey && own !== newest)
      this.#find('key.other', null, 'The folder names another key than the one you trust.');
    if (!opened.ok) return void this.#find(opened.code, null, 'The checkpoint was refused.');
    await this.#checkPolicy(note);
    const { checkpoint } = opened;
    if (manifest === undefined) return void this.#find('manifest.malformed', null);
    const isWhole = (at: number): boolean => at % TILE_WIDTH === 0 || at === size;
    if (range.from % TILE_WIDTH !== 0 || !isWhole(range.until) || range.until > size)
      return void this.#find('manifest.mismatch', null, 'No such entries are under the checkpoint.');
    const chain = new KeyChain(vkey, key, { hash, verify });
    return { ...trusted, chain, note, checkpoint, manifest, ...range };
  }

  /** Whoever handed the key over signs no more: the checkpoint is by the key of its size. */
  async #confirmKey({ chain, checkpoint, note }: Frame): Promise<void> {
    const opened = await openCheckpoint(note, chain.keyAt(checkpoint.size), this.#folder.verify);
    if (!opened.ok) this.#find(opened.code, null, 'The checkpoint is not by the key of its time.');
  }

  async #checkPolicy(note: string): Promise<void> {
    const { policy, hash, verify } = this.#folder;
    if (policy === null) return;
    const parsed = await parsePolicy(policy, hash);
    if (!parsed.ok) return this.#find('policy.malformed', null, `Line ${parsed.line}: ${parsed.detail}.`);
    const opened = await openUnderPolicy(note, parsed.policy, verify);
    if (!opened.ok) return this.#find(opened.code, null, 'The policy does not accept the checkpoint.');
    this.#cosigned = opened.cosignatures.map(({ key, timestampSeconds }) => ({
      witness: key.name,
      timestampSeconds,
    }));
  }

  async #readEntries(frame: Frame, tiles: FolderTiles): Promise<void> {
    const { from, until, checkpoint } = frame;
    for (let start = from; start < until && !this.#isHopeless; start += TILE_WIDTH) {
      const width = Math.min(TILE_WIDTH, checkpoint.size - start);
      const path = tilePath('entries', start / TILE_WIDTH, width);
      const bytes = await this.#folder.read(path);
      const entries = bytes === undefined ? undefined : decodeBundle(bytes);
      if (entries === undefined) {
        this.#find(bytes === undefined ? 'file.missing' : 'file.malformed', start, path);
        continue;
      }
      if (entries.length !== width)
        this.#find('bundle.width', start + Math.min(entries.length, width), `${entries.length} for ${width}`);
      const named = await tiles.hashes(0, start / TILE_WIDTH);
      await this.#readBundle(start, entries.slice(0, width), named, frame);
    }
  }

  async #readBundle(
    start: number,
    entries: readonly Uint8Array[],
    named: Uint8Array | undefined,
    { manifest, chain }: Frame,
  ): Promise<void> {
    const hashes = await Promise.all(entries.map(async (entry) => this.#folder.hash(leafInput(entry))));
    for (const [at, entry] of entries.entries()) {
      const index = start + at;
      const leafHash = hashes[at] ?? new Uint8Array();
      if (named !== undefined && !equalBytes(leafHash, hashAt(named, at)))
        this.#find('entry.not_included', index, 'It is not the entry that was signed there.');
      const left = this.#readEntry(index, entry, manifest?.query ?? null);
      if (left?.kind === 'canary') this.#rules.observe(index, left, await openingOf(left, this.#folder.hash));
      if (left?.kind === 'key') this.#rules.observe(index, left);
      if (left?.kind === 'key' && !(await chain.observe(index, left.key))) this.#find('key.unfounded', index);
    }
  }

  /** What has to be hashed or verified first is left to the caller: a canary's nonce, a hand-over's signature. */
  #readEntry(index: number, entry: Uint8Array, query: ExportQuery | null): CanaryLeaf | KeyLeaf | null {
    const text = utf8.decode(entry);
    const decoded = decodeLeaf(text);
    // Bytes that are no UTF-8 decode to another text.
    if (!decoded.ok || entry.length > MAX_ENTRY_BYTES || !equalBytes(encodeUtf8(text), entry)) {
      this.#find('entry.malformed', index, decoded.ok ? 'not UTF-8' : decoded.detail);
      return null;
    }
    const { leaf } = decoded;
    const { kind, at } = leaf;
    this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + 1);
    if (query === null || fits(query, at)) this.#fitting++;
    if (leaf.kind === 'canary' || leaf.kind === 'key') return leaf;
    this.#rules.observe(index, leaf);
    return null;
  }

  #compareManifest(manifest: Manifest, { key, checkpoint }: Frame): void {
    const isOfLog = manifest.origin === key.name && manifest.size === checkpoint.size;
    if (!isOfLog) this.#find('manifest.mismatch', null, 'It is of another log or checkpoint.');
    const counted = [...this.#kinds].sort(([a], [b]) => (a < b ? -1 : 1));
    const told = Object.entries(manifest.kinds).sort(([a], [b]) => (a < b ? -1 : 1));
    if (manifest.fitting !== this.#fitting || String(counted) !== String(told))
      this.#find('manifest.mismatch', null, 'It counts other entries than there are.');
  }

  async #compareEarlier({ chain, checkpoint }: Frame, tiles: FolderTiles): Promise<Unproved[]> {
    let compared = 0;
    for (const note of this.#folder.earlier) {
      const claimed = parseCheckpoint(parseNote(note)?.text ?? '')?.size ?? 0;
      const opened = await openCheckpoint(note, chain.keyAt(claimed), this.#folder.verify);
      if (!opened.ok) this.#find(opened.code, null, 'A kept checkpoint was refused.');
      if (!opened.ok) continue;
      const { size, root } = opened.checkpoint;
      const found = size > checkpoint.size ? null : await tiles.rootAt(size);
      if (size > checkpoint.size)
        this.#find('log.shrunk', null, `A kept checkpoint has ${size} entries, this one ${checkpoint.size}.`);
      else if (found !== null && found !== toHex(root))
        this.#find('log.forked', null, `The first ${size} entries are not those of a kept checkpoint.`);
      if (found !== null) compared++;
    }
    const isShown = compared > 0 || this.#cosigned.length > 0;
    return isShown ? [ROLLBACK] : [ROLLBACK, REPLACEMENT];
  }

  #report(frame: Frame | null, root: string | null, unproved: readonly Unproved[]): FolderReport {
    const { list, omitted } = this.#findings;
    const isTrusted = this.#folder.trustedKey !== null;
    const rest = frame !== null && frame.from > 0 ? [BEFORE] : [];
    return {
      ok: list.length === 0 && isTrusted,
      consistent: list.length === 0,
      origin: frame?.key.name ?? null,
      key: frame?.vkey ?? null,
      size: frame?.checkpoint.size ?? 0,
      root,
      from: frame?.from ?? 0,
      until: frame?.until ?? 0,
      query: frame?.manifest?.query ?? null,
      fitting: this.#fitting,
      kinds: Object.fromEntries([...this.#kinds].sort(([a], [b]) => (a < b ? -1 : 1))),
      cosigned: this.#cosigned,
      openIntents: this.#rules.openIntents,
      unreviewedBreakGlass: this.#rules.unreviewedBreakGlass,
      silences: this.#rules.silences,
      findings: list,
      findingsOmitted: omitted,
      undecided: this.#undecided.list,
      undecidedOmitted: this.#undecided.omitted,
      unproved: [...(isTrusted ? [] : [AUTHENTICITY]), ...unproved, ...rest],
    };
  }
}

/**
 * Verifies a folder of a log: an export (spec/ledger.md, "Exports"), or the files that a log serves (C2SP tlog-tiles).
 * Every entry is compared with the tree, so that what was changed is told by its index. Wholly offline; one bundle in
 * memory at a time, and what is open (see `Rules`). Rejects only where `read` does.
 */
export async function verifyFolder(folder: FolderToVerify): Promise<FolderReport> {
  return new FolderVerifier({ ...folder, read: orFullTiles(folder.read) }).run();
}
