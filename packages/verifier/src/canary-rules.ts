import { canaryCommitment, isCommittedBy } from './canary-record.ts';
import type { Hash } from './hash.ts';
import type { AttemptLeaf, CanaryLeaf, Leaf, ReviewLeaf, VoteLeaf } from './leaf.ts';

/** What the entries about canaries must say (spec/ledger.md). Closed. */
export type CanaryRuleCode =
  /** The attempt's session doesn't commit to it, or its review is about something else, or ended otherwise. */
  | 'canary.unfounded'
  /** Its review was never opened or isn't over, its action ran, or it was said before. */
  | 'canary.not_over'
  /** It ran. */
  | 'canary.executed';

/** For `Rules.observe`: what the nonce of a canary makes; empty for every other entry. */
export async function openingOf(leaf: Leaf, hash: Hash): Promise<string> {
  return leaf.kind === 'canary' ? canaryCommitment(leaf.canary.nonce, leaf.action ?? '', hash) : '';
}

/** A review with the attempt that opened it. */
interface Reviewed {
  readonly action: string | null;
  readonly session: string | null;
  readonly subject: string | null;
  readonly votes: Map<string, 'approve' | 'reject'>;
  /** How it ended; null: it is pending. */
  status: ReviewLeaf['status'] | null;
}

/** Reviews that are over and can still be said to be canaries: a gateway says so at once, or when it starts again. */
const REMEMBERED_REVIEWS = 65_536;

/**
 * Follows reviews until it is too late to call them canaries. Actions of canaries are remembered for ever: there are a
 * few a week.
 */
export class CanaryRules {
  readonly #report: (code: CanaryRuleCode) => void;
  readonly #pending = new Map<string, Reviewed>();
  readonly #ended = new Map<string, Reviewed>();
  readonly #canaries = new Set<string>();

  constructor(report: (code: CanaryRuleCode) => void) {
    this.#report = report;
  }

  /** Another attempt that waits for the same review has no say in what the review is. */
  decision({ review, action, commitment, requester }: AttemptLeaf): void {
    if (review === null || this.#pending.has(review) || this.#ended.has(review)) return;
    const { session } = requester;
    this.#pending.set(review, { action, session, subject: commitment, votes: new Map(), status: null });
  }

  vote({ review, vote }: VoteLeaf): void {
    const votes = this.#pending.get(review ?? '')?.votes;
    if (vote.kind === 'retract') votes?.delete(vote.identity);
    else votes?.set(vote.identity, vote.kind);
  }

  review({ review, status }: ReviewLeaf): void {
    const known = this.#pending.get(review);
    if (known === undefined || status === 'pending') return;
    known.status = status;
    this.#pending.delete(review);
    this.#ended.set(review, known);
    if (this.#ended.size <= REMEMBERED_REVIEWS) return;
    for (const oldest of this.#ended.keys()) {
      this.#ended.delete(oldest);
      return;
    }
  }

  intent({ action, review }: AttemptLeaf): void {
    if (action !== null && this.#canaries.has(action)) this.#report('canary.executed');
    this.#ended.delete(review ?? '');
  }

  /** @param commitment what its nonce makes (`canaryCommitment`). */
  canary(leaf: CanaryLeaf, commitment: string): void {
    const known = this.#ended.get(leaf.review);
    this.#ended.delete(leaf.review);
    if (leaf.action !== null) this.#canaries.add(leaf.action);
    if (known === undefined) return this.#report('canary.not_over');
    if (!isOf(leaf, known) || !isCommittedBy(known.session, commitment)) this.#report('canary.unfounded');
  }
}

function isOf({ action, subject, canary }: CanaryLeaf, known: Reviewed): boolean {
  return (
    action === known.action &&
    subject === known.subject &&
    canary.status === known.status &&
    canary.votes.length === known.votes.size &&
    canary.votes.every(({ identity, kind }) => known.votes.get(identity) === kind)
  );
}
