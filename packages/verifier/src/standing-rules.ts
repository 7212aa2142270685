import { canonicalize } from './canonical.ts';
import type { AttemptLeaf, StandingLeaf, VoteLeaf } from './leaf.ts';
import { OpenReview } from './open-review.ts';

/** What is found about standing grants. Closed. */
export type StandingRuleCode =
  /** A change of a standing grant that was never proposed, or a second one under its id. */
  | 'standing.unfounded'
  /** Its terms, its demands or its bounds are not those that were proposed. */
  | 'standing.altered'
  /** It is live without the quorum of distinct, eligible people. */
  | 'standing.not_approved'
  /** A use of a grant that was never proposed, isn't live, or was over long ago. */
  | 'standing.not_live'
  /** A use before or after its time. */
  | 'standing.expired'
  | 'standing.overspent'
  /** A use by another agent, for another person, on another target, environment or operation, or with a review besides. */
  | 'standing.mismatch';

/** Votes on a proposal are held to the rules of votes on reviews. */
type Found =
  | StandingRuleCode
  | 'vote.review_not_open'
  | 'vote.other_subject'
  | 'vote.repeated'
  | 'vote.unfounded'
  | 'vote.own_request';

/** A standing grant that was proposed, with the votes that count. */
interface Known {
  readonly proposal: StandingLeaf;
  readonly votes: OpenReview;
  status: StandingLeaf['status'];
  uses: number;
}

/** Follows standing grants. Memory is bounded by those whose time isn't over. */
export class StandingRules {
  readonly #find: (code: Found) => void;
  readonly #isLive: (passkey: string) => boolean;
  readonly #known = new Map<string, Known>();

  /** @param isLive whether a passkey is registered and not revoked. */
  constructor(find: (code: Found) => void, isLive: (passkey: string) => boolean) {
    this.#find = find;
    this.#isLive = isLive;
  }

  /** A forgotten grant can't be used unnoticed: using it is `standing.not_live` then. */
  forgetBefore(at: number): void {
    for (const [id, { proposal }] of this.#known) if (proposal.validUntil <= at) this.#known.delete(id);
  }

  change(leaf: StandingLeaf): void {
    const known = this.#known.get(leaf.standing);
    if (leaf.status === 'proposed') {
      if (known !== undefined) return this.#find('standing.unfounded');
      const votes = new OpenReview(leaf);
      this.#known.set(leaf.standing, { proposal: leaf, votes, status: 'proposed', uses: 0 });
      return;
    }
    if (known === undefined) return this.#find('standing.unfounded');
    if (boundsOf(leaf) !== boundsOf(known.proposal)) this.#find('standing.altered');
    if (leaf.status === 'live') return this.#open(known);
    known.status = leaf.status;
  }

  #open(known: Known): void {
    // What is over stays over.
    if (known.status !== 'proposed') return this.#find('standing.unfounded');
    known.status = 'live';
    if (!known.votes.isApproved(known.proposal.risk, this.#isLive)) this.#find('standing.not_approved');
  }

  vote(leaf: VoteLeaf, id: string): void {
    const known = this.#known.get(id);
    if (known?.status !== 'proposed') return this.#find('vote.review_not_open');
    if (known.proposal.subject !== leaf.subject) return this.#find('vote.other_subject');
    const retracts = leaf.vote.kind === 'retract';
    if (known.votes.hasVoteOf(leaf.vote) !== retracts)
      return this.#find(retracts ? 'vote.unfounded' : 'vote.repeated');
    known.votes.count(leaf.vote);
    // Enough rejections end it, whatever a later entry says of its state.
    if (known.votes.isRejected) known.status = 'rejected';
  }

  /** An intent that names the grant. */
  use(intent: AttemptLeaf, id: string): void {
    if (intent.review !== null || intent.grant !== null) this.#find('standing.mismatch');
    const known = this.#known.get(id);
    if (known?.status !== 'live') return this.#find('standing.not_live');
    const { proposal, votes } = known;
    known.uses += 1;
    if (known.uses > proposal.maxUses) this.#find('standing.overspent');
    if (intent.at < proposal.validFrom || intent.at >= proposal.validUntil) this.#find('standing.expired');
    if (!isFor(proposal, intent)) this.#find('standing.mismatch');
    if (votes.approvalsOf(intent.requester).length > 0) this.#find('vote.own_request');
    if (!votes.isApproved(intent.risk, this.#isLive)) this.#find('standing.not_approved');
  }
}

/** Everything that was proposed, but for what changes with the state. */
function boundsOf(leaf: StandingLeaf): string {
  const { binding, demands, maxUses, subject, validFrom, validUntil } = leaf;
  const records = demands.map((demand) => ({
    excluded: [...demand.excluded],
    passkeyFromRisk: demand.passkeyFromRisk,
    people: demand.people === null ? null : [...demand.people],
    quorum: demand.quorum,
    rejections: demand.rejections,
  }));
  return canonicalize({ binding: { ...binding }, demands: records, maxUses, subject, validFrom, validUntil });
}

function isFor({ binding }: StandingLeaf, { requester, target, operation }: AttemptLeaf): boolean {
  return (
    binding.agent === requester.agent &&
    binding.onBehalfOf === requester.onBehalfOf &&
    binding.target === target.name &&
    binding.environment === target.environment &&
    binding.operation === operation
  );
}
