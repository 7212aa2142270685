import type { Judgement, ReviewApproval } from '../connector.ts';
import { canonicalAction } from '../../core/action.ts';
import { makeId } from '../../core/ids.ts';
import { refusal, tokenRefusals, type Refusal } from '../../core/reasons.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { refusalOfEnd } from '../../core/review-end.ts';
import type { Review } from '../../core/review.ts';
import { changed, type Submission } from '../../core/submission.ts';
import type { OwnAction, SubmissionView } from '../../ports.ts';
import type { Performing } from './performing.ts';
import {
  attemptOf,
  mayActFor,
  refuse,
  unavailable,
  type Acted,
  type ActionPorts,
  type Records,
} from './records.ts';
import { holdAway } from './submitting.ts';

type Granted = { readonly grant: string; readonly digest: string } & SubmissionView;

/** The review that approved it; null where policy allows it. */
type Basis = { readonly review: Review; readonly approval: ReviewApproval } | null;

/** Stage 7 of a submitted action: the grant that leaves the process. */
export class Granting {
  readonly #ports: ActionPorts;
  readonly #records: Records;
  readonly #performing: Performing;

  constructor(ports: ActionPorts, records: Records, performing: Performing) {
    this.#ports = ports;
    this.#records = records;
    this.#performing = performing;
  }

  async grant(ask: OwnAction & { readonly proof: string }): Acted<Granted> {
    const { checks, directory, publicUrl } = this.#ports;
    const own = await this.#records.own(ask);
    if (!own.ok) return own;
    const url = `${publicUrl}/v1/actions/${own.value.id}/grant`;
    const proved = await checks.proof({ proof: ask.proof, method: 'POST', url });
    if (!proved.ok) return refuse(proved.error, tokenRefusals[proved.error]);
    if (!mayActFor(ask.agent, own.value.requester.onBehalfOf, directory))
      return err(refusal('identity.revoked', {}));
    const place = this.#performing.reserve(ask.agent);
    if (!place.ok) return place;
    try {
      const basis = await this.#basisOf(own.value);
      return basis.ok ? await this.#authorize(own.value, basis.value, proved.value) : basis;
    } catch {
      // Fails closed: what could not be recorded is not handed out.
      return unavailable();
    } finally {
      place.value();
    }
  }

  /** Why it may be performed now, or why not. */
  async #basisOf(submission: Submission): Acted<Basis> {
    const { state, deadlineMs } = submission;
    switch (state.status) {
      case 'allowed':
        return this.#ports.clock.nowMs() < deadlineMs ? ok(null) : err(refusal('grant.expired', {}));
      case 'review':
        return this.#approvalOf(await this.#ports.store.read('review', { id: state.review }));
      case 'refused':
        return err(state.refusal);
      case 'break_glass':
        // Of a person: the routes of agents don't lead here.
        return refuse('action.not_found', 'There is no such action of yours.');
      case 'granted':
        return err(refusal('grant.spent', { review: state.review }));
      case 'ended':
        return refuse('action.over', 'This action is over.');
    }
  }

  async #approvalOf(review: Review | null): Acted<Basis> {
    if (review === null) return err(refusal('grant.missing', {}));
    if (review.state.status === 'pending') return pending(review.id);
    if (review.state.status !== 'approved') return err(refusalOfEnd(review));
    return ok({ review, approval: { review: review.id, grant: review.state.grant } });
  }

  async #authorize(submission: Submission, basis: Basis, thumbprint: string): Acted<Granted> {
    const { gate, issuer } = this.#ports;
    const judgement = this.#judge(submission);
    if (basis === null && judgement.decision.effect !== 'allow') return this.#changed(submission, judgement);
    const granted = this.#granted(submission, basis);
    // Signed before it is authorized, so that a failure here spends nothing; released only after the INTENT is durable.
    const subject = this.#subject(judgement, granted);
    const grant = await issuer.sign({ ...subject, thumbprint });
    const state = [{ kind: 'submission.update', submission: granted } as const];
    const authorized = await gate.authorizeWith(judgement, basis?.approval ?? null, state);
    if (!authorized.ok) return this.#refused(submission, authorized.error);
    this.#performing.start(granted, authorized.value);
    this.#records.changed(granted.id);
    return ok({ grant, digest: subject.digest, submission: granted, review: null, issued: null });
  }

  /** From the stored bytes, under its own id: one action in the ledger. */
  #judge(submission: Submission): Judgement {
    const judgement = this.#ports.gate.judge(attemptOf(submission));
    return { ...judgement, action: { ...judgement.action, id: submission.id } };
  }

  #granted(submission: Submission, basis: Basis): Submission {
    const { clock, limits, random } = this.#ports;
    const atMs = clock.nowMs();
    const id = basis?.approval.grant ?? makeId('gra', atMs, random.bytes(10));
    return changed(submission, {
      status: 'granted',
      action: basis?.review.subject.action ?? submission.id,
      review: basis?.review.id ?? null,
      token: { id, atMs, expiresAtMs: atMs + limits.tokenMs, usedAtMs: null },
    });
  }

  #subject(judgement: Judgement, { state, declared }: Submission) {
    if (state.status !== 'granted') throw new Error(`a grant of an action that is ${state.status}`);
    return {
      id: state.token.id,
      action: { ...judgement.action, id: state.action },
      operation: declared.operation,
      digest: this.#ports.hashing.sha256Hex(canonicalAction(judgement.action)),
      review: state.review,
      issuedAtMs: state.token.atMs,
      expiresAtMs: state.token.expiresAtMs,
    };
  }

  /** The policy of now doesn't allow what that of then did. */
  async #changed(submission: Submission, judgement: Judgement): Acted<Granted> {
    if (judgement.decision.effect === 'deny')
      return this.#refused(submission, await this.#ports.gate.refuse(judgement));
    const held = await holdAway(this.#ports, judgement);
    if (!held.ok) return held;
    await this.#records.update(changed(submission, held.value));
    return pending(held.value.status === 'review' ? held.value.review : '');
  }

  async #refused(submission: Submission, reason: Refusal): Promise<Result<never, Refusal>> {
    if (reason.code === 'ledger.unavailable') return err(reason);
    const atMs = this.#ports.clock.nowMs();
    // Where another change came first, that one stands.
    await this.#records.update(changed(submission, { status: 'refused', atMs, refusal: reason }));
    return err(reason);
  }
}

const pending = (review: string): ReturnType<typeof refuse> => {
  const refused = refuse('action.pending', 'Nobody has decided on this yet.', 'Wait, then ask again.');
  return { ...refused, error: { ...refused.error, review: review === '' ? null : review } };
};
