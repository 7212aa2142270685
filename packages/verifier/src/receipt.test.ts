import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalize,
  commitmentOf,
  decodeReceipt,
  encodeReceipt,
  parseProof,
  encodeProof,
  verifyReceipt,
  webCryptoVerifier,
} from './index.ts';
import type { ReceiptReport } from './index.ts';
import {
  ALLOWED,
  COMMAND,
  DENIED,
  HELD,
  ORIGIN,
  heldStory,
  logKey,
  makeLog,
  makeReceipt,
  seal,
  sha256,
  testKey,
  verify,
  wholeStory,
} from '../test/support.ts';
import type { Draft, Leaf } from '../test/support.ts';

const { verifyPasskey } = webCryptoVerifier();
const trust = { trustedKey: logKey.vkey, hash: sha256, verify, verifyPasskey };
const log = makeLog(seal(wholeStory()));
const receipt = await makeReceipt(log, HELD);

const failed = (report: ReceiptReport): string[] =>
  report.checks.filter((check) => !check.ok).map((check) => check.name);
const detailOf = (report: ReceiptReport, name: string): string =>
  report.checks.find((check) => check.name === name)?.detail ?? '';

/** The report on an honestly logged and signed receipt of another story. */
async function reportOn(story: readonly Draft[]): Promise<ReceiptReport> {
  return verifyReceipt(await makeReceipt(makeLog(seal(story)), HELD), trust);
}

const at = { decision: 0, opened: 1, vote: 2, approved: 3, grant: 4, intent: 5, outcome: 6 } as const;

/** The story of the approved action with one leaf changed, member by member; `undefined` removes one. */
function storyWith(which: keyof typeof at, change: Record<string, unknown>): Draft[] {
  return heldStory().map((draft, index) => {
    if (index !== at[which]) return draft;
    const members = Object.entries({ ...draft.leaf, ...change }).filter(([, value]) => value !== undefined);
    return { ...draft, leaf: Object.fromEntries(members) as Leaf };
  });
}

const without = (...which: (keyof typeof at)[]): Draft[] =>
  heldStory().filter((_, index) => !which.some((name) => at[name] === index));

describe('a receipt', () => {
  it('of an approved action verifies, and tells who, for whom, what, who approved and how it ended', async () => {
    const report = await verifyReceipt(receipt, trust);
    expect(failed(report)).toEqual([]);
    expect(report).toMatchObject({ ok: true, consistent: true });
    expect(report.summary).toMatchObject({
      requester: { agent: 'reporter', onBehalfOf: 'alice', sponsor: 'sam' },
      target: { name: 'prod-db', environment: 'production', protocol: 'postgres' },
      decision: { effect: 'review', policies: ['pii'] },
      votes: [{ kind: 'approve', person: 'dora', channel: 'cli', at: 1_760_000_002_010 }],
      outcome: { status: 'succeeded', rows: 64 },
      attemptedAt: 1_760_000_002_000,
      authorizedAt: 1_760_000_002_020,
      command: COMMAND,
    });
    expect(report.summary?.digest).toMatch(/^[0-9a-f]{64}$/);
  });

  it('verifies with Web Crypto alone', async () => {
    expect(await verifyReceipt(receipt, { trustedKey: logKey.vkey, ...webCryptoVerifier() })).toEqual(
      await verifyReceipt(receipt, trust),
    );
  });

  it('of an allowed action and of a denied one verifies', async () => {
    const allowed = await verifyReceipt(await makeReceipt(log, ALLOWED), trust);
    expect(allowed.ok).toBe(true);
    expect(allowed.summary?.decision.effect).toBe('allow');
    const denied = await verifyReceipt(await makeReceipt(log, DENIED), trust);
    expect(denied.ok).toBe(true);
    expect(denied.summary).toMatchObject({ decision: { effect: 'deny' }, authorizedAt: null, outcome: null });
  });

  it('without a trusted key is consistent, and says that authenticity is not proved', async () => {
    const report = await verifyReceipt(receipt, { ...trust, trustedKey: null });
    expect(report).toMatchObject({ ok: false, consistent: true });
    expect(failed(report)).toEqual(['authenticity']);
    expect(detailOf(report, 'authenticity')).toContain('Not proved');
  });

  it('of a log that somebody made with a key of their own is not authentic', async () => {
    const mallory = await testKey(ORIGIN, new Uint8Array(32).fill(66));
    const forged = await makeReceipt(makeLog(seal(heldStory()), mallory), HELD, mallory);
    expect((await verifyReceipt(forged, { ...trust, trustedKey: null })).consistent).toBe(true);
    expect(failed(await verifyReceipt(forged, trust))).toEqual(
      expect.arrayContaining(['authenticity', 'signature']),
    );
    // Naming the trusted key does not help.
    const renamed = encodeReceipt({ ...decodeReceipt(forged)!, publicKey: logKey.vkey });
    const report = await verifyReceipt(renamed, trust);
    expect(failed(report)).toContain('signature');
    expect(report.summary).toBeNull();
  });

  it('is not verified under a trusted key that is none', async () => {
    const report = await verifyReceipt(receipt, { ...trust, trustedKey: 'sallyport.example' });
    expect(report).toMatchObject({ ok: false, consistent: false, summary: null });
  });

  it('may end in one newline, and nothing else may be added', async () => {
    expect((await verifyReceipt(`${receipt}\n`, trust)).ok).toBe(true);
    for (const other of [
      `${receipt}\n\n`,
      ` ${receipt}`,
      `${receipt} `,
      receipt.replace('{', '{"note":"trust me",'),
    ]) {
      expect(failed(await verifyReceipt(other, trust))).toContain('format');
    }
  });

  it.each([
    '',
    'null',
    '[]',
    '{}',
    '{"version":"sallyport/receipt/v1"}',
    receipt.slice(1),
    receipt.replace('receipt/v1', 'receipt/v2'),
  ])('is not this text: %.40s', async (text) => {
    const report = await verifyReceipt(text, trust);
    expect(report).toMatchObject({ ok: false, consistent: false, summary: null });
    expect(report.checks.every((check) => !check.ok)).toBe(true);
  });

  it('with any one bit changed does not verify', async () => {
    const bytes = Buffer.from(receipt, 'utf8');
    const property = fc.asyncProperty(fc.nat(bytes.length * 8 - 1), async (bit) => {
      const changed = Buffer.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect((await verifyReceipt(changed.toString('utf8'), trust)).ok).toBe(false);
    });
    await fc.assert(property, { numRuns: 200 });
  });
});

describe('a receipt in which somebody', () => {
  const decoded = decodeReceipt(receipt)!;
  const change = (which: keyof typeof at, changed: object): string =>
    encodeReceipt({
      ...decoded,
      entries: decoded.entries.map((entry, index) =>
        index === at[which] ? { ...entry, ...changed } : entry,
      ),
    });
  const entry = (which: keyof typeof at) => decoded.entries[at[which]]!;

  it('edited an entry fails inclusion', async () => {
    const leaf = entry('vote').leaf.replace('"dora"', '"emil"');
    expect(failed(await verifyReceipt(change('vote', { leaf }), trust))).toContain('inclusion');
  });

  it('swapped the proofs of two entries fails inclusion', async () => {
    const text = change('vote', { proof: entry('grant').proof });
    expect(failed(await verifyReceipt(text, trust))).toContain('inclusion');
  });

  it('renumbered an entry fails inclusion, though its proof is good', async () => {
    const text = change('outcome', { index: entry('outcome').index + 1 });
    expect(failed(await verifyReceipt(text, trust))).toEqual(['inclusion']);
  });

  it('added data to a proof that no signature covers fails inclusion', async () => {
    const proof = encodeProof({ ...parseProof(entry('vote').proof)!, extra: Uint8Array.of(1) });
    expect(failed(await verifyReceipt(change('vote', { proof }), trust))).toContain('inclusion');
  });

  it('reordered the entries fails', async () => {
    const text = encodeReceipt({ ...decoded, entries: decoded.entries.toReversed() });
    expect(failed(await verifyReceipt(text, trust))).toContain('entries');
  });

  it('repeated an entry fails', async () => {
    const text = encodeReceipt({ ...decoded, entries: decoded.entries.flatMap((one) => [one, one]) });
    expect(failed(await verifyReceipt(text, trust))).toContain('entries');
  });

  it('mixed in an entry of another action fails', async () => {
    const foreign = decodeReceipt(await makeReceipt(log, DENIED))!.entries;
    const text = encodeReceipt({ ...decoded, entries: [...decoded.entries, ...foreign] });
    expect(failed(await verifyReceipt(text, trust))).toEqual(['entries']);
  });

  it('replaced the command that is shown fails, and the command is not told', async () => {
    const aside = entry('intent').aside!.replace('customers', 'employees');
    const report = await verifyReceipt(change('intent', { aside }), trust);
    expect(failed(report)).toEqual(['asides']);
    const both = encodeReceipt({
      ...decoded,
      entries: decoded.entries.map((one) => ({
        ...one,
        aside: one.aside?.replace('customers', 'employees') ?? null,
      })),
    });
    expect((await verifyReceipt(both, trust)).summary).toMatchObject({ command: null, digest: null });
  });

  it('put values beside an entry that commits to none fails', async () => {
    const text = change('outcome', { aside: '{"note":"all fine"}' });
    expect(failed(await verifyReceipt(text, trust))).toEqual(['asides']);
  });

  it('withheld or erased values verifies, and shows none', async () => {
    const text = encodeReceipt({
      ...decoded,
      entries: decoded.entries.map((one) => ({ ...one, aside: null })),
    });
    const report = await verifyReceipt(text, trust);
    expect(report.ok).toBe(true);
    expect(report.summary).toMatchObject({ command: null, digest: null });
  });

  it('left out the vote, the review, the grant or the intent fails', async () => {
    for (const which of ['vote', 'opened', 'grant', 'intent'] as const) {
      const entries = decoded.entries.filter((_, index) => index !== at[which]);
      const report = await verifyReceipt(encodeReceipt({ ...decoded, entries }), trust);
      expect(failed(report).some((name) => name === 'approval' || name === 'execution')).toBe(true);
    }
  });

  it('kept nothing fails', async () => {
    const report = await verifyReceipt(encodeReceipt({ ...decoded, entries: [] }), trust);
    expect(failed(report)).toEqual(['execution']);
  });

  it('named another log fails', async () => {
    const text = encodeReceipt({ ...decoded, origin: 'sallyport.example/other' });
    expect(failed(await verifyReceipt(text, trust))).toEqual(['signature']);
  });
});

describe('a receipt, honestly logged, of an action', () => {
  it('that ran under an exact approval verifies', async () => {
    expect((await reportOn(heldStory())).ok).toBe(true);
  });

  it.each([
    ['that ran without a vote', without('vote'), 'review.not_approved'],
    ['that ran without a review', without('opened', 'vote', 'approved', 'grant'), 'grant.missing'],
    ['that ran without a grant', without('grant'), 'grant.missing'],
    [
      'that policy sent to review and that names none',
      storyWith('intent', { review: undefined, grant: undefined }),
      'intent.without_review',
    ],
    [
      'that names a grant and no review',
      storyWith('intent', { decision: { effect: 'allow', policies: [] }, review: undefined }),
      'intent.without_review',
    ],
    ['whose grant is of another review', storyWith('intent', { review: 'rev_other' }), 'grant.mismatch'],
    ['that names a review and no grant', storyWith('intent', { grant: undefined }), 'intent.without_grant'],
    [
      'that ran with other bytes than were approved',
      storyWith('intent', { commitment: 'another' }),
      'intent.other_subject',
    ],
    [
      'that ran without committing to its bytes',
      storyWith('intent', { commitment: undefined }),
      'intent.other_subject',
    ],
    [
      'whose grant is of other bytes',
      storyWith('grant', {
        binding: { agent: 'reporter', environment: 'production', subject: 'x', target: 'prod-db' },
      }),
      'grant.mismatch',
    ],
    [
      'whose grant is of another agent',
      storyWith('grant', { binding: { ...(heldStory()[at.grant]!.leaf['binding'] as Leaf), agent: 'x' } }),
      'grant.mismatch',
    ],
    [
      'whose grant is of another target',
      storyWith('grant', { binding: { ...(heldStory()[at.grant]!.leaf['binding'] as Leaf), target: 'x' } }),
      'grant.mismatch',
    ],
    [
      'whose grant is of another environment',
      storyWith('grant', {
        binding: { ...(heldStory()[at.grant]!.leaf['binding'] as Leaf), environment: 'x' },
      }),
      'grant.mismatch',
    ],
    [
      'whose grant had expired',
      storyWith('grant', { expiresAt: heldStory()[at.intent]!.leaf['at'] }),
      'grant.expired',
    ],
    [
      'that was rejected',
      storyWith('vote', { vote: { channel: 'cli', kind: 'reject', person: 'dora' } }),
      'review.not_open',
    ],
    ['that was withdrawn', storyWith('approved', { status: 'withdrawn' }), 'grant.unfounded'],
    ['whose voter saw something else', storyWith('vote', { subject: 'another' }), 'vote.other_subject'],
    [
      'that its beneficiary approved',
      storyWith('vote', { vote: { channel: 'cli', kind: 'approve', person: 'alice' } }),
      'vote.own_request',
    ],
    [
      'that its sponsor approved',
      storyWith('vote', { vote: { channel: 'cli', kind: 'approve', person: 'sam' } }),
      'vote.own_request',
    ],
    [
      'that policy denied',
      storyWith('intent', { decision: { effect: 'deny', policies: [] } }),
      'intent.denied',
    ],
    ['that ended twice', [...heldStory(), heldStory()[at.outcome]!], 'outcome.repeated'],
    [
      'that ended before it began',
      [...without('intent', 'outcome'), heldStory()[at.outcome]!, heldStory()[at.intent]!],
      'outcome.without_intent',
    ],
    ['that ran twice', [...heldStory(), heldStory()[at.intent]!], 'intent.repeated'],
    ['that was decided after it ran', [...heldStory(), heldStory()[at.decision]!], 'decision.after_intent'],
    [
      'that was voted on twice by one person',
      [...heldStory().slice(0, 3), ...heldStory().slice(2)],
      'vote.repeated',
    ],
  ])('%s fails with its reason', async (_, story, code) => {
    const report = await reportOn(story);
    expect(report.ok).toBe(false);
    const details = report.checks.filter((check) => !check.ok).map((check) => check.detail);
    expect(details.join(' ')).toContain(code);
  });

  it('whose review wants two people fails with one, and with one person twice', async () => {
    const demands = [{ approvers: [{ kind: 'group', name: 'dba' }], policy: 'pii', quorum: 2 }];
    const story = heldStory().map((draft) =>
      'status' in draft.leaf ? { ...draft, leaf: { ...draft.leaf, demands } } : draft,
    );
    expect(detailOf(await reportOn(story), 'approval')).toContain('review.not_approved');
    const twice = [...story.slice(0, 3), ...story.slice(2)];
    expect(detailOf(await reportOn(twice), 'approval')).toContain('review.not_approved');
    const second: Draft = {
      leaf: { ...story[at.vote]!.leaf, vote: { channel: 'cli', kind: 'approve', person: 'emil' } },
      aside: null,
    };
    expect((await reportOn([...story.slice(0, 3), second, ...story.slice(3)])).ok).toBe(true);
  });

  it('whose review names its approvers fails with the vote of somebody else', async () => {
    const approvers = [
      { kind: 'person', name: 'emil' },
      { kind: 'person', name: 'emil' },
    ];
    const story = (quorum: number, person: string): Draft[] =>
      storyWith('vote', { vote: { channel: 'cli', kind: 'approve', person } }).map((draft) =>
        'status' in draft.leaf
          ? { ...draft, leaf: { ...draft.leaf, demands: [{ approvers, policy: 'pii', quorum }] } }
          : draft,
      );
    expect(detailOf(await reportOn(story(1, 'dora')), 'approval')).toContain('review.not_approved');
    expect((await reportOn(story(1, 'emil'))).ok).toBe(true);
    expect(detailOf(await reportOn(story(2, 'emil')), 'approval')).toContain('review.not_approved');
  });

  it('whose review demands nothing fails: nobody approved it', async () => {
    const story = heldStory().map((draft) =>
      'status' in draft.leaf ? { ...draft, leaf: { ...draft.leaf, demands: [] } } : draft,
    );
    expect(detailOf(await reportOn(story), 'approval')).toContain('review.not_approved');
  });

  it.each([
    ['requester', 'agent'],
    ['requester', 'onBehalfOf'],
    ['target', 'name'],
    ['target', 'environment'],
    ['target', 'protocol'],
  ])('whose exact action has another %s %s than its entry tells fails', async (member, name) => {
    const told = { ...(heldStory()[at.decision]!.leaf[member] as Leaf), [name]: 'harmless' };
    expect(failed(await reportOn(storyWith('decision', { [member]: told })))).toEqual(['action']);
  });

  it('whose exact action is in a form of another version, or in none, fails', async () => {
    const { aside } = heldStory()[at.decision]!;
    const others = [
      aside!.replace('action/v1', 'action/v9'),
      aside!.replace('{\\"agent', '{ \\"agent'),
      '{"form":1}',
      '{ }',
    ];
    for (const other of others) {
      expect(other).not.toBe(aside);
      const commitment = await commitmentOf(other, sha256);
      const decision = storyWith('decision', { commitment })[at.decision]!;
      const report = await reportOn(heldStory().with(at.decision, { ...decision, aside: other }));
      expect(failed(report)).toEqual(['asides']);
    }
  });

  it('that was attempted with another command than the one that ran fails', async () => {
    const { leaf, aside } = wholeStory().at(-1)!;
    const decision = storyWith('decision', { commitment: leaf['commitment'] })[at.decision]!;
    const report = await reportOn(heldStory().with(at.decision, { ...decision, aside }));
    expect(failed(report)).toEqual(['action']);
  });

  it.each([
    ['at', -1],
    ['at', 1.5],
    ['decision', { effect: 'maybe', policies: [] }],
    ['requester', { agent: 'reporter' }],
    ['target', null],
    ['operation', undefined],
    ['kind', 'rumour'],
  ])('with an entry whose %s is %j fails', async (name, value) => {
    expect(failed(await reportOn(storyWith('intent', { [name]: value })))).toContain('entries');
  });

  it('whose review asks for a quorum of nobody fails', async () => {
    const demands = [{ approvers: [], policy: 'pii', quorum: 0 }];
    expect(failed(await reportOn(storyWith('opened', { demands })))).toContain('entries');
  });

  it('tolerates further members of its entries', async () => {
    expect((await reportOn(storyWith('intent', { region: 'eu', zone: { name: 'a' } }))).ok).toBe(true);
  });

  it('is tested against leaves that are canonical', () => {
    for (const { leaf } of seal(heldStory())) expect(canonicalize(JSON.parse(leaf) as Leaf)).toBe(leaf);
  });
});

describe('the published receipt', () => {
  interface Vector {
    readonly trustedKey: string;
    readonly receipt: string;
    readonly command: string;
    readonly digest: string;
    readonly changes: readonly {
      readonly name: string;
      readonly find: string;
      readonly replace: string;
      readonly fails: string;
    }[];
  }
  const path = new URL('../../../vectors/ledger/receipt.json', import.meta.url);
  const vector = JSON.parse(readFileSync(path, 'utf8')) as Vector;
  const trusted = { ...trust, trustedKey: vector.trustedKey };

  it('verifies', async () => {
    const report = await verifyReceipt(vector.receipt, trusted);
    expect(report.ok).toBe(true);
    expect(report.summary).toMatchObject({ command: vector.command, digest: vector.digest });
  });

  it.each(vector.changes)('fails the check "$fails" with $name', async ({ find, replace, fails }) => {
    const changed = vector.receipt.replace(find, replace);
    expect(changed).not.toBe(vector.receipt);
    expect(failed(await verifyReceipt(changed, trusted))).toContain(fails);
  });

  it('is what this implementation writes', () => {
    expect(receipt).toBe(vector.receipt);
  });
});
