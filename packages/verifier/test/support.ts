import {
  createHash,
  createPrivateKey,
  createPublicKey,
  sign as signBytes,
  verify as verifyBytes,
} from 'node:crypto';
import {
  canonicalize,
  emptyEdge,
  encodeProof,
  encodeReceipt,
  encodeVkey,
  formatCheckpoint,
  frontierOf,
  growTiles,
  inclusionProof,
  keyIdOf,
  leafInput,
  rootOf,
  signNote,
  tileSubtrees,
} from '../src/index.ts';
import type { JsonValue, NoteSigner, ReadTile, SignatureType, Tile, VerifySignature } from '../src/index.ts';

export const sha256 = (data: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(data).digest());

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const PKCS8_HEAD = '302e020100300506032b657004220420';
const SPKI_HEAD = '302a300506032b6570032100';

export const verify: VerifySignature = (publicKey, message, signature) => {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const der = Buffer.concat([Buffer.from(SPKI_HEAD, 'hex'), publicKey]);
  return verifyBytes(null, message, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature);
};

export interface TestKey {
  readonly vkey: string;
  readonly signer: NoteSigner;
}

/** A key from a seed of 32 bytes, so that signatures are the same in every run (RFC 8032 is deterministic). */
export async function testKey(
  name: string,
  seed: Uint8Array,
  type: SignatureType = 'ed25519',
): Promise<TestKey> {
  const der = Buffer.concat([Buffer.from(PKCS8_HEAD, 'hex'), seed]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  const publicKey = new Uint8Array(spki.subarray(-32));
  const id = await keyIdOf(name, publicKey, sha256, type);
  const sign = (message: Uint8Array): Uint8Array => new Uint8Array(signBytes(null, message, privateKey));
  return { vkey: encodeVkey({ name, id, publicKey }, type), signer: { name, id, sign } };
}

export const ORIGIN = 'sallyport.example/ledger';
export const logKey = await testKey(ORIGIN, new Uint8Array(32).fill(7));

export interface TestEntry {
  readonly leaf: string;
  readonly aside: string | null;
}

export interface TestLog {
  readonly entries: readonly TestEntry[];
  readonly checkpoint: string;
  readonly readTile: ReadTile;
}

export const leafHash = (leaf: string): Uint8Array => sha256(leafInput(utf8(leaf)));

/** Tiles as a store holds them: each at its widest. */
export class TileStore {
  readonly #tiles = new Map<string, Uint8Array>();

  publish(tiles: readonly Tile[]): void {
    for (const { level, index, hashes } of tiles) this.#tiles.set(`${level}/${index}`, hashes);
  }

  readonly read: ReadTile = (level, index, width) => {
    const hashes = this.#tiles.get(`${level}/${index}`);
    if (hashes === undefined) throw new Error(`tile ${level}/${index} is missing`);
    return hashes.subarray(0, width * 32);
  };
}

export function makeLog(entries: readonly TestEntry[], key: TestKey = logKey): TestLog {
  const store = new TileStore();
  const leafHashes = Buffer.concat(entries.map((entry) => leafHash(entry.leaf)));
  const { tiles, edge } = growTiles(emptyEdge, leafHashes, sha256);
  store.publish(tiles);
  const root = rootOf(frontierOf(edge, sha256), sha256);
  const text = formatCheckpoint({ origin: key.signer.name, size: entries.length, root, extensions: [] });
  return { entries, checkpoint: signNote(text, [key.signer]), readTile: store.read };
}

export async function makeProof(log: TestLog, index: number): Promise<string> {
  const read = tileSubtrees(log.entries.length, log.readTile, sha256);
  const hashes = await inclusionProof(index, log.entries.length, read, sha256);
  return encodeProof({ index, hashes, checkpoint: log.checkpoint, extra: null });
}

export async function makeReceipt(log: TestLog, action: string, key: TestKey = logKey): Promise<string> {
  const entries = [];
  for (const [index, { leaf, aside }] of log.entries.entries()) {
    if ((JSON.parse(leaf) as { action: string | null }).action !== action) continue;
    entries.push({ index, leaf, aside, proof: await makeProof(log, index) });
  }
  return encodeReceipt({ action, entries, origin: key.signer.name, publicKey: key.vkey });
}

const commitment = (aside: string): string => Buffer.from(sha256(utf8(aside))).toString('base64url');

export const ALLOWED = 'act_01jd00000000000000000000a1';
export const HELD = 'act_01jd00000000000000000000a2';
export const DENIED = 'act_01jd00000000000000000000a3';
export const COMMAND = "SELECT email FROM customers WHERE country = 'CH'";
const REVIEW = 'rev_01jd00000000000000000000b1';
const GRANT = 'gra_01jd00000000000000000000c1';
const REQUESTER = {
  agent: 'reporter',
  onBehalfOf: 'alice',
  session: 'ses_01jd00000000000000000000d1',
  sponsor: 'sam',
};
const TARGET = { environment: 'production', name: 'prod-db', protocol: 'postgres' };
const START_MS = 1_760_000_000_000;

export type Leaf = Record<string, JsonValue>;

export interface Draft {
  readonly leaf: Leaf;
  readonly aside: string | null;
}

function sealAction(command: string): { readonly commitment: string; readonly aside: string } {
  const form = canonicalize({
    agent: REQUESTER.agent,
    command,
    environment: TARGET.environment,
    onBehalfOf: REQUESTER.onBehalfOf,
    parameters: [],
    preconditions: {},
    protocol: TARGET.protocol,
    target: TARGET.name,
    version: 'sallyport/action/v1',
  });
  const aside = canonicalize({ form, salt: 'c2FsdHNhbHRzYWx0c2FsdA' });
  return { commitment: commitment(aside), aside };
}

function attempt(kind: string, action: string, at: number, more: Leaf): Leaf {
  const shared = { operation: 'sql:select', requester: REQUESTER, target: TARGET, usage: [], version: 1 };
  return { action, at, kind, risk: { score: 40, signals: [] }, ...shared, ...more };
}

const heldSeal = sealAction(COMMAND);
const allowedSeal = sealAction('SELECT count(*) FROM orders');
const deniedSeal = sealAction('DROP TABLE orders');
const voteAside = canonicalize({
  salt: 'c2FsdHNhbHRzYWx0c2FsdA',
  text: 'Asked for by support, ticket 4711.',
});

/** The entries of one approved action, as drafts that a test may change. */
export function heldStory(): Draft[] {
  const subject = heldSeal.commitment;
  const demands = [
    { approvers: [{ kind: 'group', name: 'dba' }], expiresInMs: 1_800_000, policy: 'pii', quorum: 1 },
  ];
  const review = { action: HELD, demands, kind: 'review', review: REVIEW, subject, version: 1 };
  const decision = { demands, effect: 'review', policies: ['pii'] };
  const sealed = { commitment: subject, decision, review: REVIEW };
  const vote = { channel: 'cli', kind: 'approve', person: 'dora' };
  const binding = { agent: 'reporter', environment: 'production', subject, target: 'prod-db' };
  const outcome = { bytes: 2_048, code: '', durationMs: 12.5, rows: 64, status: 'succeeded' };
  const at = START_MS + 2_000;
  return [
    { leaf: attempt('decision', HELD, at, sealed), aside: heldSeal.aside },
    { leaf: { ...review, at, revision: 1, status: 'pending' }, aside: null },
    {
      leaf: {
        action: HELD,
        at: at + 10,
        commitment: commitment(voteAside),
        kind: 'vote',
        review: REVIEW,
        subject,
        version: 1,
        vote,
      },
      aside: voteAside,
    },
    { leaf: { ...review, at: at + 10, revision: 2, status: 'approved' }, aside: null },
    {
      leaf: {
        action: HELD,
        at: at + 10,
        binding,
        expiresAt: at + 60_000,
        grant: GRANT,
        kind: 'grant',
        review: REVIEW,
        version: 1,
      },
      aside: null,
    },
    { leaf: attempt('intent', HELD, at + 20, { ...sealed, grant: GRANT }), aside: heldSeal.aside },
    { leaf: { action: HELD, at: at + 40, kind: 'outcome', outcome, version: 1 }, aside: null },
  ];
}

/** A whole log in small: start, an allowed action, an approved one, a denied one. */
export function wholeStory(): Draft[] {
  const allow = { commitment: allowedSeal.commitment, decision: { effect: 'allow', policies: ['reads'] } };
  const deny = {
    commitment: deniedSeal.commitment,
    decision: { code: 'policy.forbidden', effect: 'deny', policies: ['ddl'] },
  };
  const outcome = { bytes: 8, code: '', durationMs: 3, rows: 1, status: 'succeeded' };
  return [
    {
      leaf: { action: null, at: START_MS, kind: 'notice', notice: { code: 'gateway.started' }, version: 1 },
      aside: null,
    },
    { leaf: attempt('intent', ALLOWED, START_MS + 1_000, allow), aside: allowedSeal.aside },
    { leaf: { action: ALLOWED, at: START_MS + 1_010, kind: 'outcome', outcome, version: 1 }, aside: null },
    ...heldStory(),
    { leaf: attempt('decision', DENIED, START_MS + 9_000, deny), aside: deniedSeal.aside },
  ];
}

export const seal = (drafts: readonly Draft[]): TestEntry[] =>
  drafts.map(({ leaf, aside }) => ({ leaf: canonicalize(leaf), aside }));
