/** From a review and a wish to the terms that people vote on: never wider than what the wish says. */
import { whyNotFor, type Constraint, type Field } from '../../core/constraint.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { StandingRefusal } from '../../core/reasons.ts';
import type { ReviewSubject } from '../../core/review.ts';
import type { FieldTerm, StandingTerms } from '../../core/standing.ts';
import type { DatasetUsage } from '../../core/usage.ts';
import type { Limits } from '../../limits.ts';
import type { StandingWish } from '../../ports.ts';
import { shapeOf, type ShapePorts } from './shapes.ts';

export interface TermsPorts extends ShapePorts {
  readonly limits: Pick<Limits, 'standingMs' | 'standingUses' | 'standingValues'>;
}

type Refused = { readonly ok: false; readonly error: StandingRefusal };

const refuse = (code: StandingRefusal['code'], message: string): Refused => err({ code, message });

export function termsOf(
  subject: ReviewSubject,
  wish: StandingWish,
  nowMs: number,
  ports: TermsPorts,
): Result<StandingTerms, StandingRefusal> {
  const unfit = whyUnfit(subject);
  if (unfit !== null) return refuse('standing.unfit', unfit);
  const shape = shapeOf(ports, subject);
  if (!shape.ok)
    return refuse('standing.unfit', `No standing grant can be made of this action. ${shape.error}`);
  const rows = rowsOf(subject, wish);
  if (rows === null)
    return refuse(
      'standing.terms',
      'Rows: one use is allowed fewer than this action may have, or all uses together are.',
    );
  const wrong = whyNotWithin(wish, nowMs, ports.limits);
  if (wrong !== null) return refuse('standing.terms', wrong);
  const fields = fieldTerms(shape.value.fields, wish, ports.limits.standingValues);
  if (!fields.ok) return fields;
  const { requester, target, operation, preconditions, datasets, functions } = subject;
  return ok({
    agent: requester.agent,
    onBehalfOf: requester.onBehalfOf,
    target,
    operation,
    template: shape.value.template,
    preconditions,
    fields: fields.value,
    datasets: datasets.map(asTouched),
    functions: functions.map((each) => each.name),
    maxUses: wish.maxUses,
    ...rows,
    validFromMs: wish.validFromMs ?? nowMs,
    validUntilMs: wish.validUntilMs,
  });
}

/** Without whose the data is and what obliges to protect it: those may change, and what may be touched stays. */
const asTouched = ({ access, basis, classes, columns, dataset }: DatasetUsage): DatasetUsage => ({
  access,
  basis,
  classes,
  columns,
  dataset,
});

/** Why no grant can ever cover the action under review. */
function whyUnfit({ unknown, datasets, functions, rowLimit }: ReviewSubject): string | null {
  if (unknown.length > 0 || datasets.some((each) => each.basis === 'unknown'))
    return 'Part of this action could not be resolved: a person looks at it each time.';
  if (functions.some((each) => each.effect !== 'none'))
    return 'This action calls functions that do more than compute: a person looks at it each time.';
  return rowLimit === null ? 'Nothing in this action limits its rows, so no grant could bound them.' : null;
}

/** Null where the action under review itself would not be within them. */
function rowsOf({ rowLimit }: ReviewSubject, wish: StandingWish) {
  const own = rowLimit ?? Infinity;
  const maxRowsPerUse = wish.maxRowsPerUse ?? own;
  const maxRows = wish.maxRows ?? maxRowsPerUse * wish.maxUses;
  return own <= maxRowsPerUse && maxRowsPerUse <= maxRows && Number.isSafeInteger(maxRows)
    ? { maxRowsPerUse, maxRows }
    : null;
}

function whyNotWithin(wish: StandingWish, nowMs: number, limits: TermsPorts['limits']): string | null {
  const { maxUses, validUntilMs } = wish;
  const fromMs = wish.validFromMs ?? nowMs;
  if (!Number.isSafeInteger(maxUses) || maxUses < 1 || maxUses > limits.standingUses)
    return `A standing grant has from 1 to ${limits.standingUses.toString()} uses.`;
  if (fromMs < nowMs || validUntilMs <= fromMs) return 'The time of the grant is over before it begins.';
  const hours = limits.standingMs / 3_600_000;
  return validUntilMs - nowMs > limits.standingMs
    ? `A standing grant ends within ${hours.toString()} hours of its proposal.`
    : null;
}

/** Each field once; what the wish doesn't speak of stays what it is. */
function fieldTerms(
  fields: readonly Field[],
  { constraints }: StandingWish,
  mostValues: number,
): Result<readonly FieldTerm[], StandingRefusal> {
  const wished = new Map(constraints.map((each) => [each.name, each.constraint]));
  const stray = constraints.find((each) => !fields.some((field) => field.name === each.name));
  if (stray !== undefined || wished.size < constraints.length)
    return refuse(
      'standing.constraint',
      'A constraint names a field that this action doesn’t have, or one twice.',
    );
  const terms: FieldTerm[] = [];
  for (const { value, ...field } of fields) {
    const constraint: Constraint = wished.get(field.name) ?? { kind: 'equals', value };
    const why = whyNotFor({ ...field, value }, constraint, mostValues);
    if (why !== null) return refuse('standing.constraint', why);
    terms.push({ ...field, constraint });
  }
  return ok(terms);
}
