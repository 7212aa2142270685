import { describe, expect, it } from 'vitest';
import { canonicalize, decodeLeaf } from './index.ts';
import type { JsonValue } from './index.ts';
import { heldStory, seal } from '../test/support.ts';
import type { Leaf } from '../test/support.ts';

const [decision, review, , , , intent, outcome] = heldStory().map(({ leaf }) => leaf) as [
  Leaf,
  Leaf,
  Leaf,
  Leaf,
  Leaf,
  Leaf,
  Leaf,
];
const decode = (leaf: JsonValue) => decodeLeaf(canonicalize(leaf));
const member = (name: string) => ({ ok: false, detail: `member ${name}` });
const demand = (more: Leaf): Leaf => ({
  ...review,
  demands: [{ approvers: [{ kind: 'person', name: 'sam' }], policy: 'p', quorum: 1, ...more }],
});
const erasure = (subject: Leaf, more: Leaf = {}): Leaf => ({
  ...{ action: null, at: 5, kind: 'erasure', version: 1 },
  erasure: { by: 'ada', identity: 'p-1', subject, ...more },
});

describe('an entry', () => {
  it('that is no JSON, not canonical, or no object says so', () => {
    expect(decodeLeaf('nothing')).toEqual({ ok: false, detail: 'not_json' });
    expect(decodeLeaf('{ }')).toEqual({ ok: false, detail: 'not_canonical' });
    for (const text of ['[]', 'null', '"x"', '1'])
      expect(decodeLeaf(text)).toEqual({ ok: false, detail: 'not_an_object' });
    expect(decodeLeaf('{}')).toEqual(member('kind'));
  });

  it('of an attempt keeps what it touched and what was thought of the risk', () => {
    expect(decode({ ...intent, usage: [{ dataset: 'customers' }] })).toMatchObject({
      ok: true,
      leaf: { kind: 'intent', usage: [{ dataset: 'customers' }], risk: { score: 40, signals: [] } },
    });
    const { usage: _, risk: __, ...bare } = intent;
    expect(decode(bare)).toMatchObject({ ok: true, leaf: { usage: null, risk: null } });
    expect(decode({ ...decision, decision: { effect: 'review', policies: ['pii', 7] } })).toEqual(
      member('policies'),
    );
    expect(decode({ ...decision, decision: { effect: 'review', policies: ['pii'] } })).toMatchObject({
      leaf: { decision: { policies: ['pii'] } },
    });
  });

  it('of a review names people only where no group may approve, escalation included', () => {
    const people = (leaf: Leaf) => {
      const decoded = decode(leaf);
      return decoded.ok && decoded.leaf.kind === 'review'
        ? decoded.leaf.demands.map((each) => each.people)
        : decoded;
    };
    const sam = { kind: 'person', name: 'sam' };
    const eve = { kind: 'person', name: 'eve' };
    const dba = { kind: 'group', name: 'dba' };
    expect(people(demand({}))).toEqual([['sam']]);
    expect(people(demand({ approvers: [sam, dba] }))).toEqual([null]);
    expect(people(demand({ escalation: [{ afterMs: 1, approvers: [eve, sam] }] }))).toEqual([['sam', 'eve']]);
    expect(people(demand({ escalation: [{ afterMs: 1, approvers: [dba] }] }))).toEqual([null]);
  });

  it.each([
    ['demands', { ...review, demands: ['dba'] }],
    ['approvers', demand({ approvers: ['sam'] })],
    ['escalation', demand({ escalation: ['dba'] })],
    ['passkeyFromRisk', demand({ passkeyFromRisk: '50' })],
    ['passkeyFromRisk', demand({ passkeyFromRisk: -1 })],
    ['quorum', demand({ quorum: 0 })],
    ['rejections', demand({ rejections: 0 })],
    ['excluded', demand({ excluded: [1] })],
    ['durationMs', { ...outcome, outcome: { ...(outcome['outcome'] as Leaf), durationMs: '5' } }],
  ])('with something else for %s is malformed', (name, leaf) => {
    expect(decode(leaf)).toEqual(member(name));
  });

  it('of an erasure says whose values are gone, and who had it done', () => {
    expect(decode(erasure({ kind: 'agent', name: 'sync' }))).toEqual({
      ok: true,
      leaf: {
        ...{ kind: 'erasure', action: null, at: 5, commitment: null },
        erasure: { by: 'ada', subject: { kind: 'agent', name: 'sync' } },
      },
    });
    expect(decode(erasure({ kind: 'person', name: 'ana' }))).toMatchObject({ ok: true });
    expect(decode(erasure({ kind: 'group', name: 'dba' }))).toEqual(member('kind'));
    expect(decode(erasure({ kind: 'agent', name: '' }))).toEqual(member('name'));
    expect(decode(erasure({ kind: 'agent', name: 'sync' }, { by: '' }))).toEqual(member('by'));
    expect(decode({ action: null, at: 5, kind: 'erasure', version: 1 })).toEqual(member('erasure'));
  });

  it('is about an action, or about none, as its kind says', () => {
    expect(decode({ ...intent, action: null })).toEqual(member('action'));
    expect(decode({ ...erasure({ kind: 'agent', name: 'sync' }), action: 'act_1' })).toEqual(
      member('action'),
    );
    expect(seal(heldStory()).every(({ leaf }) => decodeLeaf(leaf).ok)).toBe(true);
  });
});
