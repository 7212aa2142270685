import { describe, expect, test } from 'vitest';
import { logKey, makeLog, sha256, utf8, verify } from '../test/support.ts';
import type { Leaf } from '../test/support.ts';
import { openingOf } from './canary-rules.ts';
import { canonicalize } from './canonical.ts';
import { toBase64url } from './bytes.ts';
import { decodeLeaf } from './leaf.ts';
import { Rules } from './rules.ts';
import { verifyLog } from './verify-log.ts';

const AT = 1_760_000_000_000;
const ACTION = 'act_01jd00000000000000000000a1';
const REVIEW = 'rev_01jd00000000000000000000b1';
const SUBJECT = 'c'.repeat(43);
const NONCE = toBase64url(new Uint8Array(32).fill(7));
/** Worked out apart from the code: the first 80 bits of SHA-256 over the domain, the nonce and the action. */
const RANDOM = base32(
  sha256(new Uint8Array([...utf8('sallyport/canary/v1\n'), ...new Uint8Array(32).fill(7), ...utf8(ACTION)])),
);
const SESSION = `ses_01jd000000${RANDOM}`;

function base32(hash: Uint8Array): string {
  const bits = [...hash.subarray(0, 10)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const digits = bits.match(/.{5}/g) ?? [];
  return digits.map((five) => '0123456789abcdefghjkmnpqrstvwxyz'[Number.parseInt(five, 2)]).join('');
}

const of = (kind: string, more: Leaf): Leaf => ({ action: ACTION, at: AT, kind, version: 1, ...more });
const attempt = (kind: 'decision' | 'intent', more: Leaf = {}): Leaf =>
  of(kind, {
    commitment: SUBJECT,
    decision: { effect: 'review', policies: ['p'] },
    operation: 'sql:delete',
    requester: { agent: 'sync', onBehalfOf: 'ana', parties: ['ana'], session: SESSION, sponsor: 'ana' },
    review: REVIEW,
    risk: { score: 90, signals: [] },
    target: { environment: 'production', name: 'shop', protocol: 'postgresql' },
    usage: [],
    ...more,
  });
const demand: Leaf = {
  approvers: [{ kind: 'person', name: 'sam' }],
  excluded: [],
  passkeyFromRisk: null,
  policy: 'p',
  quorum: 1,
  rejections: 1,
};
const review = (status: string): Leaf =>
  of('review', { demands: [demand], expiresAt: AT + 60_000, review: REVIEW, status, subject: SUBJECT });
const vote = (kind: string): Leaf =>
  of('vote', {
    review: REVIEW,
    subject: SUBJECT,
    vote: { channel: 'api', identity: 'p-1', kind, person: 'sam', rendering: '5e', signed: false },
  });
const grant = of('grant', {
  binding: { agent: 'sync', environment: 'production', subject: SUBJECT, target: 'shop' },
  expiresAt: AT + 60_000,
  grant: 'gra_1',
  review: REVIEW,
});
const approvedVotes = [{ identity: 'p-1', kind: 'approve' }];
const canary = (told: Leaf = {}, more: Leaf = {}): Leaf =>
  of('canary', {
    canary: { nonce: NONCE, status: 'approved', votes: approvedVotes, ...told },
    commitment: 'd'.repeat(43),
    review: REVIEW,
    subject: SUBJECT,
    ...more,
  });
const intent = attempt('intent', { grant: 'gra_1' });
const opened = [attempt('decision'), review('pending')];
const approved = [...opened, vote('approve'), review('approved'), grant];

async function findings(...leaves: readonly Leaf[]): Promise<string[]> {
  const found: string[] = [];
  const rules = new Rules(({ code }) => void found.push(code));
  for (const [index, leaf] of leaves.entries()) {
    const decoded = decodeLeaf(canonicalize(leaf));
    if (!decoded.ok) throw new Error(decoded.detail);
    rules.observe(index, decoded.leaf, await openingOf(decoded.leaf, sha256));
  }
  return found;
}

const other = (session: string | null): Leaf =>
  attempt('decision', {
    requester: { agent: 'sync', onBehalfOf: 'ana', parties: ['ana'], session, sponsor: 'ana' },
  });

describe('a canary that was', () => {
  test.each<[how: string, leaves: readonly Leaf[]]>([
    ['approved', [...approved, canary()]],
    [
      'rejected',
      [
        ...opened,
        vote('reject'),
        review('rejected'),
        canary({ status: 'rejected', votes: [{ identity: 'p-1', kind: 'reject' }] }),
      ],
    ],
    ['left to expire', [...opened, review('expired'), canary({ status: 'expired', votes: [] })]],
    [
      'approved once, with the vote taken back',
      [
        ...opened,
        vote('approve'),
        vote('retract'),
        review('expired'),
        canary({ status: 'expired', votes: [] }),
      ],
    ],
  ])('%s is in order', async (_, leaves) => {
    expect(await findings(...leaves)).toEqual([]);
  });
});

describe('an outsider finds', () => {
  const changed = `${SESSION.slice(0, -1)}${SESSION.endsWith('0') ? '1' : '0'}`;
  const rest = approved.slice(1);
  test.each<[code: string, what: string, leaves: readonly Leaf[]]>([
    [
      'canary.unfounded',
      'a real approval that is called one afterwards',
      [other(changed), ...rest, canary()],
    ],
    ['canary.unfounded', 'an attempt without a session', [other(null), ...rest, canary()]],
    ['canary.unfounded', 'a session that is no id', [other(`api:${RANDOM}`), ...rest, canary()]],
    [
      'canary.unfounded',
      'another nonce',
      [...approved, canary({ nonce: toBase64url(new Uint8Array(32).fill(8)) })],
    ],
    ['canary.unfounded', 'a nonce of another length', [...approved, canary({ nonce: 'AAAA' })]],
    ['canary.unfounded', 'a nonce that is none', [...approved, canary({ nonce: '?' })]],
    ['canary.unfounded', 'another end than there was', [...approved, canary({ status: 'rejected' })]],
    ['canary.unfounded', 'a vote that is left out', [...approved, canary({ votes: [] })]],
    [
      'canary.unfounded',
      'a vote that is turned round',
      [...approved, canary({ votes: [{ identity: 'p-1', kind: 'reject' }] })],
    ],
    [
      'canary.unfounded',
      'a vote of somebody else',
      [...approved, canary({ votes: [{ identity: 'p-2', kind: 'approve' }] })],
    ],
    [
      'canary.unfounded',
      'another action',
      [...approved, canary({}, { action: 'act_01jd00000000000000000000a2' })],
    ],
    ['canary.unfounded', 'another subject', [...approved, canary({}, { subject: 'e'.repeat(43) })]],
    ['canary.not_over', 'one whose review is pending', [...opened, canary()]],
    ['canary.not_over', 'one that was never asked for', [canary()]],
    ['canary.not_over', 'one that is said twice', [...approved, canary(), canary()]],
    ['canary.not_over', 'an action that ran, and is called one afterwards', [...approved, intent, canary()]],
    ['canary.executed', 'one that runs', [...approved, canary(), intent]],
    [
      'canary.unfounded',
      'one whose attempt is another’s that waited for the same review',
      [other(changed), ...approved, canary()],
    ],
  ])('%s: %s', async (code, _, leaves) => {
    expect(await findings(...leaves)).toEqual([code]);
  });
});

test.each<[string, Leaf]>([
  ['status', { status: 'pending' }],
  ['votes', { votes: ['sam'] }],
  ['votes', { votes: null }],
  ['nonce', { nonce: '' }],
  ['kind', { votes: [{ identity: 'p', kind: 'retract' }] }],
])('a canary without a proper %s is malformed', (member, told) => {
  expect(decodeLeaf(canonicalize(canary(told)))).toEqual({ ok: false, detail: `member ${member}` });
});

test('another attempt that waits for the same review, or comes when it is over, takes nothing from it', async () => {
  const late = attempt('decision', {
    requester: { agent: 'b', onBehalfOf: 'bo', parties: [], session: null },
  });
  const [first, ...rest] = approved as [Leaf, ...Leaf[]];
  expect(await findings(first, late, ...rest, canary())).toEqual([]);
  expect(await findings(...approved, late, canary())).toEqual([]);
});

test('a vote on a review that nobody asked for is not counted here', async () => {
  expect(await findings(vote('retract'), vote('approve'))).toEqual([
    'vote.review_not_open',
    'vote.review_not_open',
  ]);
});

describe('a whole log with a canary', () => {
  const found = async (...leaves: readonly Leaf[]): Promise<string[]> => {
    const texts = leaves.map((leaf) => canonicalize(leaf));
    const { checkpoint } = makeLog(texts.map((leaf) => ({ leaf, aside: null })));
    const entries = texts.map((leaf, index) => ({ index, leaf }));
    const trust = { trustedKey: logKey.vkey, earlier: [], hash: sha256, verify };
    const { findings: list } = await verifyLog({ entries, checkpoint, ...trust });
    return list.map(({ code, index }) => `${code}@${index}`);
  };

  test('that its review committed to is in order, and one that it did not is found', async () => {
    expect(await found(...approved, canary())).toEqual([]);
    const forged = canary({ nonce: toBase64url(new Uint8Array(32).fill(8)) });
    expect(await found(...approved, forged)).toEqual([`canary.unfounded@${approved.length}`]);
  });

  test.each([`x${SESSION}`, `ses_0${SESSION.slice(4)}`, `${SESSION.slice(0, -1)}z`])(
    'is not founded on the session %s, which is no id or another one',
    async (session) => {
      const [, ...rest] = approved;
      expect(await found(other(session), ...rest, canary())).toEqual([`canary.unfounded@${approved.length}`]);
    },
  );
});
