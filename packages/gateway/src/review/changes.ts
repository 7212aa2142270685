/** What each change of a review writes: the review's new state, and its entries. */
import type { Judgment } from '../core/attention.ts';
import type { Notice } from '../core/delivery.ts';
import type { DueSteps } from '../core/due.ts';
import { answerEntry, previewEntry, questionEntry } from '../core/clarification-entries.ts';
import {
  grantEntry,
  noticeEntry,
  retractionEntry,
  reviewEntry,
  voteEntry,
  type SealedEntry,
} from '../core/entry.ts';
import type { Grant } from '../core/grant.ts';
import type { GrantId } from '../core/ids.ts';
import type { Preview } from '../core/preview.ts';
import { wordsOf } from '../core/reading.ts';
import type { Review } from '../core/review.ts';
import type { Change, Mutation } from '../stores/store.ts';
import type { Limits } from '../limits.ts';
import type { Hashing, Outbox, Random } from '../ports.ts';
import { passkeyChecks } from './signing.ts';

export interface ChangePorts {
  readonly hashing: Hashing;
  readonly random: Random;
  readonly limits: Limits;
  /** Left out: nobody outside is told. */
  readonly outbox?: Outbox;
}

const SALT_BYTES = 16;
const CLOSE: Notice = { kind: 'close' };

/** What is kept of the decision that the review's last vote is. */
export function judgmentOf(review: Review): Judgment {
  const vote = review.votes.at(-1);
  if (vote === undefined) throw new Error('a judgment without a vote');
  const { identity, person, kind, atMs } = vote;
  const { id, openedAtMs } = review;
  return { review: id, identity, person, kind, openedAtMs, atMs, words: wordsOf(review) };
}

export class Changes {
  readonly #ports: ChangePorts;

  constructor(ports: ChangePorts) {
    this.#ports = ports;
  }

  #sealing() {
    const { hashing, random } = this.#ports;
    return {
      salt: hashing.base64url(random.bytes(SALT_BYTES)),
      sha256Base64url: hashing.sha256Base64url,
    };
  }

  /** The review's new state, with what has to be told of it. */
  #update(review: Review, ...notices: readonly Notice[]): Mutation[] {
    return [{ kind: 'review.update', review }, ...this.tell(review, ...notices)];
  }

  /** Deliveries for the change that makes the review what it is. */
  tell(review: Review, ...notices: readonly Notice[]): readonly Mutation[] {
    return notices.flatMap((notice) => this.#ports.outbox?.tell(review, notice) ?? []);
  }

  /** The last vote of `review` is the one that was cast. */
  ofVote(review: Review, isWaitedFor: boolean): Change {
    const { commitment, action } = review.subject;
    const vote = review.votes.at(-1);
    if (vote === undefined) throw new Error('a change without a vote');
    const voted = { kind: 'update', change: 'voted', vote: review.votes.length - 1 } as const;
    const told = this.tell(review, voted, ...(review.state.status === 'pending' ? [] : [CLOSE]));
    const mutations: Mutation[] = [{ kind: 'review.update', review }, ...passkeyChecks([vote]), ...told];
    const entries: SealedEntry[] = [voteEntry(review, vote, commitment, this.#sealing())];
    if (review.state.status !== 'pending') entries.push(reviewEntry(review, commitment, vote.atMs));
    if (review.state.status === 'approved') {
      const grant = this.#newGrant(review, review.state.grant, isWaitedFor);
      mutations.push({ kind: 'grant.issue', grant });
      entries.push(grantEntry(grant, action, commitment));
    }
    return { mutations, entries };
  }

  #newGrant(review: Review, id: GrantId, isWaitedFor: boolean): Grant {
    const { subject, state } = review;
    const { limits } = this.#ports;
    const issuedAtMs = state.status === 'approved' ? state.resolvedAtMs : review.openedAtMs;
    const binding = {
      digest: subject.digest,
      agent: subject.requester.agent,
      target: subject.target.name,
      environment: subject.target.environment,
    };
    const lifeMs = isWaitedFor ? limits.grantMs : limits.grantAwayMs;
    const expiresAtMs = issuedAtMs + lifeMs;
    return { id, review: review.id, binding, issuedAtMs, expiresAtMs, state: { status: 'live' } };
  }

  ofRetraction(review: Review, identity: string, channel: string): Change {
    const at = review.votes.findLastIndex((each) => each.identity === identity);
    const vote = review.votes[at];
    if (typeof vote?.retractedAtMs !== 'number') throw new Error('a change without a retraction');
    const retracted = { ...vote, retractedAtMs: vote.retractedAtMs };
    const sealing = { ...this.#sealing(), channel };
    const entry = retractionEntry(review, retracted, review.subject.commitment, sealing);
    const mutations = this.#update(review, { kind: 'update', change: 'retracted', vote: at });
    return { mutations, entries: [entry] };
  }

  ofQuestion(review: Review): Change {
    const question = review.questions.at(-1);
    if (question === undefined) throw new Error('a change without a question');
    const entry = questionEntry(review, question, review.subject.commitment, this.#sealing());
    const mutations = this.#update(review, { kind: 'question', question: question.id });
    return { mutations, entries: [entry] };
  }

  ofAnswer(review: Review, question: number): Change {
    const answer = review.questions.find((each) => each.id === question)?.answer;
    if (answer === null || answer === undefined) throw new Error('a change without an answer');
    const entry = answerEntry(review, { question, answer }, review.subject.commitment, this.#sealing());
    return { mutations: this.#update(review, { kind: 'answer', question }), entries: [entry] };
  }

  ofPreview(review: Review): Change {
    if (review.preview === null) throw new Error('a change without a preview');
    const entry = this.previewOf(review, review.preview);
    return { mutations: this.#update(review, { kind: 'update', change: 'previewed' }), entries: [entry] };
  }

  /**
   * Reminders leave no entry; a step of an escalation does, because from then on other people count.
   * @param told what people are to hear of it.
   */
  ofAnnouncement(review: Review, { escalations }: DueSteps, atMs: number, told: readonly Notice[]): Change {
    const entries = escalations.map(({ demand, step }) => {
      const policy = review.subject.demands[demand]?.policy ?? '';
      const details = { review: review.id, policy, step: (step + 1).toString() };
      return noticeEntry('review.escalated', details, atMs);
    });
    return { mutations: this.#update(review, ...told), entries };
  }

  /** The entry alone, for a review that has its preview from the start. */
  previewOf(review: Review, preview: Preview): SealedEntry {
    return previewEntry(review, preview, review.subject.commitment, this.#sealing());
  }

  /** The notice says why: the state of a review has a word for its end alone. */
  ofOutdated(review: Review, atMs: number): Change {
    const { mutations, entries } = this.ofEnd(review, atMs);
    return { mutations, entries: [...entries, noticeEntry('review.outdated', { review: review.id }, atMs)] };
  }

  /** A review that ended without a vote. */
  ofEnd(review: Review, atMs: number): Change {
    const entry = reviewEntry(review, review.subject.commitment, atMs);
    return { mutations: this.#update(review, CLOSE), entries: [entry] };
  }
}
