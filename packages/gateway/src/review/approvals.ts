/** Stage 7 for what people approved: whether it still stands, and the one transaction that uses it up. */
import type { Judgement, ReviewApproval } from '../connectors/connector.ts';
import { areAmong, sameDemands } from '../core/decide.ts';
import { isCalmer } from '../core/situation.ts';
import type { SealedEntry } from '../core/entry.ts';
import type { GrantId } from '../core/ids.ts';
import { demandsMet, type Electorate } from '../core/electorate.ts';
import { refusal, type Refusal } from '../core/reasons.ts';
import { err, ok, type Result } from '../core/result.ts';
import { refusalOfEnd } from '../core/review-end.ts';
import type { Review } from '../core/review.ts';
import type { Clock, DelegationBook, Directory, Durability, PolicyEngine, Store } from '../ports.ts';
import type { Mutation, StoreRefusal } from '../stores/store.ts';
import { passkeyChecks } from './signing.ts';

export interface ApprovalPorts {
  readonly clock: Clock;
  readonly store: Store;
  readonly policy: PolicyEngine;
  readonly directory: Directory;
  /** Absent: nobody hands anything over. */
  readonly delegations?: DelegationBook;
  /** Whether the grant of a review that was approved then is over, by a clock that nobody sets. */
  readonly isOver: (grant: GrantId, resolvedAtMs: number) => boolean;
}

/** The people and the policy of now, whenever it is asked. */
export const electorateOf = ({
  directory,
  policy,
  delegations,
}: Pick<ApprovalPorts, 'directory' | 'policy' | 'delegations'>): Electorate => ({
  person: (name, atMs) => directory.person(name, atMs),
  people: () => directory.people(),
  mayApprove: (person, review, when) => policy.mayApprove(person, review, when),
  delegators: (person, atMs) => delegations?.delegatorsOf(person, atMs) ?? [],
});

/** Whether the agent, and the person for whom it acts, are there as they were. */
export function isStillKnown({ action }: Judgement, directory: Directory): boolean {
  const { agent, onBehalfOf } = action.requester;
  const person = directory.person(onBehalfOf);
  return directory.agent(agent) !== undefined && person !== undefined && !person.disabled;
}

/** Whether it says so itself, or whoever asked can only be one. */
const isCanary = ({ canary, subject }: Review, directory: Directory): boolean =>
  canary !== undefined || directory.agent(subject.requester.agent)?.canary === true;

export class Approvals {
  readonly #ports: ApprovalPorts;
  readonly #electorate: Electorate;

  constructor(ports: ApprovalPorts) {
    this.#ports = ports;
    this.#electorate = electorateOf(ports);
  }

  /**
   * Whether all that the approval rests on still holds: the bytes, the people, the policy. `known`: the review, where
   * this process has just committed it; should it have changed since, `spend` finds another revision and refuses.
   */
  async recheck(
    judgement: Judgement,
    approval: ReviewApproval,
    digest: string,
    known: Review | undefined,
  ): Promise<Result<Review, Refusal>> {
    const { store } = this.#ports;
    const review = known ?? (await store.read('review', { id: approval.review }).catch(() => undefined));
    if (review === undefined) return err(refusal('ledger.unavailable', {}));
    const refuse = (code: Parameters<typeof refusal>[0]) => err(refusal(code, { review: approval.review }));
    if (review === null || review.state.status !== 'approved' || review.state.grant !== approval.grant)
      return refuse('grant.missing');
    if (isCanary(review, this.#ports.directory)) return refuse('canary.never_runs');
    if (digest !== review.subject.digest) return refuse('action.altered');
    if (!isStillKnown(judgement, this.#ports.directory)) return refuse('identity.revoked');
    const { decision } = judgement;
    if (decision.effect === 'deny')
      return err(refusal(decision.code, { review: review.id, policies: decision.policies }));
    const demands = decision.effect === 'review' ? decision.demands : [];
    const { subject } = review;
    const asked =
      sameDemands(demands, subject.demands) ||
      // A burst is over, or the hour is a usual one again: who judged the riskier moment has judged this one.
      (isCalmer(judgement.risk, subject.risk) && areAmong(demands, subject.demands));
    if (!asked || !demandsMet(review, this.#electorate)) return refuse('review.changed');
    return ok(review);
  }

  /** The one transaction of step 7. */
  async spend(
    review: Review,
    id: GrantId,
    { intent, state }: Spending,
  ): Promise<Result<Durability, Refusal>> {
    const { store, clock, isOver } = this.#ports;
    if (review.state.status !== 'approved' || isOver(id, review.state.resolvedAtMs))
      return err(refusal('grant.expired', { review: review.id }));
    const { digest, requester, target, action } = review.subject;
    const binding = { digest, agent: requester.agent, target: target.name, environment: target.environment };
    const mutations: Mutation[] = [
      { kind: 'review.check', id: review.id, revision: review.revision },
      ...passkeyChecks(review.votes),
      { kind: 'grant.spend', id, binding, action, atMs: clock.nowMs() },
      ...state,
    ];
    try {
      const committed = await store.commit({ mutations, entries: [intent] });
      if (committed.ok) return ok({ durable: true, done: Promise.resolve() });
      return err(refusal(codeOf(committed.error.code), { review: review.id }));
    } catch {
      return err(refusal('ledger.unavailable', { review: review.id }));
    }
  }
}

/** What goes into the transaction besides. */
interface Spending {
  readonly intent: SealedEntry;
  /** A connector's own. */
  readonly state: readonly Mutation[];
}

/** Somebody else's use of the same submission came first: it is one use of one approval. */
function codeOf(code: StoreRefusal['code']): Refusal['code'] {
  if (code === 'submission.conflict' || code === 'submission.missing') return 'grant.spent';
  return code.startsWith('grant.') ? (code as Refusal['code']) : 'review.changed';
}

/** How a wait for people ends. */
export type Settlement = Result<ReviewApproval, Refusal>;

/** What the end of a review means for the client that waits. */
export function settlementOf(review: Review): Settlement {
  const { id, state } = review;
  if (state.status === 'pending') throw new Error('a pending review settles nothing');
  if (state.status === 'approved') return ok({ review: id, grant: state.grant });
  return err(refusalOfEnd(review));
}
