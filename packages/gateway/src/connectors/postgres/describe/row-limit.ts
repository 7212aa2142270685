import type { Description } from '../../../core/describe.ts';
import type { DescribedStatement } from './types.ts';

/** The bound that `LIMIT text` leaves; NULL and anything that isn't a plain number limit nothing. */
export function withLimit(bound: number | null, text: string | null): number | null {
  if (text === null || !/^\d{1,15}$/.test(text)) return bound;
  return bound === null ? Number(text) : Math.min(bound, Number(text));
}

/** A policy's thresholds are few; beyond this many different limits a description is made for the call. */
const memoisedLimits = 16;
const memo = new WeakMap<Description, Map<number, Description>>();

/**
 * The description of a statement with `LIMIT $n` once n is bound. The same limit gives the same object. `parameter` is
 * the bound value as text, null for NULL or where it isn't known.
 */
export function boundRowLimit(described: DescribedStatement, parameter: string | null): Description {
  const { description, effects } = described;
  if (effects.limitParameter === null) return description;
  // A result whose rows each hold many isn't bounded by a limit.
  if (description.flags.includes('collectsRows') || description.functions.some((f) => f.effect !== 'none')) {
    return description;
  }
  const rowLimit = withLimit(description.rowLimit, parameter);
  if (rowLimit === null || rowLimit === description.rowLimit) return description;
  let known = memo.get(description);
  if (!known) memo.set(description, (known = new Map<number, Description>()));
  const found = known.get(rowLimit) ?? { ...description, rowLimit };
  if (known.size < memoisedLimits) known.set(rowLimit, found);
  return found;
}
