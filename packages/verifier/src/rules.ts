import { BreakGlassRules, type BreakGlassRuleCode } from './break-glass-rules.ts';
import { CanaryRules, type CanaryRuleCode } from './canary-rules.ts';
import { Heartbeats, type HeartbeatCode, type Silence } from './heartbeats.ts';
import { OpenReview } from './open-review.ts';
import { StandingRules, type StandingRuleCode } from './standing-rules.ts';
import type {
  AttemptLeaf,
  ClarificationLeaf,
  GrantLeaf,
  Leaf,
  OutcomeLeaf,
  PasskeyLeaf,
  ReviewLeaf,
  VoteLeaf,
} from './leaf.ts';

/** What the order and content of entries must say, whoever wrote them (spec/ledger.md, "Rules"). Closed. */
export type RuleCode =
  /** Two intents of one action. */
  | 'intent.repeated'
  /** An intent of an action that policy denied. */
  | 'intent.denied'
  /** Policy demanded a review, or a grant is named, and the intent names no review. */
  | 'intent.without_review'
  /** An intent that names a review and no grant. */
  | 'intent.without_grant'
  /** What ran is not what was reviewed: another commitment. */
  | 'intent.other_subject'
  /** A decision after the action's intent. */
  | 'decision.after_intent'
  /** The review that is named was never opened, or was over. */
  | 'review.not_open'
  /** Fewer distinct, eligible people approved than the review demands. */
  | 'review.not_approved'
  /** One review with two subjects. */
  | 'review.other_subject'
  /** A vote on a review that was never opened, or was over. */
  | 'vote.review_not_open'
  /** A vote on something else than what is under review. */
  | 'vote.other_subject'
  /** A second vote of one person on one review, under whatever account, that was not taken back before. */
  | 'vote.repeated'
  /** A vote taken back that was never cast. */
  | 'vote.unfounded'
  /** A vote by the person who asked, or for whom the agent acts. */
  | 'vote.own_request'
  /** A vote signed with a passkey that was never registered for the voter's identity, or was revoked before. */
  | 'vote.passkey_unfounded'
  /** A second registration under one id, or a revocation of what is not registered. */
  | 'passkey.unfounded'
  /** A question, an answer or evidence on a review that was never opened, or was over, or on something else. */
  | 'clarification.unfounded'
  /** A grant of a review that is not open, or a second grant under one id. */
  | 'grant.unfounded'
  /** The grant was never issued, or expired long ago. */
  | 'grant.missing'
  | 'grant.spent_twice'
  | 'grant.expired'
  /** The grant is bound to another agent, target, environment, review or subject. */
  | 'grant.mismatch'
  | StandingRuleCode
  | BreakGlassRuleCode
  | CanaryRuleCode
  | HeartbeatCode
  | 'outcome.without_intent'
  | 'outcome.repeated';

export interface RuleFinding {
  readonly code: RuleCode;
  readonly index: number;
  readonly action: string | null;
}

interface IssuedGrant {
  readonly leaf: GrantLeaf;
  readonly spent: boolean;
}

/** Actions that are over and are remembered, so that a repetition is told from an entry without its predecessor. */
const REMEMBERED_ACTIONS = 65_536;
/** How many entries pass between two looks for grants that can be forgotten. */
const ENTRIES_BETWEEN_SWEEPS = 4_096;

/**
 * Follows the entries of a log, or of one action, in order. Memory is bounded by what is open: intents without an
 * outcome, pending reviews, grants that have not expired, and the actions that ended last.
 */
export class Rules {
  readonly #report: (finding: RuleFinding) => void;
  readonly #openIntents = new Set<string>();
  readonly #endedActions = new Set<string>();
  readonly #reviews = new Map<string, OpenReview>();
  readonly #grants = new Map<string, IssuedGrant>();
  readonly #standings = new StandingRules(
    (code) => this.#find(code),
    (passkey) => this.#isLive(passkey),
  );
  readonly #breakGlass = new BreakGlassRules({
    report: (code) => this.#find(code),
    isPasskeyOf: (passkey, identity) => this.#passkeys.get(passkey) === identity,
  });
  readonly #canaries = new CanaryRules((code) => this.#find(code));
  /** Uses of break-glass without a valid proof: what a receipt shows of them. */
  readonly #unproved: ReadonlySet<string>;
  /** Every passkey ever registered, by id, with its identity; null where it was revoked. People have a handful. */
  readonly #passkeys = new Map<string, string | null>();
  readonly #heartbeats = new Heartbeats((code) => this.#find(code));
  #index = 0;
  #action: string | null = null;
  #observed = 0;

  /** @param unproved uses of break-glass that are known not to be signed as they say. */
  constructor(report: (finding: RuleFinding) => void, unproved: ReadonlySet<string> = new Set()) {
    this.#report = report;
    this.#unproved = unproved;
  }

  /** Uses of break-glass that another person has not reviewed. */
  get unreviewedBreakGlass(): number {
    return this.#breakGlass.unreviewed;
  }

  /** Intents that have no outcome. */
  get openIntents(): number {
    return this.#openIntents.size;
  }

  /** Times without a heartbeat. */
  get silences(): readonly Silence[] {
    return this.#heartbeats.silences;
  }

  /**
   * Call once for each entry, in the order of the log.
   * @param opened of a canary, what its nonce makes (`openingOf`).
   */
  observe(index: number, leaf: Leaf, opened = ''): void {
    this.#index = index;
    this.#action = leaf.action;
    this.#sweep(leaf.at);
    switch (leaf.kind) {
      case 'decision':
        return this.#decision(leaf);
      case 'review':
        return this.#review(leaf);
      case 'vote':
        return leaf.standing === null
          ? this.#vote(leaf, leaf.review)
          : this.#standings.vote({ ...leaf, vote: this.#founded(leaf.vote) }, leaf.standing);
      case 'standing':
        return this.#standings.change(leaf);
      case 'question':
      case 'answer':
      case 'preview':
        return this.#clarification(leaf);
      case 'grant':
        return this.#grant(leaf);
      case 'intent':
        return this.#intent(leaf);
      case 'outcome':
        return this.#outcome(leaf);
      case 'passkey':
        return this.#passkey(leaf);
      case 'break_glass':
        return this.#breakGlass.open(leaf, !this.#unproved.has(leaf.breakGlass));
      case 'break_glass_review':
        return this.#breakGlass.review(leaf);
      case 'heartbeat':
        return this.#heartbeats.observe(index, leaf);
      case 'canary':
        return this.#canaries.canary(leaf, opened);
      case 'notice':
      case 'erasure':
      case 'key':
        return;
    }
  }

  #find(code: RuleCode): void {
    this.#report({ code, index: this.#index, action: this.#action });
  }

  /** A forgotten grant can't be spent unnoticed: spending it is `grant.missing` then. */
  #sweep(at: number): void {
    this.#observed++;
    if (this.#observed % ENTRIES_BETWEEN_SWEEPS !== 0) return;
    this.#standings.forgetBefore(at);
    for (const [id, { leaf }] of this.#grants) {
      if (leaf.expiresAt > at) continue;
      this.#grants.delete(id);
      this.#reviews.delete(leaf.review);
    }
  }

  #hasIntent(action: string | null): boolean {
    return action !== null && (this.#openIntents.has(action) || this.#endedActions.has(action));
  }

  #decision(leaf: AttemptLeaf): void {
    this.#canaries.decision(leaf);
    if (this.#hasIntent(leaf.action)) this.#find('decision.after_intent');
  }

  #review(leaf: ReviewLeaf): void {
    this.#canaries.review(leaf);
    const known = this.#reviews.get(leaf.review);
    if (known !== undefined && known.subject !== leaf.subject) this.#find('review.other_subject');
    if (leaf.status !== 'pending' && leaf.status !== 'approved') {
      this.#reviews.delete(leaf.review);
    } else if (known === undefined && leaf.status === 'pending') {
      this.#reviews.set(leaf.review, new OpenReview(leaf));
    } else if (known === undefined) {
      this.#find('review.not_open');
    }
  }

  #vote(leaf: VoteLeaf, id: string | null): void {
    const review = this.#reviews.get(id ?? '');
    if (review === undefined) return this.#find('vote.review_not_open');
    if (review.subject !== leaf.subject) return this.#find('vote.other_subject');
    const retracts = leaf.vote.kind === 'retract';
    if (review.hasVoteOf(leaf.vote) !== retracts)
      return this.#find(retracts ? 'vote.unfounded' : 'vote.repeated');
    review.count(this.#founded(leaf.vote));
    this.#canaries.vote(leaf);
    // Enough rejections end a review, whatever a later entry says of its state.
    if (review.isRejected) this.#reviews.delete(id ?? '');
  }

  /** A signature counts only with a passkey that the voter has at that moment. */
  #founded(vote: VoteLeaf['vote']): VoteLeaf['vote'] {
    if (vote.passkey === null || this.#passkeys.get(vote.passkey) === vote.identity) return vote;
    this.#find('vote.passkey_unfounded');
    return { ...vote, signed: false };
  }

  #isLive(passkey: string): boolean {
    return typeof this.#passkeys.get(passkey) === 'string';
  }

  #passkey({ passkey: { event, id, identity } }: PasskeyLeaf): void {
    const known = this.#passkeys.get(id);
    const isFounded = event === 'registered' ? known === undefined : known === identity;
    if (!isFounded) return this.#find('passkey.unfounded');
    this.#passkeys.set(id, event === 'registered' ? identity : null);
  }

  #clarification(leaf: ClarificationLeaf): void {
    if (this.#reviews.get(leaf.review)?.subject !== leaf.subject) this.#find('clarification.unfounded');
  }

  #grant(leaf: GrantLeaf): void {
    const review = this.#reviews.get(leaf.review);
    if (review === undefined || this.#grants.has(leaf.grant)) return this.#find('grant.unfounded');
    if (review.subject !== leaf.binding.subject) this.#find('grant.mismatch');
    this.#grants.set(leaf.grant, { leaf, spent: false });
  }

  #intent(leaf: AttemptLeaf): void {
    this.#canaries.intent(leaf);
    if (this.#hasIntent(leaf.action)) this.#find('intent.repeated');
    if (leaf.action !== null) this.#openIntents.add(leaf.action);
    if (leaf.decision.effect === 'deny') this.#find('intent.denied');
    if (leaf.breakGlass !== null) return this.#breakGlass.spend(leaf, leaf.breakGlass);
    if (leaf.standing !== null) return this.#standings.use(leaf, leaf.standing);
    if (leaf.review === null) {
      if (leaf.decision.effect === 'review' || leaf.grant !== null) this.#find('intent.without_review');
      return;
    }
    if (leaf.grant === null) return this.#find('intent.without_grant');
    this.#spend(leaf, leaf.review, leaf.grant);
  }

  #spend(intent: AttemptLeaf, reviewId: string, grantId: string): void {
    const grant = this.#grants.get(grantId);
    if (grant === undefined) return this.#find('grant.missing');
    if (grant.spent) return this.#find('grant.spent_twice');
    this.#grants.set(grantId, { ...grant, spent: true });
    if (!isBound(grant.leaf, intent)) this.#find('grant.mismatch');
    if (intent.at >= grant.leaf.expiresAt) this.#find('grant.expired');
    const review = this.#reviews.get(reviewId);
    if (review === undefined) return this.#find('review.not_open');
    this.#reviews.delete(reviewId);
    if (review.subject !== intent.commitment) this.#find('intent.other_subject');
    if (review.dropParties(intent.requester)) this.#find('vote.own_request');
    if (!review.isApproved(intent.risk, (id) => this.#isLive(id))) this.#find('review.not_approved');
  }

  #outcome(leaf: OutcomeLeaf): void {
    const { action } = leaf;
    if (action === null) return;
    if (!this.#openIntents.delete(action)) {
      this.#find(this.#endedActions.has(action) ? 'outcome.repeated' : 'outcome.without_intent');
      return;
    }
    this.#endedActions.add(action);
    if (this.#endedActions.size <= REMEMBERED_ACTIONS) return;
    for (const oldest of this.#endedActions) {
      this.#endedActions.delete(oldest);
      return;
    }
  }
}

/** Every field of the binding; none may be missing: an absent commitment matches nothing. */
function isBound(grant: GrantLeaf, intent: AttemptLeaf): boolean {
  const { agent, target, environment, subject } = grant.binding;
  return (
    grant.review === intent.review &&
    agent === intent.requester.agent &&
    target === intent.target.name &&
    environment === intent.target.environment &&
    subject === intent.commitment
  );
}
