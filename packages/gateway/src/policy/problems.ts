/** Why a policy was not loaded. Closed: documented in spec/policy.md. */
export type PolicyProblemCode =
  | 'policy.none'
  | 'policy.too_large'
  | 'policy.too_deep'
  | 'policy.syntax'
  | 'policy.schema'
  | 'policy.annotation_unknown'
  | 'policy.id_missing'
  | 'policy.id_duplicate'
  | 'policy.reason_missing'
  | 'policy.review_on_permit'
  | 'policy.review_scope'
  | 'policy.review_missing'
  | 'policy.review_approver'
  | 'policy.quorum'
  | 'policy.exclude'
  | 'policy.expires'
  | 'policy.remind'
  | 'policy.escalate'
  | 'policy.passkey'
  | 'policy.controls'
  | 'policy.unknown_name'
  | 'policy.engine'
  | 'policy.timeout';

/** One thing that is wrong with the policies, and the way out. Lines and columns count from 1. */
export interface PolicyProblem {
  readonly code: PolicyProblemCode;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The `@id` of the policy, or empty where it has none. */
  readonly policy: string;
  readonly message: string;
  readonly hint: string;
  /** The offending word, at that place; absent where no single one is wrong. */
  readonly word?: string;
  /** The word that was most likely meant; absent where none is near. */
  readonly nearest?: string;
}

/** One line for a terminal: `file:line:column: policy: what is wrong; way out`. */
export function formatPolicyProblem(problem: PolicyProblem): string {
  const { file, line, column, policy, message, hint } = problem;
  const subject = policy === '' ? '' : `${policy}: `;
  return `${file}:${line}:${column}: ${subject}${message}${hint === '' ? '' : `; ${hint}`}`;
}
