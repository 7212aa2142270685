import { policyToText, type PolicyJson } from '../cedar.ts';
import type { CheckedPolicy } from '../validate.ts';

export interface RuleDifference {
  readonly id: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** What of it: `effect`, `conditions`, `@quorum`, … as Cedar's text; empty for what was added or removed. */
  readonly parts: readonly { readonly part: string; readonly from: string; readonly to: string }[];
}

/** What is compared, and how people read it. */
interface Part {
  readonly meaning: string;
  readonly text: string;
}

const EVERYTHING: PolicyJson = {
  effect: 'permit',
  principal: { op: 'All' },
  action: { op: 'All' },
  resource: { op: 'All' },
  conditions: [],
};
const SCOPE = ['principal', 'action', 'resource'] as const;

/** A policy of which only this is said, as Cedar's text; the engine's JSON where it gives none. */
function textOf(part: Partial<PolicyJson>): string {
  const answer = policyToText({ ...EVERYTHING, ...part });
  return answer.type === 'success' ? answer.text : JSON.stringify(part);
}

const HEAD = /^permit\((?<scope>.*?)\)(?: (?=when|unless)|;?$)/s;

/** `action in [Action::"sql"]` of `permit(principal, action in [Action::"sql"], resource);`. */
function scopeOf(json: PolicyJson, name: (typeof SCOPE)[number]): Part {
  const text = textOf({ [name]: json[name] });
  const words = text.slice('permit('.length).replace(/\);?$/, '');
  const [before, after] = [
    { principal: '', action: 'principal, ', resource: 'principal, action, ' }[name],
    { principal: ', action, resource', action: ', resource', resource: '' }[name],
  ];
  const isWhole = text.startsWith('permit(') && words.startsWith(before) && words.endsWith(after);
  const said = isWhole ? words.slice(before.length, words.length - after.length) : text;
  return { meaning: JSON.stringify(json[name]), text: said };
}

function conditionsOf({ conditions }: PolicyJson): Part {
  const text = textOf({ conditions }).replace(HEAD, '').replace(/;$/, '');
  return { meaning: JSON.stringify(conditions), text };
}

const plain = (text: string): Part => ({ meaning: text, text });

/** Everything of a rule that means something; order of members and white space don't. */
function partsOf({ json, kind }: CheckedPolicy): Readonly<Record<string, Part>> {
  const { id: _, ...said } = (json.annotations ?? {}) as Readonly<Record<string, string>>;
  const marked = Object.entries(said).map(([name, value]) => [`@${name}`, plain(value)] as const);
  const scope = SCOPE.map((name) => [name, scopeOf(json, name)] as const);
  return Object.fromEntries([
    ['effect', plain(kind)],
    ...scope,
    ['conditions', conditionsOf(json)],
    ...marked,
  ]);
}

function compare(from: CheckedPolicy, to: CheckedPolicy): RuleDifference | undefined {
  const [before, after] = [partsOf(from), partsOf(to)];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const parts = names
    .filter((part) => before[part]?.meaning !== after[part]?.meaning)
    .map((part) => ({ part, from: before[part]?.text ?? '', to: after[part]?.text ?? '' }));
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
