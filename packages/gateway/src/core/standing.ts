/** Bounded standing grants: "this, and its like, for two hours". Pure: what one is, and whether it covers an action. */
import type { Preconditions } from './action.ts';
import { satisfies, type Constraint, type Field } from './constraint.ts';
import { sameDemands, type Demand } from './decide.ts';
import type { Description } from './describe.ts';
import type { Target } from './identity.ts';
import type { ActionId, ReviewId, StandingId } from './ids.ts';
import type { ReviewSubject, Vote } from './review.ts';
import type { DemandSchedule } from './schedule.ts';
import type { DatasetUsage } from './usage.ts';

/** What one field may be. `type` is compared too: another type would be another command. */
export interface FieldTerm extends Omit<Field, 'value'> {
  readonly constraint: Constraint;
}

/** All that a standing grant allows. Never changes; what people vote on. */
export interface StandingTerms {
  readonly agent: string;
  readonly onBehalfOf: string;
  readonly target: Target;
  readonly operation: string;
  /** SHA-256 of the action's template: exact equality, never a prefix or a pattern. */
  readonly template: string;
  readonly preconditions: Preconditions;
  /** Every field of the template, in its order. */
  readonly fields: readonly FieldTerm[];
  /** An action may touch these columns in these ways, and nothing besides. */
  readonly datasets: readonly DatasetUsage[];
  readonly functions: readonly string[];
  readonly maxUses: number;
  readonly maxRowsPerUse: number;
  readonly maxRows: number;
  readonly validFromMs: number;
  /** At this instant it is over. */
  readonly validUntilMs: number;
}

/** One action that ran under a grant. */
export interface StandingUse {
  readonly action: ActionId;
  readonly atMs: number;
  /** The most that it could have, until its outcome says how many there were. */
  readonly rows: number;
  readonly settled: boolean;
}

/** What is decided about a grant; whether its time is over or its uses are gone is worked out (`statusOf`). */
export type StandingState =
  | { readonly status: 'proposed' }
  | { readonly status: 'live'; readonly atMs: number }
  | {
      readonly status: 'rejected' | 'revoked';
      readonly atMs: number;
      readonly by: string;
      readonly reason: string;
    };

export type StandingStatus = StandingState['status'] | 'expired' | 'exhausted';

export interface StandingGrant {
  readonly id: StandingId;
  /** The review that it was proposed from. */
  readonly review: ReviewId;
  readonly terms: StandingTerms;
  /** SHA-256 of the canonical terms, in hexadecimal digits: what a vote has to name. */
  readonly digest: string;
  /** By which the ledger's entries commit to the terms. */
  readonly commitment: string;
  /** What the action under review was, with its demands: they are those of this grant too. */
  readonly sample: ReviewSubject;
  readonly proposedBy: string;
  readonly reason: string;
  readonly proposedAtMs: number;
  readonly schedule: readonly DemandSchedule[];
  /** Until then people vote on it. */
  readonly votesUntilMs: number;
  readonly votes: readonly Vote[];
  readonly uses: readonly StandingUse[];
  /** Grows by one with each change. */
  readonly revision: number;
  /** When the values in it were erased; absent: they are there. */
  readonly erasedAtMs?: number;
  readonly state: StandingState;
}

/** What is known of an action from its bytes and its record; enough for a replay. */
export interface Candidate {
  readonly agent: string;
  readonly onBehalfOf: string;
  readonly target: Target;
  readonly operation: string;
  readonly template: string;
  readonly preconditions: Preconditions;
  readonly fields: readonly Field[];
  readonly datasets: readonly DatasetUsage[];
  /** What policy demands for it. */
  readonly demands: readonly Demand[];
}

/** What besides is known of an action that is about to run. */
export type Findings = Pick<Description, 'functions' | 'flags' | 'unknown' | 'reach' | 'rowLimit'>;

/** Why a grant doesn't cover an action. Closed. */
export type UncoveredCode =
  | 'standing.not_live'
  | 'standing.not_yet'
  | 'standing.expired'
  | 'standing.exhausted'
  | 'standing.agent'
  | 'standing.target'
  | 'standing.operation'
  | 'standing.template'
  | 'standing.preconditions'
  | 'standing.field'
  | 'standing.datasets'
  | 'standing.demands'
  | 'standing.functions'
  | 'standing.flags'
  | 'standing.unknown'
  | 'standing.outside'
  | 'standing.rows';

export interface Uncovered {
  readonly code: UncoveredCode;
  /** A sentence for a person, without values. */
  readonly message: string;
}

export const uncovered = (code: UncoveredCode, message: string): Uncovered => ({ code, message });

export const rowsUsed = (grant: StandingGrant): number => grant.uses.reduce((sum, use) => sum + use.rows, 0);

export function statusOf(grant: StandingGrant, nowMs: number): StandingStatus {
  const { state, terms, uses, votesUntilMs } = grant;
  if (state.status === 'proposed') return nowMs < votesUntilMs ? 'proposed' : 'expired';
  if (state.status !== 'live') return state.status;
  if (uses.length >= terms.maxUses) return 'exhausted';
  return nowMs < terms.validUntilMs ? 'live' : 'expired';
}

/** Whether it is for exactly these. A member that is missing on either side is no match (threat A6). */
export function isForWhom(
  { terms }: StandingGrant,
  given: Readonly<Record<'agent' | 'onBehalfOf' | 'target' | 'environment', string>>,
): boolean {
  const { agent, onBehalfOf, target } = terms;
  const own = { agent, onBehalfOf, target: target.name, environment: target.environment };
  return (['agent', 'onBehalfOf', 'target', 'environment'] as const).every((name) => {
    const value: unknown = own[name];
    return typeof value === 'string' && value !== '' && value === given[name];
  });
}

/** Equal members, none more and none fewer. */
function samePreconditions(left: Preconditions, right: Preconditions): boolean {
  const names = Object.keys(left);
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => Object.hasOwn(right, name) && left[name] === right[name])
  );
}

/** The name of the first field that isn't as the terms have it; null: all are. */
function wrongField(terms: readonly FieldTerm[], fields: readonly Field[]): string | null {
  if (terms.length !== fields.length) return 'the number of fields';
  for (const [at, term] of terms.entries()) {
    const field = fields[at];
    if (field?.name !== term.name || field.type !== term.type || field.free !== term.free) return term.name;
    if (!satisfies(term.constraint, field.value)) return term.name;
  }
  return null;
}

const isWithin = (some: readonly string[], all: readonly string[]): boolean =>
  some.every((each) => all.includes(each));

/** Whether everything that is touched here is touched so there. A class that wasn't known then is something else. */
function touchesNoMore(used: readonly DatasetUsage[], allowed: readonly DatasetUsage[]): boolean {
  return used.every((dataset) => {
    const known = allowed.find((each) => each.dataset === dataset.dataset);
    if (known === undefined || known.basis === 'unknown' || known.basis !== dataset.basis) return false;
    if (!isWithin(dataset.access, known.access) || !isWithin(dataset.classes, known.classes)) return false;
    return dataset.columns.every((column) => {
      const allowedColumn = known.columns.find((each) => each.name === column.name);
      if (allowedColumn === undefined) return false;
      return isWithin(column.uses, allowedColumn.uses) && isWithin(column.classes, allowedColumn.classes);
    });
  });
}

/** Why an action isn't the like of what the terms speak of; null: it is. */
export function differs(
  terms: StandingTerms,
  demands: readonly Demand[],
  action: Candidate,
): Uncovered | null {
  if (action.agent !== terms.agent || action.onBehalfOf !== terms.onBehalfOf)
    return uncovered('standing.agent', 'It is of another agent, or on behalf of somebody else.');
  const { name, environment, protocol } = terms.target;
  if (
    action.target.name !== name ||
    action.target.environment !== environment ||
    action.target.protocol !== protocol
  )
    return uncovered('standing.target', 'It is for another target or environment.');
  if (action.operation !== terms.operation)
    return uncovered('standing.operation', 'It is another operation.');
  if (action.template !== terms.template)
    return uncovered('standing.template', 'Its text differs in more than the fields.');
  if (!samePreconditions(action.preconditions, terms.preconditions))
    return uncovered('standing.preconditions', 'What it rests on differs, such as the search path.');
  const field = wrongField(terms.fields, action.fields);
  if (field !== null) return uncovered('standing.field', `A field is not what the grant allows: ${field}.`);
  if (!touchesNoMore(action.datasets, terms.datasets))
    return uncovered(
      'standing.datasets',
      'It touches data, or classes of data, that the grant doesn’t name.',
    );
  if (!sameDemands(action.demands, demands))
    return uncovered('standing.demands', 'Policy demands something else by now, or for this action.');
  return null;
}

/** What a grant never covers, whatever it says. */
function exceeds(terms: StandingTerms, findings: Findings): Uncovered | null {
  const { functions, flags, unknown, reach, rowLimit } = findings;
  if (unknown.length > 0)
    return uncovered('standing.unknown', 'Part of it could not be resolved, so a person looks at it.');
  const isPlain = functions.every((each) => each.effect === 'none');
  const names = functions.map((each) => each.name);
  if (!isPlain || !isWithin(names, terms.functions))
    return uncovered(
      'standing.functions',
      'It calls a function that the grant doesn’t name, or that does more than compute.',
    );
  // What a connector marks (hidden effects, cascades, collected rows, …) is for a person to judge.
  if (flags.length > 0)
    return uncovered(
      'standing.flags',
      `It has a property that a person looks at each time: ${flags.join(', ')}.`,
    );
  if (reach === 'outside')
    return uncovered('standing.outside', 'Part of its effect lies outside of the transaction.');
  if (rowLimit === null || rowLimit > terms.maxRowsPerUse)
    return uncovered('standing.rows', 'It doesn’t itself limit its rows to what one use may have.');
  return null;
}

/** Why a use of so many rows isn't possible now; null: it is. */
export function whyNotUsable(grant: StandingGrant, rows: number, nowMs: number): Uncovered | null {
  const { terms } = grant;
  const status = statusOf(grant, nowMs);
  if (status === 'expired') return uncovered('standing.expired', 'The standing grant’s time is over.');
  if (status === 'exhausted') return uncovered('standing.exhausted', 'The standing grant has been used up.');
  if (status !== 'live') return uncovered('standing.not_live', `The standing grant is ${status}.`);
  if (nowMs < terms.validFromMs)
    return uncovered('standing.not_yet', 'The standing grant’s time hasn’t begun.');
  if (!Number.isSafeInteger(rows) || rows < 0 || rowsUsed(grant) + rows > terms.maxRows)
    return uncovered('standing.exhausted', 'The standing grant has too few rows left.');
  return null;
}

/** Why the grant doesn't let this action run now; null: it does, as far as the grant itself goes. */
export function whyNotCovered(
  grant: StandingGrant,
  action: Candidate & Findings,
  nowMs: number,
): Uncovered | null {
  return (
    differs(grant.terms, grant.sample.demands, action) ??
    exceeds(grant.terms, action) ??
    whyNotUsable(grant, action.rowLimit ?? Infinity, nowMs)
  );
}
