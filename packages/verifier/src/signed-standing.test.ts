/** A use of a standing grant whose approval was signed: an outsider checks the signature, without the gateway. */
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { Authenticator } from '../test/authenticator.ts';
import { heldStory, logKey, makeLog, makeProof, seal, sha256, verify } from '../test/support.ts';
import type { Draft, Leaf } from '../test/support.ts';
import { canonicalize, encodeReceipt, thumbprintOf, verifyReceipt, voteChallenge } from './index.ts';
import { webCryptoVerifier } from './index.ts';
import type { JsonValue, VotedOn } from './index.ts';

const { verifyPasskey } = webCryptoVerifier();
const trust = { trustedKey: logKey.vkey, hash: sha256, verify, verifyPasskey };
const site = { origin: 'https://gate.example', rpId: 'gate.example' };
const ID = 'std_01jd00000000000000000000e1';
const PASSKEY = 'pky_01jd00000000000000000000e1';
const MADE_OF = 'act_01jd00000000000000000000a9';
const USED = 'act_01jd00000000000000000000f1';
const AT = 1_760_000_100_000;
const RENDERING = '5e'.repeat(32);
const authenticator = new Authenticator();

const commitmentOf = (aside: string): string => createHash('sha256').update(aside).digest('base64url');
const sealed = (values: Leaf): { readonly aside: string; readonly commitment: string } => {
  const aside = canonicalize({ ...values, salt: 'c2FsdHNhbHRzYWx0c2FsdA' });
  return { aside, commitment: commitmentOf(aside) };
};

const terms: Leaf = {
  agent: 'reporter',
  datasets: [],
  fields: [],
  functions: [],
  maxRows: 20,
  maxRowsPerUse: 10,
  maxUses: 2,
  onBehalfOf: 'alice',
  operation: 'sql:select',
  preconditions: {},
  target: { environment: 'production', name: 'prod-db', protocol: 'postgres' },
  template: 'ab'.repeat(32),
  validFromMs: AT,
  validUntilMs: AT + 60_000,
  version: 'sallyport/standing/v1',
};

interface Changes {
  readonly terms?: Leaf;
  /** What the person signed, where it is not these terms. */
  readonly signed?: Partial<VotedOn>;
  readonly vote?: Leaf;
}

/** The proof that `authenticator` signed a vote on these terms. */
async function prove(digest: string, on: Partial<VotedOn> = {}): Promise<Leaf> {
  const expiresAtMs = AT + 60_000;
  const said = { decision: 'approve', identity: 'p-17', person: 'dora', rendering: RENDERING } as const;
  const votedOn: VotedOn = { kind: 'standing', id: ID, digest, ...on };
  const challenge = await voteChallenge({ ...said, on: votedOn, nonce: 'bm9uY2U', expiresAtMs }, sha256);
  const assertion = authenticator.assert({ challenge, ...site });
  const proof = { ...assertion, publicKey: authenticator.publicKey, nonce: 'bm9uY2U', expiresAtMs };
  return { ...proof, passkey: PASSKEY };
}

async function registration(): Promise<Draft> {
  const key = await thumbprintOf(authenticator.publicKey, sha256);
  const passkey = { event: 'registered', id: PASSKEY, identity: 'p-17', key, person: 'dora', ...site };
  return { leaf: { action: null, at: AT - 1, kind: 'passkey', passkey, version: 1 }, aside: null };
}

function states(shown: Leaf): { readonly proposed: Draft; readonly live: Draft; readonly subject: string } {
  const proposal = sealed({ terms: canonicalize(shown), text: 'all morning' });
  const { maxUses, operation } = terms;
  const binding = { agent: 'reporter', environment: 'production', onBehalfOf: 'alice', target: 'prod-db' };
  const demand = { approvers: [{ kind: 'group', name: 'dba' }], passkeyFromRisk: 0, policy: 'p', quorum: 1 };
  const leaf: Leaf = {
    action: MADE_OF,
    binding: { ...binding, operation: operation as string },
    demands: [demand],
    kind: 'standing',
    maxUses: maxUses as number,
    risk: { score: 40 },
    standing: ID,
    subject: proposal.commitment,
    validFrom: AT,
    validUntil: AT + 60_000,
    version: 1,
  };
  const first = { ...leaf, at: AT, commitment: proposal.commitment, revision: 1, status: 'proposed' };
  return {
    proposed: { leaf: first, aside: proposal.aside },
    live: { leaf: { ...leaf, at: AT + 10, revision: 2, status: 'live' }, aside: null },
    subject: proposal.commitment,
  };
}

async function story(changes: Changes = {}): Promise<Draft[]> {
  const shown = changes.terms ?? terms;
  const { proposed, live, subject } = states(shown);
  const digest = createHash('sha256').update(canonicalize(shown)).digest('hex');
  const said = sealed({ passkey: await prove(digest, changes.signed), text: '' });
  const cast = { channel: 'browser', identity: 'p-17', kind: 'approve', passkey: PASSKEY, person: 'dora' };
  const vote: Leaf = {
    ...{ action: MADE_OF, at: AT + 10, commitment: said.commitment, kind: 'vote', standing: ID, subject },
    version: 1,
    vote: { ...cast, rendering: RENDERING, signed: true, ...changes.vote },
  };
  const intent = heldStory().find((draft) => draft.leaf['kind'] === 'intent');
  const { grant: _, review: __, ...leaf } = intent?.leaf ?? {};
  const use = { leaf: { ...leaf, action: USED, at: AT + 20, standing: ID }, aside: intent?.aside ?? null };
  return [await registration(), proposed, { leaf: vote, aside: said.aside }, live, use];
}

/** The checks of its receipt that fail, with what they say. `withhold`: kinds of entries whose values are left out. */
async function failures(
  drafts: readonly Draft[],
  withhold: readonly string[] = [],
): Promise<Record<string, string>> {
  const log = makeLog(seal(drafts));
  const entries = await Promise.all(
    log.entries.map(async ({ leaf, aside }, index) => {
      const isWithheld = withhold.some((kind) => leaf.includes(`"kind":"${kind}"`));
      return { index, leaf, aside: isWithheld ? null : aside, proof: await makeProof(log, index) };
    }),
  );
  const { name: origin } = logKey.signer;
  const receipt = encodeReceipt({ action: USED, entries, origin, publicKey: logKey.vkey });
  const { checks } = await verifyReceipt(receipt, trust);
  return Object.fromEntries(checks.filter(({ ok }) => !ok).map(({ name, detail }) => [name, detail]));
}

it('a signed approval of a standing grant verifies offline', async () => {
  expect(await failures(await story())).toEqual({});
});

it.each<[what: string, signed: Partial<VotedOn>]>([
  ['other terms', { digest: 'cd'.repeat(32) }],
  ['another grant', { id: 'std_01jd00000000000000000000e2' }],
  ['a review', { kind: 'review' }],
])('a signature over %s is none', async (_, signed) => {
  const found = await failures(await story({ signed }));
  expect(found['signatures']).toContain('passkey.other_challenge');
  expect(found['approval']).toContain('standing.not_approved');
});

it('a vote that says it is signed and has another person is refused', async () => {
  const found = await failures(await story({ vote: { person: 'mallory' } }));
  expect(found['signatures']).toContain('passkey.other_challenge');
});

it.each<[member: string, other: JsonValue]>([
  ['agent', 'other'],
  ['onBehalfOf', 'bob'],
  ['operation', 'sql:delete'],
  ['target', { environment: 'staging', name: 'prod-db', protocol: 'postgres' }],
  ['target', { environment: 'production', name: 'other', protocol: 'postgres' }],
  ['target', 'prod-db'],
  ['maxUses', 3],
  ['validFromMs', AT - 1],
  ['validUntilMs', AT + 90_000],
])(
  'terms with another %s than the entry tells of prove nothing, though they were signed',
  async (name, other) => {
    const found = await failures(await story({ terms: { ...terms, [name]: other } }));
    expect(found['action']).toContain('the terms are others than the entry tells of');
    expect(found['approval']).toContain('standing.not_approved');
  },
);

it('terms of another version, or none at all, are refused', async () => {
  for (const version of ['sallyport/standing/v2', null])
    expect((await failures(await story({ terms: { ...terms, version } })))['asides']).toContain('malformed');
});

it.each(['vote', 'standing'])(
  'where the values of the %s are withheld nothing shows the signature, and nothing else is wrong',
  async (kind) => {
    expect(Object.keys(await failures(await story(), [kind]))).toEqual(['approval']);
  },
);
