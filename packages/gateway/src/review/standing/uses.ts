/** Stages 6, 7 and 9 for actions that a standing grant covers: which grant, the one transaction of a use, its rows. */
import type { Hold, Judgement } from '../../connectors/connector.ts';
import type { Electorate } from '../../core/electorate.ts';
import type { SealedEntry } from '../../core/entry.ts';
import type { Outcome } from '../../core/execution.ts';
import type { ActionId, PasskeyId, StandingId } from '../../core/ids.ts';
import { isLive } from '../../core/passkey.ts';
import { refusal, type Refusal } from '../../core/reasons.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Vote } from '../../core/review.ts';
import {
  whyNotCovered,
  type Candidate,
  type Findings,
  type StandingGrant,
  type Uncovered,
} from '../../core/standing.ts';
import { isStillApproved } from '../../core/standing-changes.ts';
import type { Limits } from '../../limits.ts';
import type {
  Clock,
  DelegationBook,
  Directory,
  Durability,
  Hashing,
  PolicyEngine,
  Shapes,
  Store,
} from '../../ports.ts';
import { electorateOf, isStillKnown } from '../approvals.ts';
import { passkeyChecks } from '../signing.ts';
import type { StandingLives } from './lives.ts';
import { shapeOf } from './shapes.ts';

export interface StandingUsePorts {
  readonly clock: Clock;
  readonly hashing: Hashing;
  readonly store: Store;
  readonly policy: PolicyEngine;
  readonly directory: Directory;
  readonly delegations?: DelegationBook;
  readonly shapes: Shapes;
  readonly limits: Pick<Limits, 'standingsPerAgent'>;
  readonly lives: StandingLives;
  readonly publicUrl: string;
}

export class StandingUses {
  readonly #ports: StandingUsePorts;
  readonly #electorate: Electorate;

  constructor(ports: StandingUsePorts) {
    this.#ports = ports;
    this.#electorate = electorateOf(ports);
  }

  /**
   * A hold that is settled by a live grant which covers the action; undefined: people decide. An agent that says which
   * pending review its action is asked instead of gets a review, so that the other one ends.
   */
  async find(judgement: Judgement): Promise<Result<Hold | undefined, Refusal>> {
    if (judgement.supersedes !== null) return ok(undefined);
    const { store, clock, limits, directory } = this.#ports;
    const { agent } = judgement.action.requester;
    // Leave for a canary's like is leave for nothing.
    if (directory.agent(agent)?.canary === true) return ok(undefined);
    const atMs = clock.nowMs();
    const ask = { agent, status: 'live', atMs, limit: limits.standingsPerAgent, before: null } as const;
    const live = await store.read('standings', ask).catch(() => undefined);
    if (live === undefined) return err(refusal('ledger.unavailable', {}));
    const action = live.length === 0 ? undefined : this.#candidate(judgement);
    if (!action?.ok) return ok(undefined);
    for (const stored of live.toReversed()) {
      const grant = await this.#withLiveVotes(stored).catch(() => undefined);
      if (grant === undefined) return err(refusal('ledger.unavailable', {}));
      if (this.#whyNot(grant, judgement, action.value, atMs) === null) return ok(this.#settled(grant));
    }
    return ok(undefined);
  }

  /** The grant with the votes that count: what was signed with a passkey that is revoked counts no more (threat B6). */
  async #withLiveVotes(grant: StandingGrant): Promise<StandingGrant> {
    const votes: Vote[] = [];
    for (const vote of grant.votes) {
      // The gateway's own proof names the gateway's own id.
      const id = vote.passkey === null ? null : (vote.passkey.passkey as PasskeyId);
      const row = id === null ? null : await this.#ports.store.read('passkey', { id });
      if (id === null || (row !== null && isLive(row.passkey))) votes.push(vote);
    }
    return { ...grant, votes };
  }

  #settled({ id, review }: StandingGrant): Hold {
    const nothing = (): void => undefined;
    return {
      review,
      standing: id,
      url: `${this.#ports.publicUrl}/reviews/${review}`,
      attached: false,
      unmeetable: '',
      settled: Promise.resolve(ok({ standing: id })),
      onQuestion: nothing,
      detach: nothing,
      withdraw: nothing,
    };
  }

  /** Null where the grant and everything that it rests on lets this run now. */
  #whyNot(
    grant: StandingGrant,
    { action: { requester }, risk }: Judgement,
    action: Candidate & Findings,
    nowMs: number,
  ): Uncovered | null {
    const why = whyNotCovered(grant, action, nowMs);
    if (why !== null) return why;
    if (this.#ports.lives.isOver(grant)) return OVER;
    const isApproved = isStillApproved(grant, { requester, risk }, this.#electorate);
    if (isApproved) return null;
    return { code: 'standing.demands', message: 'Those who approved it may not do so any more.' };
  }

  #candidate({ action, description, datasets, decision }: Judgement): Result<Candidate & Findings, string> {
    if (decision.effect !== 'review') return err('Policy demands no review of it.');
    const shape = shapeOf(this.#ports, action);
    if (!shape.ok) return shape;
    const { requester, target, preconditions } = action;
    const { agent, onBehalfOf } = requester;
    const { operation, functions, flags, unknown, reach, rowLimit } = description;
    const findings = { functions, flags, unknown, reach, rowLimit };
    const { demands } = decision;
    const known = { agent, onBehalfOf, target, operation, preconditions, datasets, demands };
    return ok({ ...known, ...shape.value, ...findings });
  }

  /**
   * Stage 7: everything is looked at once more, with the bytes about to be sent; then the use is counted in the
   * transaction that appends the INTENT. `intent` makes that entry, for the time that it is given.
   */
  async use(
    judgement: Judgement,
    id: StandingId,
    intent: (atMs: number) => SealedEntry,
  ): Promise<Result<Durability, Refusal>> {
    const { store, clock, directory } = this.#ports;
    const unavailable = err(refusal('ledger.unavailable', {}));
    const grant = await this.#read(id).catch(() => undefined);
    if (grant === undefined) return unavailable;
    const atMs = clock.nowMs();
    const { decision, action, description } = judgement;
    if (decision.effect === 'deny') return err(refusal(decision.code, { policies: decision.policies }));
    if (!isStillKnown(judgement, directory)) return err(refusal('identity.revoked', {}));
    if (directory.agent(action.requester.agent)?.canary === true)
      return err(refusal('canary.never_runs', {}));
    const candidate = this.#candidate(judgement);
    if (grant === null || !candidate.ok) return changed(MISSING);
    const why = this.#whyNot(grant, judgement, candidate.value, atMs);
    if (why !== null) return changed(why);
    const { agent, onBehalfOf } = action.requester;
    const { name: target, environment } = action.target;
    const binding = { agent, onBehalfOf, target, environment };
    const use = { action: action.id, atMs, rows: description.rowLimit ?? Infinity };
    const spend = { kind: 'standing.spend', id, binding, use } as const;
    const mutations = [spend, ...passkeyChecks(grant.votes)];
    const committed = await store.commit({ mutations, entries: [intent(atMs)] }).catch(() => undefined);
    if (committed === undefined) return unavailable;
    return committed.ok ? ok({ durable: true, done: Promise.resolve() }) : changed(GONE);
  }

  async #read(id: StandingId): Promise<StandingGrant | null> {
    const stored = await this.#ports.store.read('standing', { id });
    return stored === null ? null : this.#withLiveVotes(stored);
  }

  /**
   * Stage 9: the outcome, and the rows that there were in the place of those that there could have been. Where nobody
   * knows how it ended, all of them may have been there. Doesn't wait.
   */
  settle(
    id: StandingId,
    action: ActionId,
    { status, rows }: Pick<Outcome, 'status' | 'rows'>,
    outcome: SealedEntry,
  ): void {
    const { store } = this.#ports;
    if (status === 'unknown') return void store.append(outcome, 'soon');
    const settled = { kind: 'standing.settle', id, action, rows } as const;
    // A store that has failed takes no outcome either; what was reserved then stays reserved.
    void store.commit({ mutations: [settled], entries: [outcome] }).catch(() => undefined);
  }
}

const OVER: Uncovered = { code: 'standing.expired', message: 'The standing grant’s time is over.' };
const MISSING: Uncovered = { code: 'standing.not_live', message: 'It is none for this action.' };
const GONE: Uncovered = {
  code: 'standing.exhausted',
  message: 'It was revoked or used up by others at the same time.',
};

const changed = ({ message }: Uncovered): Result<never, Refusal> =>
  err(refusal('standing.changed', { message: `The standing grant doesn’t cover this any more. ${message}` }));
