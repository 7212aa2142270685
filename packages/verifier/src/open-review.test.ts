import { describe, expect, it } from 'vitest';
import { canonicalize } from './index.ts';
import { decodeLeaf } from './leaf.ts';
import { Rules } from './rules.ts';
import { heldStory } from '../test/support.ts';
import type { Leaf } from '../test/support.ts';

/** Where things stand in `heldStory`. */
const at = { opened: 1, vote: 2, approved: 3, intent: 5 };

/** What the rules find in these entries. */
function findingsIn(leaves: readonly Leaf[]): string[] {
  const found: string[] = [];
  const rules = new Rules(({ code }) => found.push(code));
  for (const [index, leaf] of leaves.entries()) {
    const decoded = decodeLeaf(canonicalize(leaf));
    if (!decoded.ok) throw new Error(decoded.detail);
    rules.observe(index, decoded.leaf);
  }
  return found;
}

const leaves = (): Leaf[] => heldStory().map((draft) => draft.leaf);
const base = (): Leaf => {
  const { action, at: time, commitment, review, subject, version } = leaves()[at.vote]!;
  return {
    action: action!,
    at: time!,
    commitment: commitment!,
    review: review!,
    subject: subject!,
    version: version!,
  };
};
const vote = (person: string, given: Leaf = {}): Leaf => ({
  ...base(),
  kind: 'vote',
  vote: { channel: 'cli', kind: 'approve', person, ...given },
});
const demand = (given: Leaf = {}): Leaf => ({
  approvers: [{ kind: 'group', name: 'dba' }],
  policy: 'pii',
  quorum: 1,
  ...given,
});

/** The story with these votes, and a review that demands this. */
function storyWith(
  votes: readonly Leaf[],
  demands: readonly Leaf[] = [demand()],
  requester: Leaf = {},
): Leaf[] {
  const story = leaves().map((leaf) => ({
    ...leaf,
    ...('status' in leaf ? { demands: [...demands] } : {}),
    ...('requester' in leaf ? { requester: { ...(leaf['requester'] as Leaf), ...requester } } : {}),
  }));
  return [...story.slice(0, at.vote), ...votes, ...story.slice(at.approved)];
}

describe('who counts towards an approval', () => {
  it('somebody whose vote stands', () => {
    expect(findingsIn(storyWith([vote('dora')]))).toEqual([]);
  });

  it('not a vote that was taken back, but one that was cast anew', () => {
    const retract = vote('dora', { kind: 'retract' });
    expect(findingsIn(storyWith([vote('dora'), retract]))).toEqual(['review.not_approved']);
    expect(findingsIn(storyWith([vote('dora'), retract, vote('dora')]))).toEqual([]);
    expect(findingsIn(storyWith([retract, vote('dora')]))).toEqual(['vote.unfounded']);
  });

  it('one person once, whatever accounts they use', () => {
    const two = [demand({ quorum: 2 })];
    const accounts = [vote('dora', { identity: '7' }), vote('dora-admin', { identity: '7' })];
    expect(findingsIn(storyWith(accounts, two))).toEqual(['vote.repeated', 'review.not_approved']);
    expect(findingsIn(storyWith([vote('dora'), vote('erin')], two))).toEqual([]);
  });

  it('nobody who stands behind the request, by name or identity', () => {
    for (const own of [vote('kim'), vote('dora', { identity: 'kim' })]) {
      expect(findingsIn(storyWith([own], [demand()], { parties: ['kim'] }))).toEqual([
        'vote.own_request',
        'review.not_approved',
      ]);
    }
  });

  it('nobody whom the demand excludes, by name or identity', () => {
    for (const excluded of [['dora'], ['personnel-7']]) {
      const author = vote('dora', { identity: 'personnel-7' });
      expect(findingsIn(storyWith([author], [demand({ excluded })]))).toEqual(['review.not_approved']);
    }
  });

  it('only a signed vote, from the risk on that the demand names', () => {
    const unsigned = storyWith([vote('dora')], [demand({ passkeyFromRisk: 40 })]);
    expect(findingsIn(unsigned)).toEqual(['review.not_approved']);
    expect(findingsIn(storyWith([vote('dora')], [demand({ passkeyFromRisk: 41 })]))).toEqual([]);
    const passkey = {
      event: 'registered',
      id: 'pky_1',
      identity: 'dora',
      key: 'k',
      origin: 'o',
      person: 'dora',
    };
    const registered: Leaf = {
      action: null,
      at: 1,
      kind: 'passkey',
      passkey: { ...passkey, rpId: 'r' },
      version: 1,
    };
    const signed = [vote('dora', { signed: true, passkey: 'pky_1' })];
    const story = storyWith(signed, [demand({ passkeyFromRisk: 0 })]);
    expect(findingsIn([registered, ...story])).toEqual([]);
    // A signature with a passkey that the voter does not have, or has no more when it is used, is none.
    expect(findingsIn(story)).toEqual(['vote.passkey_unfounded', 'review.not_approved']);
    const others = { ...registered, passkey: { ...passkey, identity: 'mallory', rpId: 'r' } };
    expect(findingsIn([others, ...story])).toEqual(['vote.passkey_unfounded', 'review.not_approved']);
    const revoked = { ...registered, passkey: { ...passkey, event: 'revoked', rpId: 'r' } };
    const late = [registered, ...story.slice(0, -2), revoked, ...story.slice(-2)];
    expect(findingsIn(late)).toEqual(['review.not_approved']);
    expect(findingsIn([revoked, registered, registered])).toEqual(['passkey.unfounded', 'passkey.unfounded']);
  });

  it('the riskiest is assumed of an attempt without a score', () => {
    const story = storyWith([vote('dora')], [demand({ passkeyFromRisk: 100 })]);
    const unscored = story.map((leaf) => ('risk' in leaf ? { ...leaf, risk: null } : leaf));
    expect(findingsIn(unscored)).toEqual(['review.not_approved']);
  });

  it('the people of the demand and of its escalation, where it names people only', () => {
    const erin = { kind: 'person', name: 'erin' };
    const dora = { kind: 'person', name: 'dora' };
    const escalated = [demand({ approvers: [erin], escalation: [{ afterMs: 1, approvers: [dora] }] })];
    expect(findingsIn(storyWith([vote('dora')], escalated))).toEqual([]);
    expect(findingsIn(storyWith([vote('dora')], [demand({ approvers: [erin] })]))).toEqual([
      'review.not_approved',
    ]);
  });
});

describe('rejections', () => {
  const rejection = (person: string): Leaf => vote(person, { kind: 'reject' });

  it('end the review once there are enough of them', () => {
    const two = [demand({ rejections: 2 })];
    expect(findingsIn(storyWith([rejection('erin'), vote('dora')], two))).toEqual([]);
    const ended = findingsIn(storyWith([rejection('erin'), rejection('fay'), vote('dora')], two));
    expect(ended).toContain('vote.review_not_open');
    expect(findingsIn(storyWith([rejection('erin'), vote('dora')]))).toContain('vote.review_not_open');
  });

  it('taken back no longer count', () => {
    const back = vote('erin', { kind: 'retract' });
    const two = [demand({ rejections: 2 })];
    expect(findingsIn(storyWith([rejection('erin'), back, rejection('fay'), vote('dora')], two))).toEqual([]);
  });
});

describe('questions, answers and previews', () => {
  it.each(['question', 'answer', 'preview'])('a %s belongs to an open review of the same subject', (kind) => {
    const said: Leaf = { ...base(), kind };
    const story = leaves();
    expect(findingsIn([...story.slice(0, 2), said, ...story.slice(2)])).toEqual([]);
    const elsewhere = { ...said, subject: 'another' };
    expect(findingsIn([...story.slice(0, 2), elsewhere, ...story.slice(2)])).toEqual([
      'clarification.unfounded',
    ]);
    expect(findingsIn([...story, said])).toEqual(['clarification.unfounded']);
  });
});

describe('a review that another took the place of', () => {
  it('is over', () => {
    const story = leaves();
    const superseded = { ...story[at.opened]!, status: 'superseded' };
    const late = [...story.slice(0, at.vote), superseded, ...story.slice(at.vote)];
    expect(findingsIn(late)).toContain('vote.review_not_open');
  });
});

describe('a leaf', () => {
  it.each<[string, Leaf]>([
    ['rejections', demand({ rejections: 0 })],
    ['excluded', demand({ excluded: [7] })],
    ['passkeyFromRisk', demand({ passkeyFromRisk: -1 })],
  ])('whose %s is no such thing is refused', (member, wrong) => {
    const leaf = { ...leaves()[at.opened]!, demands: [wrong] };
    expect(decodeLeaf(canonicalize(leaf))).toEqual({ ok: false, detail: `member ${member}` });
  });
});

describe('a vote with the right of somebody else', () => {
  const two = [demand({ quorum: 2 })];
  const named = [demand({ approvers: [{ kind: 'person', name: 'dora' }] })];

  it.each<[string, Leaf[], Leaf[], string[]]>([
    ['counts where its owner is named', [vote('kim', { rights: ['dora'] })], named, []],
    [
      'does not count where nobody of them is named',
      [vote('kim', { rights: ['lee'] })],
      named,
      ['review.not_approved'],
    ],
    [
      'sits in its owner’s seat',
      [vote('dora'), vote('kim', { rights: ['dora'] })],
      two,
      ['review.not_approved'],
    ],
    ['fills a seat of its own beside others', [vote('mia'), vote('kim', { rights: ['dora'] })], two, []],
    [
      'counts as the voter’s own too, where it says so',
      [vote('dora'), vote('kim', { rights: ['kim', 'dora'] })],
      two,
      [],
    ],
    [
      'does not count where its owner is excluded',
      [vote('kim', { rights: ['dora'] })],
      [demand({ excluded: ['dora'] })],
      ['review.not_approved'],
    ],
  ])('%s', (_, votes, demands, found) => {
    expect(findingsIn(storyWith(votes, demands))).toEqual(found);
  });

  it('of whoever asked is their own request', () => {
    const found = findingsIn(
      storyWith([vote('kim', { rights: ['dora'] })], [demand()], { parties: ['dora'] }),
    );
    expect(found).toContain('vote.own_request');
  });
});
