import type { Path } from './problem.ts';

export interface Found {
  readonly path: Path;
  readonly value: unknown;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function step({ path, value }: Found, key: string): readonly Found[] {
  if (key === '*') {
    if (Array.isArray(value))
      return value.map((each: unknown, index) => ({ path: [...path, index], value: each }));
    return isObject(value)
      ? Object.entries(value).map(([name, each]) => ({ path: [...path, name], value: each }))
      : [];
  }
  return isObject(value) && Object.hasOwn(value, key) ? [{ path: [...path, key], value: value[key] }] : [];
}

/**
 * All values at a pattern such as `agents.*.groups.*`, in whatever shape the data is: checks of names and files run on
 * configurations that break other rules too, so that everything is said at once.
 */
export function valuesAt(data: unknown, pattern: string): readonly Found[] {
  let found: readonly Found[] = [{ path: [], value: data }];
  for (const key of pattern.split('.')) found = found.flatMap((each) => step(each, key));
  return found;
}

/** The value at a path; undefined where there is none. */
export function valueAt(data: unknown, path: Path): unknown {
  let value = data;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value;
}
