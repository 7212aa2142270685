/**
 * The way of one action, one function a stage. Connectors call them through the `Gate`:
 *
 *   identify (identity/) → describe (the connector) → classify → assess → decide
 *     → allow:  authorize → perform (the connector) → record
 *     → review: hold (review/desk.ts) → authorizeApproved → perform → record
 *     → deny:   refuse
 */
import { Approvals } from './review/approvals.ts';
import { OutcomeNotices } from './review/outcome-notices.ts';
import type { StandingUses } from './review/standing/uses.ts';
import type {
  Approval,
  Attempt,
  Authorized,
  Hold,
  Judgement,
  ReviewApproval,
  StatefulGate,
  UndescribedAttempt,
} from './connectors/connector.ts';
import { canonicalAction, type Action } from './core/action.ts';
import { Judging } from './assess/judging.ts';
import type { Decision } from './core/decide.ts';
import type { Description } from './core/describe.ts';
import type { Outcome } from './core/execution.ts';
import {
  attemptMembers,
  decisionEntry,
  intentEntry,
  noticeEntry,
  outcomeEntry,
  sealAction,
  type Sealed,
} from './core/entry.ts';
import { makeId, type GrantId, type StandingId } from './core/ids.ts';
import { refusal, type Refusal } from './core/reasons.ts';
import { err, ok, type Result } from './core/result.ts';
import type { Desk } from './review/desk.ts';
import type { DraftPolicies } from './assess/observing.ts';
import type { HoldAsk } from './review/opening.ts';
import type {
  Classifier,
  Clock,
  DelegationBook,
  Directory,
  Hashing,
  Mutation,
  Outbox,
  PolicyEngine,
  Random,
  Store,
} from './ports.ts';
import type { History } from './ports-history.ts';

export interface PipelinePorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly hashing: Hashing;
  readonly store: Store;
  readonly policy: PolicyEngine;
  readonly classifier: Classifier;
  readonly directory: Directory;
  /** Absent: nothing is known of what agents did before, and the risk is that of the action alone. */
  readonly history?: History;
  readonly delegations?: DelegationBook;
  /** Absent: nothing is observed. */
  readonly drafts?: DraftPolicies;
  readonly outbox?: Outbox;
}

const SALT_BYTES = 16;

export class Pipeline implements StatefulGate {
  readonly #ports: PipelinePorts;
  readonly #desk: Desk;
  readonly #approvals: Approvals;
  readonly #standing: StandingUses | null;
  readonly #judging: Judging;
  readonly #notices: OutcomeNotices;

  /** @param standing null: nothing is covered by a standing grant, and every action that policy holds is reviewed. */
  constructor(ports: PipelinePorts, desk: Desk, standing: StandingUses | null = null) {
    this.#ports = ports;
    this.#desk = desk;
    this.#judging = new Judging(ports);
    const isOver = (grant: GrantId, resolvedAtMs: number): boolean => desk.isOver(grant, resolvedAtMs);
    this.#approvals = new Approvals({ ...ports, isOver });
    this.#standing = standing;
    this.#notices = new OutcomeNotices(ports);
  }

  get wantsEstimates(): boolean {
    const { policy, drafts } = this.#ports;
    return policy.readsEstimates === true || drafts?.readEstimates === true;
  }

  /** Stages 3 to 5. */
  judge(attempt: Attempt): Judgement {
    const { clock, random } = this.#ports;
    const nowMs = clock.nowMs();
    const { circumstances } = this.#judging.at(attempt, nowMs);
    const { requester, target, command, parameters, preconditions, description, statedTask, supersedes } =
      attempt;
    const id = attempt.id ?? makeId('act', nowMs, random.bytes(10));
    const action: Action = { id, requester, target, command, parameters, preconditions };
    const { datasets, risk, decision } = circumstances;
    return { action, description, datasets, risk, decision, statedTask, supersedes };
  }

  /** Stage 7 for what policy allows. */
  authorize(judgement: Judgement): Authorized {
    if (judgement.decision.effect !== 'allow')
      throw new Error(`authorize() of a decision to ${judgement.decision.effect}`);
    const { action } = judgement;
    const entry = intentEntry(this.#attemptEntry(judgement, this.#seal(action)), null);
    return {
      action: action.id,
      review: null,
      grant: null,
      standing: null,
      judgement,
      durability: this.#ports.store.append(entry),
    };
  }

  #seal(action: Action, salt?: string): Sealed {
    const { hashing, random } = this.#ports;
    return sealAction(canonicalAction(action), {
      salt: salt ?? hashing.base64url(random.bytes(SALT_BYTES)),
      sha256Base64url: hashing.sha256Base64url,
    });
  }

  #attemptEntry(judgement: Judgement, sealed: Sealed, id = judgement.action.id) {
    const { members } = this.#judging.of(judgement);
    return { action: id, atMs: this.#ports.clock.nowMs(), sealed, members };
  }

  /** Stage 6. A standing grant that covers the action stands for a review of its own. */
  async hold(judgement: Judgement, holding: readonly string[]): Promise<Result<Hold, Refusal>> {
    const standing = (await this.#standing?.find(judgement)) ?? ok(undefined);
    if (!standing.ok) return standing;
    if (standing.value !== undefined) return ok(standing.value);
    return this.#openReview(judgement, holding);
  }

  /** Stage 6 together with state of the gateway's own. No standing grant stands for such a review. */
  holdWith(judgement: Judgement, state: HoldAsk['state']): Promise<Result<Hold, Refusal>> {
    return this.#openReview(judgement, [], state);
  }

  /** The attempt is part of the change that opens the review, so neither is ever there without the other. */
  async #openReview(
    judgement: Judgement,
    holding: readonly string[],
    state?: HoldAsk['state'],
  ): Promise<Result<Hold, Refusal>> {
    const { hashing, random } = this.#ports;
    const salt = hashing.base64url(random.bytes(SALT_BYTES));
    const form = canonicalAction(judgement.action);
    const sealed = sealAction(form, { salt, sha256Base64url: hashing.sha256Base64url });
    const attempt = this.#attemptEntry(judgement, sealed);
    const digest = hashing.sha256Hex(form);
    const ask = { judgement, digest, sealed, salt, attempt, supersedes: judgement.supersedes };
    const held = await this.#desk.hold({ ...ask, holding, state });
    if (held.ok || !isFlood(held.error)) return held;
    // No review holds this attempt, so it is recorded by itself (law 7).
    this.#ports.store.append(decisionEntry(attempt, null));
    return this.#refuseWithNotice(judgement, held.error);
  }

  /** Stage 7 for what a person approved: everything is looked at once more, in the transaction that spends the grant. */
  async authorizeApproved(judgement: Judgement, approval: Approval): Promise<Result<Authorized, Refusal>> {
    if ('standing' in approval) return this.#useStanding(judgement, approval.standing);
    try {
      return await this.#useApproval(judgement, approval);
    } finally {
      this.#desk.release(approval.review);
    }
  }

  async #useStanding(judgement: Judgement, standing: StandingId): Promise<Result<Authorized, Refusal>> {
    const sealed = this.#seal(judgement.action);
    const attempt = this.#attemptEntry(judgement, sealed);
    const intent = (atMs: number) => intentEntry({ ...attempt, atMs }, { standing });
    const used =
      (await this.#standing?.use(judgement, standing, intent)) ?? err(refusal('standing.changed', {}));
    if (!used.ok) {
      // No review holds this attempt, so it is recorded by itself (law 7).
      this.#ports.store.append(decisionEntry(attempt, null));
      return this.#refuseWithNotice(judgement, used.error);
    }
    const action = judgement.action.id;
    return ok({ action, review: null, grant: null, standing, judgement, durability: used.value });
  }

  /** Stage 7 together with a connector's own state. */
  async authorizeWith(
    judgement: Judgement,
    approval: ReviewApproval | null,
    state: readonly Mutation[],
  ): Promise<Result<Authorized, Refusal>> {
    if (approval === null) return this.#authorizeAllowed(judgement, state);
    try {
      return await this.#useApproval(judgement, approval, state);
    } finally {
      this.#desk.release(approval.review);
    }
  }

  async #authorizeAllowed(
    judgement: Judgement,
    mutations: readonly Mutation[],
  ): Promise<Result<Authorized, Refusal>> {
    const { action, decision } = judgement;
    if (decision.effect !== 'allow') throw new Error(`authorizeWith() of a decision to ${decision.effect}`);
    const entry = intentEntry(this.#attemptEntry(judgement, this.#seal(action)), null);
    try {
      const committed = await this.#ports.store.commit({ mutations, entries: [entry] });
      if (!committed.ok) return err(refusal('grant.spent', {}));
    } catch {
      return err(refusal('ledger.unavailable', {}));
    }
    const durability = { durable: true, done: Promise.resolve() };
    return ok({ action: action.id, review: null, grant: null, standing: null, judgement, durability });
  }

  async #useApproval(
    judgement: Judgement,
    approval: ReviewApproval,
    state: readonly Mutation[] = [],
  ): Promise<Result<Authorized, Refusal>> {
    const checked = await this.#approvals.recheck(
      judgement,
      approval,
      this.#ports.hashing.sha256Hex(canonicalAction(judgement.action)),
      this.#desk.handed(approval.review),
    );
    if (!checked.ok) return this.#refuseWithNotice(judgement, checked.error);
    const review = checked.value;
    const sealed = this.#seal(judgement.action, review.subject.salt);
    const attempt = this.#attemptEntry(judgement, sealed, review.subject.action);
    const spent = await this.#approvals.spend(review, approval.grant, {
      intent: intentEntry(attempt, approval),
      state,
    });
    if (!spent.ok) return this.#refuseWithNotice(judgement, spent.error);
    const action = review.subject.action;
    const { grant } = approval;
    const authorized = { action, review: review.id, grant, standing: null, judgement };
    return ok(this.#notices.begin({ ...authorized, durability: spent.value }, review));
  }

  async #refuseWithNotice(judgement: Judgement, reason: Refusal): Promise<Result<never, Refusal>> {
    const { requester, target } = judgement.action;
    const details = {
      action: judgement.action.id,
      agent: requester.agent,
      review: reason.review ?? '',
      target: target.name,
    };
    return err(
      await this.#recordRefusal(noticeEntry(reason.code, details, this.#ports.clock.nowMs()), reason),
    );
  }

  /** What policy denies, with the same fields as what it allows (law 7). */
  async refuse(judgement: Judgement): Promise<Refusal> {
    const { decision } = judgement;
    if (decision.effect !== 'deny') throw new Error(`refuse() of a decision to ${decision.effect}`);
    const entry = decisionEntry(this.#attemptEntry(judgement, this.#seal(judgement.action)), null);
    // The policies' own words say what to do instead.
    const message = decision.reasons.join(' ');
    return this.#recordRefusal(
      entry,
      refusal(decision.code, { message, hint: '', policies: decision.policies }),
    );
  }

  /** What no connector could describe. The text is sealed like any command; it may hold values. */
  async refuseUndescribed(attempt: UndescribedAttempt): Promise<Refusal> {
    const { requester, target, command, refusal: reason } = attempt;
    const { clock, random } = this.#ports;
    const nowMs = clock.nowMs();
    const id = makeId('act', nowMs, random.bytes(10));
    const description: Description = { ...UNDESCRIBED, unknown: [reason.message] };
    const decision: Decision = {
      effect: 'deny',
      code: 'policy.not_permitted',
      policies: [],
      reasons: [reason.code],
    };
    const circumstances = {
      requester,
      target,
      operation: description.operation,
      description: null,
      datasets: [],
      risk: NO_RISK,
      decision,
    };
    const sealed = this.#seal({
      id,
      requester,
      target,
      command,
      parameters: [],
      preconditions: { refused: reason.code },
    });
    const entry = decisionEntry(
      { action: id, atMs: nowMs, sealed, members: attemptMembers(circumstances) },
      null,
    );
    return this.#recordRefusal(entry, reason);
  }

  async #recordRefusal(entry: Parameters<Store['append']>[0], reason: Refusal): Promise<Refusal> {
    try {
      await this.#ports.store.append(entry).done;
      return reason;
    } catch {
      // Fails closed: nothing runs either way; the client learns the more serious of the two reasons.
      return refusal('ledger.unavailable', {});
    }
  }

  /** Stage 9. The store rejects everything after a failure, and every later action is refused by it: nothing to add. */
  record(authorized: Authorized, outcome: Outcome): void {
    const entry = this.#outcomeEntry(authorized, outcome);
    const { standing } = authorized;
    if (standing !== null) this.#standing?.settle(standing, authorized.action, outcome, entry);
    else this.#notices.append(entry, authorized, outcome);
  }

  /** Stage 9 together with a connector's own state. */
  async recordWith(
    authorized: Authorized,
    outcome: Outcome,
    mutations: readonly Mutation[],
  ): Promise<boolean> {
    const entries = [this.#outcomeEntry(authorized, outcome)];
    const told = await this.#notices.ofStored(authorized, outcome);
    return (await this.#ports.store.commit({ mutations: [...mutations, ...told], entries })).ok;
  }

  #outcomeEntry(authorized: Authorized, outcome: Outcome): ReturnType<typeof outcomeEntry> {
    const { usage, watch } = this.#judging.of(authorized.judgement);
    const nowMs = this.#ports.clock.nowMs();
    if (outcome.status === 'succeeded') watch?.done(nowMs);
    return outcomeEntry(authorized.action, nowMs, outcome, usage);
  }
}

/** Over what an agent may ask of people: denied, never asked and never allowed (threat B13). */
const isFlood = ({ code }: Refusal): boolean => code === 'review.too_many' || code === 'review.too_fast';

const NO_RISK = { score: 0, signals: [] };
const UNDESCRIBED: Description = {
  operation: 'undescribed',
  title: 'not described',
  datasets: [],
  functions: [],
  reach: 'outside',
  rowLimit: null,
  filtered: false,
  unknown: [],
  flags: [],
};
