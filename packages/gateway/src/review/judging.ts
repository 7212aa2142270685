/** Law 10: the one place where votes, questions and answers are taken, whatever surface they come through. */
import { standingsOf, type Electorate } from '../core/electorate.ts';
import { entitlementsOf, type Entitlement } from '../core/entitlement.ts';
import { noticeEntry } from '../core/entry.ts';
import type { Person } from '../core/identity.ts';
import { makeId, parseId, type ReviewId } from '../core/ids.ts';
import type { VoteRefusal } from '../core/reasons.ts';
import { renderingForm } from '../core/rendering.ts';
import { requestForm } from '../core/request-form.ts';
import { explainRun } from '../core/review-words.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { PasskeyProof, Review, Vote } from '../core/review.ts';
import { answerQuestion, askQuestion, castVote, retractVote } from '../core/transitions.ts';
import type { Limits } from '../limits.ts';
import type {
  AnswerAsk,
  Clock,
  Hashing,
  Outbox,
  Passkeys,
  PolicyEngine,
  QuestionAsk,
  Random,
  RetractAsk,
  Shown,
  Store,
  VoteAsk,
} from '../ports.ts';
import type { Change, Mutation, RequestKey, StoreRefusal } from '../stores/store.ts';
import type { Log } from '../telemetry/log.ts';
import { Changes, judgmentOf } from './changes.ts';
import { REVOKED, signingOf, withSigning, type Signing } from './signing.ts';

export interface JudgingPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly hashing: Hashing;
  readonly store: Store;
  readonly policy: PolicyEngine;
  readonly passkeys: Pick<Passkeys, 'proveVote'>;
  readonly electorate: Electorate;
  readonly limits: Limits;
  readonly log: Pick<Log, 'voteTaken' | 'voteRefused'>;
  /** Whether a client of this process waits for the review and for nothing else, and so uses an approval at once. */
  readonly isWaitedFor: (id: ReviewId) => boolean;
  /** Left out: nobody outside is told. */
  readonly outbox?: Outbox;
  /** What one person may approve in an hour; null, or left out: as much as they like. */
  readonly approvalsPerHour?: number | null;
  /** Called when a change is durable. */
  readonly changed: (review: Review, change: Change) => void;
}

/** One judgment: who, through what, and the transition that it asks for. */
interface Act {
  readonly review: ReviewId;
  readonly by: string;
  readonly channel: string;
  readonly apply: (review: Review, nowMs: number) => Result<Review, VoteRefusal>;
  readonly write: (changed: Review) => Change;
  /** By which a repetition of it is known. */
  readonly request: RequestKey | null;
}

type Judged = Promise<Result<Review, VoteRefusal>>;

/** How often a change is tried again after somebody else's came first; each such loss means that another one won. */
const CONFLICT_RETRIES = 1_000;

export class Judging {
  readonly #ports: JudgingPorts;
  readonly #changes: Changes;

  constructor(ports: JudgingPorts) {
    this.#ports = ports;
    this.#changes = new Changes(ports);
  }

  async vote(ask: VoteAsk): Judged {
    const { voter, channel, kind } = ask;
    const request = this.#requestOfVote(ask);
    const signing = await signingOf({ kind: 'review', id: ask.review }, ask, this.#ports.passkeys);
    const judged = await this.#act({
      request,
      review: ask.review,
      by: voter.name,
      channel,
      apply: (review, nowMs) => this.#cast(review, ask, signing, nowMs),
      write: (changed) => this.#writeVote(changed),
    });
    if (judged.ok) this.#ports.log.voteTaken({ review: ask.review, person: voter.name, kind, channel });
    return judged;
  }

  /** With what is kept of the decision, which says no where its author has approved too much (threat B11). */
  #writeVote(changed: Review): Change {
    const { approvalsPerHour = null, limits } = this.#ports;
    const change = this.#changes.ofVote(changed, this.#ports.isWaitedFor(changed.id));
    const judgment = judgmentOf(changed);
    const budget =
      approvalsPerHour === null
        ? null
        : { most: approvalsPerHour, sinceMs: judgment.atMs - limits.approvalBudgetMs };
    return { ...change, mutations: [...change.mutations, { kind: 'judgment.record', judgment, budget }] };
  }

  #cast(review: Review, ask: VoteAsk, signing: Signing, nowMs: number): Result<Review, VoteRefusal> {
    const ballot = this.#ballot(review, ask, signing.ok ? signing.value : null, nowMs);
    return withSigning(signing, castVote(review, ballot, this.#ports.electorate));
  }

  #ballot(review: Review, ask: VoteAsk, passkey: PasskeyProof | null, nowMs: number) {
    const { random } = this.#ports;
    const { voter, kind, reason, digest, channel } = ask;
    const identity = voter.kind === 'person' ? voter.identity : voter.name;
    const vote: Vote = {
      person: voter.name,
      identity,
      kind,
      reason,
      digest,
      rendering: ask.rendering,
      atMs: nowMs,
      channel,
      passkey,
      retractedAtMs: null,
    };
    return {
      voter,
      vote,
      rendering: this.#renderingOf(review),
      grant: makeId('gra', nowMs, random.bytes(10)),
    };
  }

  #renderingOf(review: Review): string {
    const { hashing, policy } = this.#ports;
    return hashing.sha256Hex(renderingForm(review, policy.version));
  }

  show(review: Review): Shown {
    const { clock, electorate } = this.#ports;
    return {
      rendering: this.#renderingOf(review),
      standings: standingsOf(review, clock.nowMs(), electorate),
    };
  }

  approvers(review: Review): readonly (readonly Entitlement[])[] {
    const { clock, electorate, policy } = this.#ports;
    const atMs = clock.nowMs();
    const policies = (person: Person, delegator: Person | null) =>
      policy.approvalPolicies?.(person, review, { atMs, delegator }) ?? [];
    return review.subject.demands.map((_, index) =>
      entitlementsOf(review, index, atMs, { electorate, policies }),
    );
  }

  retract({ review, voter, channel }: RetractAsk): Judged {
    const identity = voter.kind === 'person' ? voter.identity : voter.name;
    return this.#act({
      review,
      by: voter.name,
      channel,
      request: null,
      apply: (stored, atMs) => retractVote(stored, { voter, atMs }, this.#ports.electorate),
      write: (changed) => this.#changes.ofRetraction(changed, identity, channel),
    });
  }

  question(ask: QuestionAsk): Judged {
    const { review, asker, to, text, channel } = ask;
    const { electorate, limits } = this.#ports;
    const mostQuestions = limits.questionsPerReview;
    return this.#act({
      review,
      by: asker.name,
      channel,
      request: this.#requestOf('question', asker.name, ask, { review, to, text, channel }),
      apply: (stored, atMs) =>
        askQuestion(stored, { asker, question: { to, text, atMs, channel }, mostQuestions }, electorate),
      write: (changed) => this.#changes.ofQuestion(changed),
    });
  }

  answer(ask: AnswerAsk): Judged {
    const { review, answerer, question, text, channel } = ask;
    const asked = { review, question: question.toString(), text, channel };
    return this.#act({
      review,
      by: answerer.name,
      channel,
      request: this.#requestOf('answer', answerer.name, ask, asked),
      apply: (stored, atMs) =>
        answerQuestion(
          stored,
          { answerer, question, answer: { text, atMs, channel } },
          this.#ports.electorate,
        ),
      write: (changed) => this.#changes.ofAnswer(changed, question),
    });
  }

  /** The key that its author gave, with the digest of all that was asked. */
  #requestOf(
    request: string,
    principal: string,
    { review, key }: Pick<VoteAsk, 'review' | 'key'>,
    asked: Readonly<Record<string, string>>,
  ): RequestKey | null {
    if (key === undefined || key === null) return null;
    const { clock, hashing, limits } = this.#ports;
    const expiresAtMs = clock.nowMs() + limits.requestKeyMs;
    const digest = hashing.sha256Hex(requestForm(request, asked));
    return { principal, key, digest, subject: review, expiresAtMs };
  }

  #requestOfVote(ask: VoteAsk): RequestKey | null {
    const { review, voter, kind, reason, digest: action, rendering, channel } = ask;
    const asked = { review, kind, reason, action, rendering, channel };
    return this.#requestOf('vote', voter.name, ask, asked);
  }

  /** The review, where the same was asked under this key and done; undefined where the key is free. */
  async #repeated(request: RequestKey): Promise<Awaited<Judged> | undefined> {
    const { clock, store } = this.#ports;
    const { principal, key } = request;
    const known = await store.read('requestKey', { principal, key, atMs: clock.nowMs() });
    if (known === null) return undefined;
    const id = parseId('rev', known.subject);
    const review = id === undefined ? null : await store.read('review', { id });
    if (known.digest === request.digest && review !== null) return ok(review);
    return err({
      code: 'idempotency.conflict',
      message: 'You have used this Idempotency-Key for another request.',
    });
  }

  async #act(act: Act): Judged {
    try {
      for (let attempt = 0; attempt < CONFLICT_RETRIES; attempt++) {
        const review = await this.#ports.store.read('review', { id: act.review });
        if (review === null) return err({ code: 'review.not_found', message: 'There is no such review.' });
        const judged = await this.#tryOn(review, act);
        if (judged !== undefined) return judged;
      }
    } catch {
      // Fails closed: nothing is counted, and whoever acted is told so.
    }
    return err({
      code: 'ledger.unavailable',
      message: 'This can’t be recorded now, so it doesn’t count. Try again.',
    });
  }

  /** Undefined where another change came first. */
  async #tryOn(review: Review, act: Act): Promise<Result<Review, VoteRefusal> | undefined> {
    const { clock, store } = this.#ports;
    const nowMs = clock.nowMs();
    const repeated = act.request === null ? undefined : await this.#repeated(act.request);
    if (repeated !== undefined) return repeated;
    const judged = act.apply(review, nowMs);
    if (!judged.ok) return err(await this.#refused(review, act, judged.error, nowMs));
    const change = act.write(judged.value);
    const taken: Mutation[] =
      act.request === null ? [] : [{ kind: 'key.take', key: act.request, atMs: nowMs }];
    const committed = await store.commit({ ...change, mutations: [...change.mutations, ...taken] });
    if (!committed.ok) return this.#lost(review, act, committed.error);
    this.#ports.changed(judged.value, change);
    return judged;
  }

  /** Undefined where another change came first, so that this one is to be tried again. */
  async #lost(
    review: Review,
    act: Act,
    lost: StoreRefusal,
  ): Promise<Result<Review, VoteRefusal> | undefined> {
    if (lost.code === 'judgment.over_budget') {
      const error = this.#overBudget(lost.atMs);
      return err(await this.#refused(review, act, error, this.#ports.clock.nowMs()));
    }
    if (!lost.code.startsWith('passkey.')) return undefined;
    return err(await this.#refused(review, act, REVOKED, this.#ports.clock.nowMs()));
  }

  /** Time of day in UTC, as everywhere in words to people. */
  #overBudget(atMs: number): VoteRefusal {
    const { approvalsPerHour, limits } = this.#ports;
    const freeAt = new Date(atMs + limits.approvalBudgetMs).toISOString().slice(11, 16);
    const message = `You have approved ${(approvalsPerHour ?? 0).toString()} actions in the last hour, as many as one person may. Somebody else can approve this, or you from ${freeAt} UTC on. You can still reject it, or ask.`;
    return { code: 'vote.over_budget', message };
  }

  async #refused(review: Review, act: Act, error: VoteRefusal, nowMs: number): Promise<VoteRefusal> {
    const { store, log } = this.#ports;
    const details = { channel: act.channel, principal: act.by, reason: error.code, review: review.id };
    await store.append(noticeEntry('vote.refused', details, nowMs)).done;
    log.voteRefused({ review: review.id, principal: act.by, code: error.code });
    if (error.code !== 'review.over' || review.state.status !== 'approved') return error;
    const grant = await store.read('grant', { id: review.state.grant });
    if (grant?.state.status !== 'spent') return error;
    return { ...error, message: error.message + explainRun(grant.state.atMs) };
  }
}
