/**
 * Which fields of a record hold values that people may ask to have erased. A field without a class is sensitive, so that
 * a field that somebody adds is encrypted until somebody decides otherwise; a test fails on one.
 */

/** What may stay readable for ever: names, ids, times, counts, codes, commitments. */
export const OPEN = 'open';

/** A value that is kept encrypted; `erased` is what stands in its place afterwards. */
export interface Sensitive {
  readonly erased: unknown;
}

/** `Classes`: a record of its own, or null. A list of one: an array of such records. */
export type FieldClass = typeof OPEN | Sensitive | NestedClasses | readonly [Classes];
export type Classes = Readonly<Record<string, FieldClass>>;
export interface NestedClasses {
  readonly members: Classes;
}

type NamesOf<T> = T extends unknown ? keyof T : never;
/** Names every field that any form of `T` has: one that is left out doesn't compile. */
export type ClassesOf<T> = { readonly [K in NamesOf<T> & string]: FieldClass };

type Fields = Readonly<Record<string, unknown>>;

const isSensitive = (given: FieldClass): given is Sensitive => typeof given === 'object' && 'erased' in given;
const isNested = (given: FieldClass): given is NestedClasses =>
  typeof given === 'object' && 'members' in given;

export interface Parts {
  readonly open: Fields;
  readonly sealed: Fields;
}

/** Takes a record apart: what may be readable, and the rest with as much of its place as it takes to put it back. */
export function split(record: object, classes: Classes): Parts {
  const open: Record<string, unknown> = {};
  const sealed: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(record)) {
    const parts = splitField(value, classes[name]);
    if (parts.open !== undefined) open[name] = parts.open;
    if (parts.sealed !== undefined) sealed[name] = parts.sealed;
  }
  return { open, sealed };
}

function splitField(value: unknown, given: FieldClass | undefined): { open?: unknown; sealed?: unknown } {
  if (given === OPEN) return { open: value };
  if (given === undefined || isSensitive(given)) return { sealed: value };
  if (isNested(given)) return isRecord(value) ? split(value, given.members) : { open: value };
  if (!Array.isArray(value)) return { sealed: value };
  const [each] = given;
  const parts = value.map((item: unknown) => split(isRecord(item) ? item : { item }, each));
  return { open: parts.map(({ open }) => open), sealed: parts.map(({ sealed }) => sealed) };
}

/** Puts back together what `split` took apart. */
export function join(open: unknown, sealed: unknown): unknown {
  if (sealed === undefined) return open;
  if (open === undefined) return sealed;
  if (Array.isArray(open) && Array.isArray(sealed)) return open.map((item, at) => join(item, sealed[at]));
  if (!isRecord(open) || !isRecord(sealed)) return sealed;
  const names = new Set([...Object.keys(open), ...Object.keys(sealed)]);
  return Object.fromEntries([...names].map((name) => [name, join(open[name], sealed[name])]));
}

/** The record with what was sensitive erased. A field without a class goes altogether. */
export function erase(record: object, classes: Classes): Fields {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(record)) {
    const given = classes[name];
    if (given !== undefined) kept[name] = eraseField(value, given);
  }
  return kept;
}

function eraseField(value: unknown, given: FieldClass): unknown {
  if (given === OPEN || value === null) return value;
  if (isSensitive(given)) return given.erased;
  if (isNested(given)) return isRecord(value) ? erase(value, given.members) : null;
  const [each] = given;
  return Array.isArray(value)
    ? value.map((item: unknown) => (isRecord(item) ? erase(item, each) : null))
    : [];
}

/** Paths of fields that have no class. */
export function unclassified(record: object, classes: Classes): string[] {
  return Object.entries(record).flatMap(([name, value]) => {
    const given = classes[name];
    if (given === undefined) return [name];
    if (given === OPEN || isSensitive(given)) return [];
    const below = isNested(given) ? given.members : given[0];
    const records = (Array.isArray(value) ? value : [value]).filter(isRecord);
    return records.flatMap((each) => unclassified(each, below)).map((path) => `${name}.${path}`);
  });
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
