/** A bound value as the gateway digested it (spec/action.md). */
export interface BoundValue {
  readonly format: string;
  /** The OID of its type, 0 where the client left that open. */
  readonly type: number | string;
  readonly value: string | null;
}

/** As a target logs them, by number from 1; null is NULL. */
export type LoggedValues = readonly (string | null)[];

/**
 * `unclear`: the target prints a value as it understands it, so another spelling of a type that isn't read here proves
 * nothing.
 */
export type Comparison = 'same' | 'other' | 'unclear';

const HEAD = /^Parameters: /i;
const VALUE = /\$(\d+) = (?:NULL|'((?:[^']|'')*)')(?:, |$)/y;

/**
 * Of the `DETAIL` of a record: `Parameters: $1 = '5', $2 = NULL`. Null where it has none, or others than these, which is how a
 * target says that it doesn't log them (`log_parameter_max_length`).
 */
export function parametersIn(detail: string): LoggedValues | null {
  const [head] = HEAD.exec(detail) ?? [];
  if (head === undefined) return null;
  const values: (string | null)[] = [];
  VALUE.lastIndex = head.length;
  while (VALUE.lastIndex < detail.length) {
    const [, number, text] = VALUE.exec(detail) ?? [];
    if (number === undefined || Number(number) !== values.length + 1) return null;
    values.push(text?.replaceAll("''", "'") ?? null);
  }
  return values;
}

export function compareParameters(bound: readonly BoundValue[], logged: LoggedValues): Comparison {
  if (bound.length !== logged.length) return 'other';
  const each = bound.map((value, at) => compareValue(value, logged[at] ?? null));
  if (each.includes('other')) return 'other';
  return each.includes('unclear') ? 'unclear' : 'same';
}

function compareValue(bound: BoundValue, logged: string | null): Comparison {
  if (bound.value === null || logged === null) return bound.value === logged ? 'same' : 'other';
  const printed = printedOf(bound, bound.value);
  if (printed === logged) return 'same';
  // Of a long value the target logs the beginning, where it is told to.
  if (printed !== null && logged.endsWith('...') && printed.startsWith(logged.slice(0, -3))) return 'unclear';
  return printed !== null && (TYPES.has(Number(bound.type)) || areIntegers(printed, logged))
    ? 'other'
    : 'unclear';
}

/** Whatever the type is that the client left open, no type prints one number as another. */
const areIntegers = (...texts: readonly string[]): boolean =>
  texts.every((text) => /^-?(?:0|[1-9]\d*)$/.test(text));

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const textOf = (bytes: Buffer): string => utf8.decode(bytes);
const integer = (text: string): string =>
  /^\s*[+-]?\d+\s*$/.test(text) ? BigInt(text.trim()).toString() : text;
const asIs = (text: string): string => text;

interface Type {
  readonly ofText: (text: string) => string;
  readonly ofBinary: (bytes: Buffer) => string;
}

const TEXT: Type = { ofText: asIs, ofBinary: textOf };
/** Types of which it is known here how PostgreSQL prints them, by OID (pg_type.dat). */
const TYPES: ReadonlyMap<number, Type> = new Map([
  [20, { ofText: integer, ofBinary: (bytes: Buffer) => bytes.readBigInt64BE().toString() }],
  [21, { ofText: integer, ofBinary: (bytes: Buffer) => bytes.readInt16BE().toString() }],
  [23, { ofText: integer, ofBinary: (bytes: Buffer) => bytes.readInt32BE().toString() }],
  // json, text, varchar: what they hold is printed as it is.
  ...[114, 25, 1043].map((oid) => [oid, TEXT] as const),
]);

/** Null where it isn't known how the target prints it. */
function printedOf({ format, type }: BoundValue, value: string): string | null {
  const known = TYPES.get(Number(type));
  if (format === 'text') return known === undefined ? value : printed(() => known.ofText(value));
  return known === undefined ? null : printed(() => known.ofBinary(Buffer.from(value, 'base64url')));
}

/** Fails towards `unclear`: bytes that are no value of their type are the target's to refuse. */
function printed(print: () => string): string | null {
  try {
    return print();
  } catch {
    return null;
  }
}
