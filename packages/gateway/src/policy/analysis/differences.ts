import type { CheckedPolicy } from '../validate.ts';

export interface RuleDifference {
  readonly id: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** What of it: `effect`, `conditions`, `quorum`, …; empty for what was added or removed. */
  readonly parts: readonly { readonly part: string; readonly from: string; readonly to: string }[];
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Everything of a rule that means something; order of members and white space don't. */
function partsOf({ json, kind }: CheckedPolicy): Readonly<Record<string, string>> {
  const { annotations = {}, principal, action, resource, conditions } = json;
  const { id: _, ...said } = annotations as Readonly<Record<string, string>>;
  const marked = Object.entries(said).map(([name, value]) => [`@${name}`, value] as const);
  return Object.fromEntries([
    ['effect', kind],
    ['principal', asText(principal)],
    ['action', asText(action)],
    ['resource', asText(resource)],
    ['conditions', asText(conditions)],
    ...marked,
  ]);
}

function compare(from: CheckedPolicy, to: CheckedPolicy): RuleDifference | undefined {
  const [before, after] = [partsOf(from), partsOf(to)];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const parts = names
    .filter((part) => before[part] !== after[part])
    .map((part) => ({ part, from: before[part] ?? '', to: after[part] ?? '' }));
  return parts.length === 0 ? undefined : { id: to.id, change: 'changed', parts };
}

/** What a set of rules has that another one hasn't, rule by rule, by id. */
export function differencesOf(
  from: readonly CheckedPolicy[],
  to: readonly CheckedPolicy[],
): readonly RuleDifference[] {
  const before = new Map(from.map((rule) => [rule.id, rule]));
  const after = new Set(to.map(({ id }) => id));
  const kept = to.map((rule) => {
    const earlier = before.get(rule.id);
    return earlier === undefined
      ? { id: rule.id, change: 'added' as const, parts: [] }
      : compare(earlier, rule);
  });
  const gone = from
    .filter(({ id }) => !after.has(id))
    .map(({ id }) => ({ id, change: 'removed' as const, parts: [] }));
  return [...kept.filter((each) => each !== undefined), ...gone];
}
