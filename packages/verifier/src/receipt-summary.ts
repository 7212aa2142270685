import type { ActionForm } from './aside.ts';
import type { JsonValue } from './canonical.ts';
import { isAttempt } from './leaf.ts';
import type { AttemptLeaf, Leaf, OutcomeLeaf, VoteLeaf } from './leaf.ts';

/** What a receipt says, out of entries that are proved to be in the log. */
export interface ReceiptSummary {
  readonly requester: AttemptLeaf['requester'];
  readonly target: AttemptLeaf['target'];
  readonly operation: string;
  readonly decision: AttemptLeaf['decision'];
  readonly risk: JsonValue;
  readonly usage: JsonValue;
  /** Unix milliseconds of the decision, or of the intent where policy allowed at once. */
  readonly attemptedAt: number;
  /** Unix milliseconds; null: nothing was performed. */
  readonly authorizedAt: number | null;
  readonly votes: readonly (VoteLeaf['vote'] & { readonly at: number })[];
  /** A person ran it without approval; null: nobody did. */
  readonly breakGlass: {
    readonly id: string;
    readonly person: string;
    readonly identity: string;
    readonly at: number;
    /** Null: nobody has reviewed it, as far as these entries go. */
    readonly review: { readonly person: string; readonly finding: string; readonly at: number } | null;
  } | null;
  /** It was a canary, and is never to run; when that was said. Null: it wasn't, as far as these entries go. */
  readonly canary: { readonly at: number } | null;
  /** Null: none is recorded. */
  readonly outcome: OutcomeLeaf['outcome'] | null;
  /** The exact command and its digest; null where the aside is withheld. */
  readonly command: string | null;
  readonly digest: string | null;
}

function breakGlassIn(leaves: readonly Leaf[]): ReceiptSummary['breakGlass'] {
  const use = leaves.find((leaf) => leaf.kind === 'break_glass');
  if (use === undefined) return null;
  const review = leaves.find((leaf) => leaf.kind === 'break_glass_review');
  return {
    id: use.breakGlass,
    person: use.person,
    identity: use.identity,
    at: use.at,
    review: review === undefined ? null : { person: review.person, finding: review.finding, at: review.at },
  };
}

function canaryIn(leaves: readonly Leaf[]): ReceiptSummary['canary'] {
  const canary = leaves.find((leaf) => leaf.kind === 'canary');
  return canary === undefined ? null : { at: canary.at };
}

/** Null where no attempt is among the leaves. */
export function summarize(leaves: readonly Leaf[], form: ActionForm | null): ReceiptSummary | null {
  const attempts = leaves.filter(isAttempt);
  const intent = attempts.find((leaf) => leaf.kind === 'intent');
  const first = attempts[0];
  const told = intent ?? first;
  if (first === undefined || told === undefined) return null;
  // On the action, or on the standing grant that it ran under.
  const standing = intent?.standing ?? null;
  const votes = leaves.filter((leaf) => leaf.kind === 'vote').filter((leaf) => leaf.standing === standing);
  const { requester, target, operation, decision, risk, usage } = told;
  return {
    requester,
    target,
    operation,
    decision,
    risk,
    usage,
    attemptedAt: first.at,
    authorizedAt: intent?.at ?? null,
    votes: votes.map(({ at, vote }) => ({ ...vote, at })),
    breakGlass: breakGlassIn(leaves),
    canary: canaryIn(leaves),
    outcome: leaves.find((leaf) => leaf.kind === 'outcome')?.outcome ?? null,
    command: form?.command ?? null,
    digest: form?.digest ?? null,
  };
}
