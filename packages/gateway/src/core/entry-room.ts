import type { Decision } from './decide.ts';
import type { Description } from './describe.ts';
import type { DatasetUsage } from './usage.ts';

/** Quotes, uses, classes and punctuation around one column's name in a leaf. */
const ENTRY_BYTES_PER_NAME = 90;
/** Everything else in a leaf: requester, target, decision, demands. */
const ENTRY_BYTES_RESERVED = 16_000;

/** A leaf holds every column that an action touches; what can't be recorded whole is denied (laws 3 and 7). */
export function withinEntry(
  decision: Decision,
  mostBytes: number,
  {
    description,
    datasets,
  }: { readonly description: Description; readonly datasets: readonly DatasetUsage[] },
): Decision {
  const touched = datasets.flatMap((dataset) => [
    dataset.dataset,
    ...dataset.columns.map((column) => column.name),
    ...(dataset.owners ?? []),
    ...(dataset.compliance ?? []),
  ]);
  const names = [...touched, ...description.functions.map((each) => each.name), ...description.flags];
  const estimate =
    names.length * ENTRY_BYTES_PER_NAME + names.reduce((sum, name) => sum + 4 * name.length, 0);
  if (estimate <= mostBytes - ENTRY_BYTES_RESERVED) return decision;
  const reasons = [
    `This statement touches ${names.length.toString()} datasets, columns and functions, more than one ledger entry can hold. Split it.`,
  ];
  return { effect: 'deny', code: 'policy.error', policies: [], reasons };
}
