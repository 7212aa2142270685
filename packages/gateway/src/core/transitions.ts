/** Every way in which a review changes. Pure: the review after it, or why not. */
import {
  demandsMet,
  expiryOf,
  isEntitled,
  isEntitledTo,
  isParty,
  isRejected,
  needsPasskey,
  rightsTo,
  type Electorate,
} from './electorate.ts';
import type { GrantId, ReviewId } from './ids.ts';
import type { Agent, Person } from './identity.ts';
import type { Preview } from './preview.ts';
import type { VoteRefusal, VoteRefusalCode } from './reasons.ts';
import { err, ok, type Result } from './result.ts';
import { explainEnd, howLongAgo } from './review-words.ts';
import { standingVotes, type Answer, type Question, type Review, type Vote } from './review.ts';

type Changed = Result<Review, VoteRefusal>;

export interface Ballot {
  readonly voter: Agent | Person;
  readonly vote: Vote;
  /** The digest of what a surface would show of the review now. */
  readonly rendering: string;
  /** The id of the grant, should this vote be the one that approves. */
  readonly grant: GrantId;
}

const refuse = (
  code: VoteRefusalCode,
  message: string,
): { readonly ok: false; readonly error: VoteRefusal } => err({ code, message });

const next = (review: Review, changes: Partial<Review>): Review => ({
  ...review,
  ...changes,
  revision: review.revision + 1,
});

const isOver = (review: Review, atMs: number): boolean =>
  review.state.status !== 'pending' || atMs >= review.expiresAtMs;

interface Actor {
  readonly voter: Agent | Person;
  readonly atMs: number;
}

/** Who may judge at all, in the order in which the answers say least to somebody who may know nothing. */
function admit(review: Review, { voter, atMs }: Actor, electorate: Electorate): Result<Person, VoteRefusal> {
  if (voter.kind !== 'person')
    return refuse('vote.not_a_person', 'Only a person can vote; this is an agent’s credential.');
  if (isParty(review.subject.requester, voter)) {
    return refuse(
      'vote.own_request',
      'You can’t decide on what you, or an agent that acts for you, asked for.',
    );
  }
  // Who they are now: a right may have been lost since they were let in (threat B6).
  const person = electorate.person(voter.name);
  if (person === undefined || !isEntitled(review, person, atMs, electorate))
    return refuse('vote.not_entitled', 'You aren’t among those who may decide on this review.');
  if (isOver(review, atMs)) return refuse('review.over', explainEnd(review, atMs));
  return ok(person);
}

/** What the voter saw must be what is there (threat A4), and a vote must be whole. */
function examine(review: Review, ballot: Ballot, electorate: Electorate): Result<Person, VoteRefusal> {
  const { voter, vote } = ballot;
  const admitted = admit(review, { voter, atMs: vote.atMs }, electorate);
  if (!admitted.ok) return admitted;
  if (vote.digest !== review.subject.digest) {
    return refuse(
      'vote.digest_mismatch',
      'What you were shown is not what would run. Open the review again.',
    );
  }
  if (vote.rendering !== ballot.rendering) {
    return refuse(
      'vote.rendering_mismatch',
      'Something about this review has changed since you looked: an answer, a preview or a policy. Open it again.',
    );
  }
  if (vote.kind === 'reject' && vote.reason.trim() === '')
    return refuse('vote.reason_required', 'A rejection needs a reason: the agent is told it.');
  const earlier = standingVotes(review).find((each) => each.identity === admitted.value.identity);
  if (earlier !== undefined) {
    const when = howLongAgo(vote.atMs - earlier.atMs);
    return refuse(
      'vote.duplicate',
      `You voted to ${earlier.kind} ${when}. Take that back before you vote again.`,
    );
  }
  const at = { person: admitted.value, atMs: vote.atMs };
  if (vote.kind === 'approve' && !isInTime(review, at, electorate))
    return refuse('review.over', 'What you may approve here is past its time. You can still reject it.');
  if (vote.passkey !== null && vote.atMs >= vote.passkey.expiresAtMs)
    return refuse('vote.passkey_invalid', 'What you signed has expired. Sign again.');
  if (vote.kind === 'approve' && vote.passkey === null && hasToBeSigned(review, at, electorate)) {
    return refuse('vote.passkey_required', 'An approval of this action has to be signed with your passkey.');
  }
  return admitted;
}

/** Whether a demand that the voter is entitled to still takes approvals; others may give the review more time. */
function isInTime(
  review: Review,
  voter: { readonly person: Person; readonly atMs: number },
  electorate: Electorate,
): boolean {
  return review.schedule.some(
    ({ expiresAtMs }, index) => voter.atMs < expiresAtMs && isEntitledTo(review, index, voter, electorate),
  );
}

/**
 * Whether any demand that the voter can help to meet asks for a signature. An unsigned vote that counted towards the
 * others alone would take the voter's one vote, and leave that demand without it.
 */
function hasToBeSigned(
  review: Review,
  voter: { person: Person; atMs: number },
  electorate: Electorate,
): boolean {
  return review.subject.demands.some(
    (demand, index) => needsPasskey(review, demand) && isEntitledTo(review, index, voter, electorate),
  );
}

/** The transition for a vote: the review with the vote counted, resolved if that is what the vote does. */
export function castVote(review: Review, ballot: Ballot, electorate: Electorate): Changed {
  const examined = examine(review, ballot, electorate);
  if (!examined.ok) return examined;
  const vote = withRights(review, ballot.vote, examined.value, electorate);
  const voted = next(review, { votes: [...review.votes, vote] });
  if (isRejected(voted, electorate)) {
    const { person: by, reason, atMs: resolvedAtMs } = vote;
    return ok({ ...voted, state: { status: 'rejected', resolvedAtMs, by, reason } });
  }
  // A rejection approves nothing, though a right that somebody lost has come back since and completes the quorum.
  if (vote.kind === 'approve' && demandsMet(voted, electorate))
    return ok({ ...voted, state: { status: 'approved', resolvedAtMs: vote.atMs, grant: ballot.grant } });
  return ok({ ...voted, expiresAtMs: expiryOf(voted, electorate) });
}

/** The vote, with whose rights it counts where those aren't the voter's own alone. */
function withRights(review: Review, vote: Vote, person: Person, electorate: Electorate): Vote {
  const voter = { person, atMs: vote.atMs };
  const all = review.subject.demands.flatMap((_, index) => rightsTo(review, index, voter, electorate));
  const rights = [...new Set(all.map(({ name }) => name))].sort();
  return rights.every((name) => name === person.name) ? vote : { ...vote, rights };
}

/** The voter takes a vote back while the review is pending; afterwards they may vote anew. */
export function retractVote(review: Review, { voter, atMs }: Actor, electorate: Electorate): Changed {
  const admitted = admit(review, { voter, atMs }, electorate);
  if (!admitted.ok) return admitted;
  const { identity } = admitted.value;
  const standing = standingVotes(review).find((vote) => vote.identity === identity);
  if (standing === undefined)
    return refuse('vote.nothing_to_retract', 'You have no vote on this review to take back.');
  const votes = review.votes.map((vote) => (vote === standing ? { ...vote, retractedAtMs: atMs } : vote));
  const retracted = next(review, { votes });
  return ok({ ...retracted, expiresAtMs: expiryOf(retracted, electorate) });
}

export interface Asking {
  readonly asker: Agent | Person;
  readonly question: Omit<Question, 'id' | 'by' | 'answer'>;
  readonly mostQuestions: number;
}

/** A reviewer asks the agent, or the person for whom it acts. */
export function askQuestion(review: Review, asking: Asking, electorate: Electorate): Changed {
  const { asker, question, mostQuestions } = asking;
  const admitted = admit(review, { voter: asker, atMs: question.atMs }, electorate);
  if (!admitted.ok) return admitted;
  if (question.text.trim() === '') return refuse('question.empty', 'The question has no text.');
  if (review.questions.length >= mostQuestions) {
    const message = `This review has ${mostQuestions.toString()} questions, which is the limit. Reject it with a reason, or decide.`;
    return refuse('question.too_many', message);
  }
  const asked: Question = {
    ...question,
    id: review.questions.length + 1,
    by: admitted.value.name,
    answer: null,
  };
  return ok(next(review, { questions: [...review.questions, asked] }));
}

export interface Answering {
  readonly answerer: Agent | Person;
  readonly question: number;
  readonly answer: Omit<Answer, 'by' | 'kind'>;
}

/** The agent, or a person for whom it acts, answers once. The digest stays what it is. */
export function answerQuestion(review: Review, answering: Answering, electorate: Electorate): Changed {
  const { answerer, answer } = answering;
  if (!mayAnswer(review, answerer, electorate))
    return refuse(
      'question.not_yours',
      'Only the agent that asked, or the person for whom it acts, answers.',
    );
  if (isOver(review, answer.atMs)) return refuse('review.over', explainEnd(review, answer.atMs));
  const question = review.questions.find((each) => each.id === answering.question);
  if (question === undefined) return refuse('question.not_found', 'This review has no such question.');
  if (question.to === 'sponsor' && answerer.kind === 'agent')
    return refuse('question.not_yours', 'This question is for the person for whom you act.');
  if (question.answer !== null)
    return refuse('question.answered', `${question.answer.by} has answered this question already.`);
  if (answer.text.trim() === '') return refuse('question.empty', 'The answer has no text.');
  const answered = { ...question, answer: { ...answer, by: answerer.name, kind: answerer.kind } };
  const questions = review.questions.map((each) => (each === question ? answered : each));
  return ok(next(review, { questions }));
}

function mayAnswer({ subject }: Review, answerer: Agent | Person, electorate: Electorate): boolean {
  if (answerer.kind === 'agent') return answerer.name === subject.requester.agent;
  const person = electorate.person(answerer.name);
  return person !== undefined && !person.disabled && isParty(subject.requester, person);
}

/** The gateway's own evidence has come; undefined when the review is over. */
export function attachPreview(review: Review, preview: Preview): Review | undefined {
  return review.state.status === 'pending' ? next(review, { preview }) : undefined;
}

/** What was due until then has been announced; undefined when the review is over. */
export function announce(review: Review, announcedUntilMs: number): Review | undefined {
  return review.state.status === 'pending' ? next(review, { announcedUntilMs }) : undefined;
}

/** The transition of time; undefined while it isn't due or when the review is over. */
export function expire(review: Review, nowMs: number): Review | undefined {
  if (review.state.status !== 'pending' || nowMs < review.expiresAtMs) return undefined;
  return next(review, { state: { status: 'expired', resolvedAtMs: nowMs } });
}

/** The transition of the requester's giving up; undefined when the review is over. */
export function withdraw(review: Review, nowMs: number, reason: string): Review | undefined {
  if (review.state.status !== 'pending') return undefined;
  return next(review, { state: { status: 'withdrawn', resolvedAtMs: nowMs, reason } });
}

/** The transition of the requester's asking for something else instead; undefined when the review is over. */
export function supersede(review: Review, nowMs: number, by: ReviewId): Review | undefined {
  if (review.state.status !== 'pending') return undefined;
  return next(review, { state: { status: 'superseded', resolvedAtMs: nowMs, by } });
}
