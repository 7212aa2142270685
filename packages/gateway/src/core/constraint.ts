/** An order in which values that are text on the wire are compared. */
export type Order = 'number' | 'date' | 'timestamp';

/** What a standing grant lets a field be. Values are compared as the text that would be sent, never converted. */
export type Constraint =
  | { readonly kind: 'equals'; readonly value: string | null }
  | { readonly kind: 'oneOf'; readonly values: readonly (string | null)[] }
  /** Both ends included. A value that isn't written plainly in this order is outside. */
  | { readonly kind: 'range'; readonly order: Order; readonly min: string; readonly max: string };

/**
 * One place of a command that holds a value: a literal, or a bound parameter. The connector finds it in the bytes that
 * would be sent.
 */
export interface Field {
  /** Unique within its action: `literal 1`, `$2`. */
  readonly name: string;
  /** The literal's class, or the parameter's type and format, as the connector says it. */
  readonly type: string;
  /** Null is the NULL of SQL. */
  readonly value: string | null;
  /** Whether another value would leave everything else that was found about the action as it is. */
  readonly free: boolean;
  /** Orders in which a range makes sense for this type; empty: none. */
  readonly orders: readonly Order[];
  /** For people: what stands before it. */
  readonly context: string;
}

/** An action with its values taken out. Equal templates and types mean: the same command but for those values. */
export interface ActionShape {
  /** Exact text; whoever keeps it keeps its SHA-256. */
  readonly template: string;
  readonly fields: readonly Field[];
}

/** More digits than any column holds would only cost time. */
const PLAIN: Readonly<Record<Order, RegExp>> = {
  number: /^-?\d{1,40}(\.\d{1,40})?$/,
  date: /^\d{4}-\d{2}-\d{2}$/,
  timestamp: /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/,
};

const DECIMALS = 40;

/** Exact: a number as a whole count of its smallest decimal. */
function scaled(text: string): bigint {
  const isNegative = text.startsWith('-');
  const [whole = '0', fraction = ''] = (isNegative ? text.slice(1) : text).split('.');
  const count = BigInt(whole + fraction.padEnd(DECIMALS, '0'));
  return isNegative ? -count : count;
}

/** False too where one of them isn’t written plainly in this order. */
function isAscending(order: Order, texts: readonly string[]): boolean {
  if (!texts.every((text) => PLAIN[order].test(text))) return false;
  return texts.slice(1).every((text, at) => {
    const before = texts[at] ?? '';
    return order === 'number' ? scaled(before) <= scaled(text) : before <= text;
  });
}

export function satisfies(constraint: Constraint, value: string | null): boolean {
  switch (constraint.kind) {
    case 'equals':
      return constraint.value === value;
    case 'oneOf':
      return constraint.values.includes(value);
    case 'range':
      return value !== null && isAscending(constraint.order, [constraint.min, value, constraint.max]);
  }
}

/** Why this constraint can't stand for this field, in words; null where it can. */
export function whyNotFor(field: Field, constraint: Constraint, mostValues: number): string | null {
  const { name, free, orders, value } = field;
  if (!free && (constraint.kind !== 'equals' || constraint.value !== value))
    return `${name} decides what the action does, so it stays as it is.`;
  if (constraint.kind === 'oneOf' && constraint.values.length > mostValues)
    return `${name} has more than ${mostValues.toString()} values, more than a person reads.`;
  if (constraint.kind === 'range' && !orders.includes(constraint.order))
    return `${name} is of a type (${field.type}) for which a range of ${constraint.order}s can’t be checked.`;
  if (constraint.kind === 'range' && !isAscending(constraint.order, [constraint.min, constraint.max]))
    return `The range of ${name} is empty, or its ends aren’t plainly written ${constraint.order}s.`;
  return satisfies(constraint, value)
    ? null
    : `The value that ${name} has in the action under review doesn’t meet its own constraint.`;
}
