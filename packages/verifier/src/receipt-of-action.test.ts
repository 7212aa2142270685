import { describe, expect, it } from 'vitest';
import { canonicalize, commitmentOf } from './index.ts';
import { heldStory, seal, sha256, wholeStory } from '../test/support.ts';
import type { Draft, Leaf } from '../test/support.ts';
import { at, detailOf, failed, reportOn, storyWith, without } from '../test/receipts.ts';

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
