/** What approves, and what doesn't, as a log tells it. */
import { expect, test } from 'vitest';
import { canonicalize } from './canonical.ts';
import { decodeLeaf } from './leaf.ts';
import { Rules } from './rules.ts';
import { heldStory } from '../test/support.ts';
import type { Leaf } from '../test/support.ts';

function findings(leaves: readonly Leaf[]): string[] {
  const found: string[] = [];
  const rules = new Rules(({ code, index }) => void found.push(`${code}@${index}`));
  for (const [index, leaf] of leaves.entries()) {
    const decoded = decodeLeaf(canonicalize(leaf));
    if (!decoded.ok) throw new Error(decoded.detail);
    rules.observe(index, decoded.leaf);
  }
  return found;
}

const story = (change: (leaf: Leaf) => Leaf = (leaf) => leaf): Leaf[] =>
  heldStory().map(({ leaf }) => change(leaf));
const group = (name: string): Leaf => ({ approvers: [{ kind: 'group', name }], policy: name, quorum: 1 });
const withDemands = (...demands: readonly Leaf[]) =>
  story((leaf) => (leaf['kind'] === 'review' ? { ...leaf, demands: [...demands] } : leaf));
const withVote = (leaves: readonly Leaf[], more: Leaf): Leaf[] =>
  leaves.map((leaf) =>
    leaf['kind'] === 'vote' ? { ...leaf, vote: { ...(leaf['vote'] as Leaf), ...more } } : leaf,
  );

test('every demand is to be met, and not one of them', () => {
  expect(findings(withDemands(group('dba')))).toEqual([]);
  expect(findings(withDemands(group('dba'), { ...group('cfo'), quorum: 2 }))).toEqual([
    'review.not_approved@5',
  ]);
  expect(findings(withDemands({ ...group('cfo'), quorum: 2 }, group('dba')))).toEqual([
    'review.not_approved@5',
  ]);
});

test('a rejection is no approval, though it ends nothing', () => {
  const patient = { ...group('dba'), rejections: 2 };
  expect(findings(withVote(withDemands(patient), { kind: 'reject' }))).toEqual(['review.not_approved@5']);
  expect(findings(withVote(withDemands(group('dba')), { kind: 'reject' }))).toEqual([
    'review.not_open@3',
    'grant.unfounded@4',
    'grant.missing@5',
  ]);
});

test('an approval by somebody who is excluded, or whom nobody asked, is none', () => {
  const demand = { ...group('dba'), excluded: ['dora'] };
  expect(findings(withDemands(demand))).toEqual(['review.not_approved@5']);
  const person = { ...group('dba'), approvers: [{ kind: 'person', name: 'eve' }] };
  expect(findings(withDemands(person))).toEqual(['review.not_approved@5']);
  expect(findings(withVote(withDemands(person), { person: 'eve' }))).toEqual([]);
});

test('a grant is for what was reviewed', () => {
  const other = story((leaf) =>
    leaf['kind'] === 'grant'
      ? { ...leaf, binding: { ...(leaf['binding'] as Leaf), subject: 'other' } }
      : leaf,
  );
  expect(findings(other)).toEqual(['grant.mismatch@4', 'grant.mismatch@5']);
});

test('a passkey is revoked by its owner’s entry alone, and registered once', () => {
  const passkey = (event: string, identity: string): Leaf => ({
    ...{ action: null, at: 1, kind: 'passkey', version: 1 },
    passkey: { event, id: 'pk_1', identity, key: 'k', origin: 'https://o', person: 'p', rpId: 'o' },
  });
  expect(findings([passkey('registered', 'p-1'), passkey('revoked', 'p-1')])).toEqual([]);
  expect(findings([passkey('registered', 'p-1'), passkey('revoked', 'p-2')])).toEqual([
    'passkey.unfounded@1',
  ]);
  expect(findings([passkey('registered', 'p-1'), passkey('registered', 'p-1')])).toEqual([
    'passkey.unfounded@1',
  ]);
  expect(findings([passkey('revoked', 'p-1')])).toEqual(['passkey.unfounded@0']);
});
