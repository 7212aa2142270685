import type { AttemptLeaf, BreakGlassLeaf, BreakGlassReviewLeaf } from './leaf.ts';

/** What the entries about break-glass must say (spec/break-glass.md). Closed. */
export type BreakGlassRuleCode =
  /** An attempt, an intent or a review under a use that was never opened, or a second use under one id. */
  | 'break_glass.unfounded'
  /** Signed with a passkey that was never registered for the person's identity, or was revoked before the intent. */
  | 'break_glass.passkey_unfounded'
  /** A receipt shows no valid signature of it. */
  | 'break_glass.unsigned'
  /** What ran, who ran it, where, or for whom is not what the use says. */
  | 'break_glass.mismatch'
  | 'break_glass.expired'
  | 'break_glass.spent_twice'
  /** Reviewed by the person who ran it, under whatever account. */
  | 'break_glass.own_review'
  | 'break_glass.reviewed_twice';

interface Use {
  readonly leaf: BreakGlassLeaf;
  readonly isProved: boolean;
  spent: boolean;
  reviewed: boolean;
}

export interface BreakGlassTerms {
  readonly report: (code: BreakGlassRuleCode) => void;
  /** Whether the passkey is one of this identity now, and is not revoked. */
  readonly isPasskeyOf: (passkey: string, identity: string) => boolean;
}

/** Follows uses of break-glass. All are remembered: there are few, or there is more to worry about than memory. */
export class BreakGlassRules {
  readonly #terms: BreakGlassTerms;
  readonly #uses = new Map<string, Use>();

  constructor(terms: BreakGlassTerms) {
    this.#terms = terms;
  }

  /** Uses that another person has not reviewed. */
  get unreviewed(): number {
    return [...this.#uses.values()].filter((use) => !use.reviewed).length;
  }

  /** @param isProved false where a receipt shows no valid signature of it. */
  open(leaf: BreakGlassLeaf, isProved: boolean): void {
    const { report, isPasskeyOf } = this.#terms;
    if (this.#uses.has(leaf.breakGlass)) return report('break_glass.unfounded');
    if (!isPasskeyOf(leaf.passkey, leaf.identity)) report('break_glass.passkey_unfounded');
    if (leaf.binding.agent !== leaf.person) report('break_glass.mismatch');
    this.#uses.set(leaf.breakGlass, { leaf, isProved, spent: false, reviewed: false });
  }

  spend(intent: AttemptLeaf, id: string): void {
    const { report, isPasskeyOf } = this.#terms;
    const use = this.#uses.get(id);
    if (use === undefined) return report('break_glass.unfounded');
    if (use.spent) return report('break_glass.spent_twice');
    use.spent = true;
    if (!isBound(use.leaf, intent)) report('break_glass.mismatch');
    if (intent.at >= use.leaf.expiresAt) report('break_glass.expired');
    if (!isPasskeyOf(use.leaf.passkey, use.leaf.identity)) report('break_glass.passkey_unfounded');
    if (!use.isProved) report('break_glass.unsigned');
  }

  review({ breakGlass, person, identity, subject }: BreakGlassReviewLeaf): void {
    const { report } = this.#terms;
    const use = this.#uses.get(breakGlass);
    if (use?.leaf.binding.subject !== subject) return report('break_glass.unfounded');
    if (use.reviewed) return report('break_glass.reviewed_twice');
    use.reviewed = true;
    if (use.leaf.identity === identity || use.leaf.person === person) report('break_glass.own_review');
  }
}

/** A person acts in their own name, and for nobody else. */
function isBound({ action, binding }: BreakGlassLeaf, intent: AttemptLeaf): boolean {
  const { agent, onBehalfOf } = intent.requester;
  return (
    intent.action === action &&
    intent.review === null &&
    intent.grant === null &&
    intent.standing === null &&
    intent.decision.effect === 'allow' &&
    binding.agent === agent &&
    agent === onBehalfOf &&
    binding.target === intent.target.name &&
    binding.environment === intent.target.environment &&
    binding.subject === intent.commitment
  );
}
