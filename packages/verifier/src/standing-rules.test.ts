import { describe, expect, test } from 'vitest';
import { canonicalize } from './canonical.ts';
import { decodeLeaf } from './leaf.ts';
import { Rules } from './rules.ts';
import { heldStory, type Leaf } from '../test/support.ts';

const ID = 'std_01jd00000000000000000000e1';
const AT = 1_760_000_100_000;
const USED = [
  'act_01jd00000000000000000000f1',
  'act_01jd00000000000000000000f2',
  'act_01jd00000000000000000000f3',
];
const BINDING = {
  agent: 'reporter',
  environment: 'production',
  onBehalfOf: 'alice',
  operation: 'sql:select',
  target: 'prod-db',
};

const state = (status: string, at: number, more: Leaf = {}): Leaf => ({
  action: 'act_01jd00000000000000000000a2',
  at,
  binding: BINDING,
  commitment: 'c',
  demands: [{ approvers: [{ kind: 'group', name: 'dba' }], policy: 'pii', quorum: 1 }],
  kind: 'standing',
  maxUses: 2,
  revision: 1,
  risk: { score: 40 },
  standing: ID,
  status,
  subject: 'terms',
  validFrom: AT,
  validUntil: AT + 60_000,
  version: 1,
  ...more,
});

const vote = (person: string, more: Leaf = {}): Leaf => ({
  action: 'act_01jd00000000000000000000a2',
  at: AT + 10,
  commitment: 'v',
  kind: 'vote',
  standing: ID,
  subject: 'terms',
  version: 1,
  vote: { channel: 'cli', kind: 'approve', person },
  ...more,
});

/** The intent of the story in the support file, as a use of the grant. */
function use(number: number, more: Leaf = {}): Leaf {
  const intent = heldStory().find((draft) => draft.leaf['kind'] === 'intent')?.leaf;
  const { grant: _, review: __, ...leaf } = intent ?? {};
  return { ...leaf, action: USED[number] ?? '', at: AT + 100 + number, standing: ID, ...more };
}

const requester = (more: Leaf): Leaf => ({ ...(use(0)['requester'] as Leaf), ...more });
const target = (more: Leaf): Leaf => ({ ...(use(0)['target'] as Leaf), ...more });
const proposed = [state('proposed', AT), vote('dora'), state('live', AT + 10, { revision: 2 })];

function findings(...leaves: readonly Leaf[]): string[] {
  const found: string[] = [];
  const rules = new Rules(({ code }) => void found.push(code));
  for (const [index, leaf] of leaves.entries()) {
    const decoded = decodeLeaf(canonicalize(leaf));
    if (!decoded.ok) throw new Error(decoded.detail);
    rules.observe(index, decoded.leaf);
  }
  return found;
}

const rejection = { channel: 'cli', kind: 'reject', person: 'dora' };
const retraction = { channel: 'cli', kind: 'retract', person: 'dora' };
const people = (...names: readonly string[]): Leaf[] => names.map((name) => ({ kind: 'person', name }));
/** Of a grant that people are named for. */
const proposal = (status = 'proposed', demand: Leaf = {}): Leaf =>
  state(status, AT, {
    demands: [
      { approvers: people('dora'), excluded: [], policy: 'pii', quorum: 1, rejections: 1, ...demand },
    ],
  });

test('of people who are named, from the first moment on to the last one', () => {
  const live = [proposal(), vote('dora'), proposal('live')];
  expect(findings(...live, use(0, { at: AT }), use(1, { at: AT + 59_999 }))).toEqual([]);
});

test('that need a passkey from a risk on are no approval of what is riskier', () => {
  const demand = { passkeyFromRisk: 50 };
  const live = [proposal('proposed', demand), vote('dora'), proposal('live', demand)];
  expect(findings(...live, use(0))).toEqual([]);
  expect(findings(...live, use(0, { risk: { score: 60, signals: [] } }))).toEqual(['standing.not_approved']);
});

test('proposed, approved, used as often as it says', () => {
  expect(findings(...proposed, use(0), use(1))).toEqual([]);
});

describe('an outsider finds', () => {
  test.each<[code: string, leaves: readonly Leaf[]]>([
    ['standing.overspent', [...proposed, use(0), use(1), use(2)]],
    ['standing.expired', [...proposed, use(0, { at: AT + 60_000 })]],
    ['standing.expired', [...proposed, use(0, { at: AT - 1 })]],
    ['standing.not_live', [use(0)]],
    ['standing.not_live', [state('proposed', AT), vote('dora'), use(0)]],
    ['standing.not_live', [...proposed, state('revoked', AT + 20), use(0)]],
    ['standing.not_approved', [state('proposed', AT), state('live', AT + 10)]],
    ['standing.altered', [...proposed, state('revoked', AT + 20, { maxUses: 9 })]],
    ['standing.altered', [...proposed, state('revoked', AT + 20, { subject: 'other' })]],
    ['standing.altered', [...proposed, state('revoked', AT + 20, { binding: { ...BINDING, agent: 'x' } })]],
    ['standing.unfounded', [state('live', AT)]],
    ['standing.unfounded', [...proposed, state('proposed', AT + 20)]],
    ['standing.unfounded', [...proposed, state('revoked', AT + 20), state('live', AT + 30)]],
    ['standing.mismatch', [...proposed, use(0, { requester: requester({ agent: 'other' }) })]],
    ['standing.mismatch', [...proposed, use(0, { requester: requester({ onBehalfOf: 'bob' }) })]],
    ['standing.mismatch', [...proposed, use(0, { target: target({ name: 'other' }) })]],
    ['standing.mismatch', [...proposed, use(0, { target: target({ environment: 'staging' }) })]],
    ['standing.mismatch', [...proposed, use(0, { operation: 'sql:delete' })]],
    ['standing.mismatch', [...proposed, use(0, { review: 'rev_x' })]],
    ['standing.mismatch', [...proposed, use(0, { grant: 'gra_x' })]],
    ['standing.altered', [proposal(), vote('dora'), proposal('live', { excluded: ['ed'] })]],
    ['standing.altered', [proposal(), vote('dora'), proposal('live', { approvers: people('dora', 'ed') })]],
    ['standing.altered', [proposal(), vote('dora'), proposal('live', { rejections: 2 })]],
    [
      'standing.unfounded',
      [state('proposed', AT), vote('dora', { vote: rejection }), state('live', AT + 10)],
    ],
    ['vote.unfounded', [state('proposed', AT), vote('dora', { vote: retraction })]],
    [
      'standing.not_approved',
      [state('proposed', AT), vote('dora'), vote('dora', { vote: retraction }), state('live', AT + 10)],
    ],
    ['vote.own_request', [...proposed, use(0, { requester: requester({ parties: ['dora'] }) })]],
    ['vote.repeated', [state('proposed', AT), vote('dora'), vote('dora')]],
    ['vote.other_subject', [state('proposed', AT), vote('dora', { subject: 'other' })]],
    ['vote.review_not_open', [...proposed, vote('ed')]],
    ['vote.review_not_open', [vote('dora')]],
    ['intent.denied', [...proposed, use(0, { decision: { effect: 'deny', policies: [] } })]],
    ['intent.repeated', [...proposed, use(0), use(0)]],
  ])('%s', (code, leaves) => {
    expect(findings(...leaves)).toEqual([code]);
  });

  test('two approvals by one person, where two people are demanded', () => {
    const demands = [{ approvers: [{ kind: 'group', name: 'dba' }], policy: 'pii', quorum: 2 }];
    const said = { channel: 'cli', identity: '4711', kind: 'approve' };
    const leaves = [
      state('proposed', AT, { demands }),
      vote('dora', { vote: { ...said, person: 'dora' } }),
      vote('dora2', { vote: { ...said, person: 'dora2' } }),
      state('live', AT + 10, { demands }),
    ];
    expect(findings(...leaves)).toEqual(['vote.repeated', 'standing.not_approved']);
  });

  test('a vote that is on nothing, or on two things', () => {
    const { standing: _, ...nothing } = vote('dora');
    expect(decodeLeaf(canonicalize(nothing)).ok).toBe(false);
    expect(decodeLeaf(canonicalize({ ...vote('dora'), review: 'rev_x' })).ok).toBe(false);
  });
});

test('grants whose time is over are forgotten, and using one is found all the same', () => {
  const notices = Array.from({ length: 4_100 }, () => ({
    action: null,
    at: AT + 60_000,
    kind: 'notice',
    notice: { code: 'x' },
    version: 1,
  }));
  expect(findings(...proposed, ...notices, use(0, { at: AT + 60_001 }))).toEqual(['standing.not_live']);
});
