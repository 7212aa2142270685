import { describe, expect, test } from 'vitest';
import {
  agent,
  demand,
  DIGEST,
  electorate,
  person,
  RENDERING,
  requester,
  review,
} from '../../test/support/subjects.ts';
import { approversAt, expiryOf, isParty, standingsOf, unmeetableDemands } from './electorate.ts';
import { partiesOf, type Person } from './identity.ts';
import { renderingForm } from './rendering.ts';
import { explainEnd, explainRun, howLongAgo } from './review-words.ts';
import { openQuestions, standingVotes, type Review, type Vote } from './review.ts';
import {
  answerQuestion,
  askQuestion,
  attachPreview,
  castVote,
  retractVote,
  supersede,
} from './transitions.ts';

const sam = person('sam', ['stewards']);
const kim = person('kim', ['stewards']);
const ana = person('ana', ['stewards']);
const everybody = electorate([sam, kim, ana, person('olga')]);

const ask = (from: Review, given: Partial<Parameters<typeof askQuestion>[1]> = {}) => {
  const question = { to: 'agent', text: 'What for?', atMs: 2_000, channel: 'cli' } as const;
  return askQuestion(from, { asker: sam, question, mostQuestions: 2, ...given }, everybody);
};
const answer = (
  from: Review,
  given: Partial<Parameters<typeof answerQuestion>[1]> = {},
  people = everybody,
) => {
  const said = { text: 'For the newsletter.', atMs: 3_000, channel: 'api' };
  return answerQuestion(from, { answerer: agent, question: 1, answer: said, ...given }, people);
};
const vote = (voter: Person, given: Partial<Vote> = {}): Vote => ({
  person: voter.name,
  identity: voter.identity,
  kind: 'approve',
  reason: 'because',
  digest: DIGEST,
  rendering: RENDERING,
  atMs: 2_000,
  channel: 'cli',
  passkey: null,
  retractedAtMs: null,
  ...given,
});
const cast = (from: Review, voter: Person, given: Partial<Vote> = {}, people = everybody) =>
  castVote(
    from,
    { voter, vote: vote(voter, given), rendering: RENDERING, grant: 'gra_01hzzzzzzzzzzzzzzzzzzzzzzz' },
    people,
  );

type Outcome = ReturnType<typeof ask>;
const codeOf = (result: Outcome): string => (result.ok ? result.value.state.status : result.error.code);
function valueOf(result: Outcome): Review {
  if (!result.ok) throw new Error(result.error.code);
  return result.value;
}

const proof = {
  passkey: 'pky_1',
  publicKey: { kty: 'OKP', crv: 'Ed25519', x: 'k' } as const,
  authenticatorData: 'a',
  clientDataJSON: 'd',
  signature: 's',
  nonce: 'n',
  expiresAtMs: 9_000,
};

describe('a question', () => {
  test('is asked, answered once in the agent’s own words, and leaves the digest what it is', () => {
    const asked = valueOf(ask(review()));
    expect(openQuestions(asked)).toHaveLength(1);
    const answered = valueOf(answer(asked));
    expect(openQuestions(answered)).toHaveLength(0);
    expect(answered.questions[0]?.answer).toMatchObject({ by: 'reporter', kind: 'agent' });
    expect(answered.subject.digest).toBe(DIGEST);
    expect(codeOf(answer(answered))).toBe('question.answered');
  });
  test('is asked by whoever may decide, and by nobody else', () => {
    expect(codeOf(ask(review(), { asker: agent }))).toBe('vote.not_a_person');
    expect(codeOf(ask(review(), { asker: ana }))).toBe('vote.own_request');
    expect(codeOf(ask(review(), { asker: person('olga') }))).toBe('vote.not_entitled');
  });
  test('needs words, and there is a limit to questions', () => {
    const empty = { to: 'agent', text: ' \n', atMs: 2_000, channel: 'cli' } as const;
    expect(codeOf(ask(review(), { question: empty }))).toBe('question.empty');
    const twice = valueOf(ask(valueOf(ask(review()))));
    expect(codeOf(ask(twice))).toBe('question.too_many');
    expect(codeOf(answer(valueOf(ask(review())), { answer: { text: ' ', atMs: 1, channel: 'api' } }))).toBe(
      'question.empty',
    );
  });
  test('is answered by the agent that asked or the person for whom it acts, never by another', () => {
    const asked = valueOf(ask(review()));
    expect(codeOf(answer(asked, { answerer: { ...agent, name: 'other' } }))).toBe('question.not_yours');
    expect(codeOf(answer(asked, { answerer: sam }))).toBe('question.not_yours');
    const gone = electorate([{ ...ana, disabled: true }]);
    expect(codeOf(answer(asked, { answerer: ana }, gone))).toBe('question.not_yours');
    expect(codeOf(answer(asked, { answerer: ana }, electorate([])))).toBe('question.not_yours');
    expect(codeOf(answer(asked, { answerer: ana }))).toBe('pending');
    expect(codeOf(answer(asked, { question: 2 }))).toBe('question.not_found');
  });
  test('to the sponsor is not for the agent to answer', () => {
    const question = { to: 'sponsor', text: 'Did you ask for this?', atMs: 2_000, channel: 'cli' } as const;
    const asked = valueOf(ask(review(), { question }));
    expect(codeOf(answer(asked))).toBe('question.not_yours');
    expect(codeOf(answer(asked, { answerer: ana }))).toBe('pending');
  });
  test('of a review that is over is neither asked nor answered', () => {
    const over = review({ state: { status: 'expired', resolvedAtMs: 1_500 } });
    expect(codeOf(ask(over))).toBe('review.over');
    expect(codeOf(answer(over))).toBe('review.over');
    const late = { to: 'agent', text: 'Why?', atMs: 1_801_000, channel: 'cli' } as const;
    expect(codeOf(ask(review(), { question: late }))).toBe('review.over');
  });
});

describe('a vote taken back', () => {
  const two = [demand({ quorum: 2 })];
  test('no longer counts, stays in the history, and its author may vote anew', () => {
    const voted = valueOf(cast(review({}, two), sam));
    const retracted = valueOf(retractVote(voted, { voter: sam, atMs: 2_500 }, everybody));
    expect(standingVotes(retracted)).toEqual([]);
    expect(retracted.votes).toHaveLength(1);
    expect(codeOf(cast(valueOf(cast(retracted, kim)), sam))).toBe('approved');
  });
  test('was cast before, by the same person, on a review that is pending', () => {
    const voted = valueOf(cast(review({}, two), sam));
    const back = (from: Review, voter: Parameters<typeof retractVote>[1]['voter']) =>
      codeOf(retractVote(from, { voter, atMs: 2_500 }, everybody));
    expect(back(voted, kim)).toBe('vote.nothing_to_retract');
    expect(back(voted, agent)).toBe('vote.not_a_person');
    expect(back(valueOf(cast(review(), sam)), sam)).toBe('review.over');
  });
});

describe('separation of duties', () => {
  test('B2: two accounts of one person are one vote', () => {
    const admin = { ...person('sam-admin', ['stewards']), identity: 'sam' };
    const people = electorate([sam, admin, kim]);
    const voted = valueOf(cast(review({}, [demand({ quorum: 2 })]), sam, {}, people));
    expect(codeOf(cast(voted, admin, {}, people))).toBe('vote.duplicate');
    expect(unmeetableDemands(review({}, [demand({ quorum: 2 })]), electorate([sam, admin]))).toHaveLength(1);
  });
  test('law 4: nobody decides under a second account on what was asked for them', () => {
    const second = { ...person('ana-admin', ['stewards']), identity: 'ana' };
    expect(codeOf(cast(review(), second, {}, electorate([second])))).toBe('vote.own_request');
  });
  test('law 4: whoever owns the agent’s credential is a party', () => {
    const owner = { ...agent, credentialOwner: 'kim' };
    const parties = partiesOf(owner, 'ana', (name) => everybody.person(name));
    expect(parties).toEqual(['ana', 'kim']);
    expect(isParty({ ...requester, parties }, kim)).toBe(true);
    expect(isParty({ ...requester, parties }, sam)).toBe(false);
  });
  test('a person whom the demand excludes, by name or identity, is not entitled to it', () => {
    for (const excluded of [['sam'], ['personnel-7']]) {
      const author = { ...sam, identity: 'personnel-7' };
      const demands = [demand({ excluded })];
      expect(codeOf(cast(review({}, demands), author, {}, electorate([author, kim])))).toBe(
        'vote.not_entitled',
      );
    }
  });
});

describe('B6: somebody who lost the right after they were let in', () => {
  const gone = electorate([kim, { ...sam, disabled: true }]);
  test('neither approves, rejects, asks nor takes back', () => {
    expect(codeOf(cast(review(), sam, {}, gone))).toBe('vote.not_entitled');
    expect(codeOf(cast(review(), sam, { kind: 'reject' }, gone))).toBe('vote.not_entitled');
    expect(codeOf(cast(review(), sam, {}, electorate([kim])))).toBe('vote.not_entitled');
    const voted = valueOf(cast(review({}, [demand({ quorum: 2 })]), sam));
    expect(codeOf(retractVote(voted, { voter: sam, atMs: 2_500 }, gone))).toBe('vote.not_entitled');
  });
});

describe('rejections', () => {
  test('one ends the review, unless the policy demands more', () => {
    expect(codeOf(cast(review(), sam, { kind: 'reject' }))).toBe('rejected');
    const demands = [demand({ rejections: 2 })];
    const once = valueOf(cast(review({}, demands), sam, { kind: 'reject' }));
    expect(once.state.status).toBe('pending');
    expect(codeOf(cast(once, kim, { kind: 'reject' }))).toBe('rejected');
    expect(codeOf(cast(once, kim))).toBe('approved');
  });
});

describe('escalation', () => {
  const oncall = person('olga', ['oncall']);
  const people = electorate([sam, oncall]);
  const demands = [
    demand({ escalation: [{ afterMs: 60_000, approvers: [{ kind: 'group', name: 'oncall' }] }] }),
  ];
  test('adds people at its instant, and not a millisecond before', () => {
    expect(codeOf(cast(review({}, demands), oncall, { atMs: 60_999 }, people))).toBe('vote.not_entitled');
    expect(codeOf(cast(review({}, demands), oncall, { atMs: 61_000 }, people))).toBe('approved');
    expect(approversAt(review({}, demands), 0, 60_999)).toHaveLength(1);
    expect(approversAt(review({}, demands), 1, 61_000)).toEqual([]);
  });
  test('counts where it is asked whether anybody could approve', () => {
    expect(unmeetableDemands(review({}, demands), electorate([oncall]))).toEqual([]);
  });
});

describe('expiry of each demand', () => {
  const demands = [demand({ policy: 'short', expiresInMs: 10_000 }), demand({ policy: 'long', quorum: 2 })];
  const opened = (): Review => review({ expiresAtMs: 11_000 }, demands);
  test('a demand that is met no longer makes the review expire; taken back, it does again', () => {
    expect(expiryOf(opened(), everybody)).toBe(11_000);
    const voted = valueOf(cast(opened(), sam));
    expect(voted.expiresAtMs).toBe(1_801_000);
    const back = valueOf(retractVote(voted, { voter: sam, atMs: 3_000 }, everybody));
    expect(back.expiresAtMs).toBe(11_000);
  });
  test('an approval after a demand’s expiry does not count towards it', () => {
    const late = { ...opened(), expiresAtMs: 1_801_000 };
    const voted = valueOf(cast(late, sam, { atMs: 11_000 }));
    expect(standingsOf(voted, 12_000, everybody).map(({ approvals }) => approvals)).toEqual([0, 1]);
  });
});

describe('a passkey', () => {
  const demands = [demand({ passkeyFromRisk: 40 })];
  test('is needed from the risk on that the policy names', () => {
    expect(codeOf(cast(review({}, demands), sam))).toBe('vote.passkey_required');
    expect(codeOf(cast(review({}, demands), sam, { passkey: proof }))).toBe('approved');
    expect(codeOf(cast(review({}, [demand({ passkeyFromRisk: 41 })]), sam))).toBe('approved');
    expect(codeOf(cast(review({}, demands), sam, { kind: 'reject' }))).toBe('rejected');
  });
  test('an unsigned approval counts where nobody asks its voter for a signature', () => {
    const owners = [{ kind: 'group', name: 'owners' }] as const;
    const both = [
      demand({ policy: 'signed', passkeyFromRisk: 40, approvers: owners }),
      demand({ policy: 'plain' }),
    ];
    const voted = valueOf(cast(review({}, both), sam));
    expect(standingsOf(voted, 2_000, everybody).map(({ met }) => met)).toEqual([false, true]);
  });
  test('it is refused of somebody whose signature is asked for too: it would take their one vote', () => {
    const both = [...demands, demand({ policy: 'plain' })];
    expect(codeOf(cast(review({}, both), sam))).toBe('vote.passkey_required');
    expect(codeOf(cast(review({}, both), sam, { passkey: proof }))).toBe('approved');
  });
  test('what was signed counts until it expires', () => {
    const late = review({}, demands);
    expect(codeOf(cast(late, sam, { passkey: { ...proof, expiresAtMs: 2_000 }, atMs: 2_000 }))).toBe(
      'vote.passkey_invalid',
    );
  });
});

describe('what was shown', () => {
  test('A4: every part of it changes the rendering; votes do not', () => {
    const base = review();
    const form = renderingForm(base, '1');
    const changed: Review[] = [
      review({ questions: valueOf(ask(base)).questions }),
      { ...base, preview: { atMs: 1, findings: [] } },
      { ...base, supersedes: 'rev_01hzzzzzzzzzzzzzzzzzzzzzzy' },
      { ...base, id: 'rev_01hzzzzzzzzzzzzzzzzzzzzzzy' },
      { ...base, schedule: [] },
      ...Object.keys(base.subject)
        .filter((member) => !['commitment', 'salt'].includes(member))
        .map((member) => ({ ...base, subject: { ...base.subject, [member]: 'else' } })),
    ];
    for (const other of changed) expect(renderingForm(other, '1')).not.toBe(form);
    expect(renderingForm(base, '2')).not.toBe(form);
    expect(renderingForm({ ...base, votes: [vote(sam)], revision: 7 }, '1')).toBe(form);
    // Nobody who erased the action, or was never shown it, can search for it by the rendering in the ledger.
    expect(form).toContain(base.subject.salt);
  });
  test('A4: a vote on an older rendering is a conflict', () => {
    expect(codeOf(cast(review(), sam, { rendering: 'f'.repeat(64) }))).toBe('vote.rendering_mismatch');
  });
  test('a preview joins a pending review and no other', () => {
    const preview = { atMs: 2_000, findings: [] };
    expect(attachPreview(review(), preview)).toMatchObject({ preview, revision: 2 });
    expect(attachPreview(review({ state: { status: 'expired', resolvedAtMs: 1 } }), preview)).toBeUndefined();
  });
});

describe('the words for whoever comes too late', () => {
  const at = 100_000;
  const ended = (state: Review['state'], votes: readonly Vote[] = []): string =>
    explainEnd(review({ state, votes }), at + 12_000);
  test.each([
    [{ status: 'rejected', resolvedAtMs: at, by: 'kim', reason: 'no' }, 'rejected by kim 12 seconds ago'],
    [{ status: 'expired', resolvedAtMs: at }, 'it expired 12 seconds ago'],
    [{ status: 'withdrawn', resolvedAtMs: at, reason: '' }, 'withdrawn 12 seconds ago'],
    [{ status: 'superseded', resolvedAtMs: at, by: 'rev_2' }, 'decide on rev_2 instead'],
    [{ status: 'pending' }, 'past its time'],
  ] satisfies [Review['state'], string][])('%o', (state, words) => {
    expect(ended(state)).toContain(words);
  });
  test('an approval names everybody whose vote stood', () => {
    const grant = 'gra_01hzzzzzzzzzzzzzzzzzzzzzzz';
    const votes = [vote(sam), vote(kim), vote(ana, { retractedAtMs: 5 })];
    expect(ended({ status: 'approved', resolvedAtMs: at, grant }, votes)).toContain(
      'approved by sam, kim 12 seconds ago',
    );
    expect(explainRun(Date.UTC(2026, 10, 21, 14, 2, 11))).toBe(' It ran at 14:02:11 UTC.');
  });
  test('durations are in the largest unit that fits, and a clock that stepped back is now', () => {
    expect([1_000, 59_999, 60_000, 7_200_000, 172_800_000, -5].map(howLongAgo)).toEqual([
      '1 second ago',
      '59 seconds ago',
      '1 minute ago',
      '2 hours ago',
      '2 days ago',
      '0 seconds ago',
    ]);
  });
});

test('a superseded review is over, and says by what', () => {
  const by = 'rev_01hzzzzzzzzzzzzzzzzzzzzzzy';
  const ended = supersede(review(), 5_000, by);
  expect(ended?.state).toEqual({ status: 'superseded', resolvedAtMs: 5_000, by });
  expect(ended && supersede(ended, 6_000, by)).toBeUndefined();
});
