/** Cedar's own published examples and error cases (vectors/cedar), through both sets, the projection and the memo. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { description, request, requester } from '../../test/support/policy.ts';
import type { DatasetUsage } from '../core/usage.ts';
import type { PolicyRequest } from '../ports.ts';
import { ask, type EntityJson, type PolicySets, type Question } from './cedar.ts';
import { engineOf, type LoadedEngine } from './engine.ts';
import { actionQuestion, attributeNames } from './request.ts';
import type { PolicySource } from './source.ts';
import { validatePolicies } from './validate-in-worker.ts';
import type { CheckedPolicy } from './validate.ts';

/** More than anybody writes at once is checked at once here. */
const LONG_MS = 60_000;

type Is = boolean | 'error';
interface Conditions {
  readonly request: {
    readonly title: string;
    readonly estimatedRows: number;
    readonly risk: number;
    readonly agent: string;
    readonly groups: readonly string[];
    readonly sponsor: string;
    readonly environment: string;
    readonly datasets: Readonly<Record<string, readonly string[]>>;
  };
  readonly groups: readonly {
    readonly topic: string;
    readonly cases: readonly { readonly expression: string; readonly is: Is; readonly loads: boolean }[];
  }[];
}
interface Examples {
  readonly worlds: Readonly<Record<string, readonly EntityJson[]>>;
  readonly cases: readonly {
    readonly source: string;
    readonly world: string;
    readonly policies: Readonly<Record<string, string>>;
    readonly requests: readonly (Omit<Question, 'entities'> & {
      readonly decision: 'allow' | 'deny';
      readonly reasons: readonly string[];
      readonly errors: readonly string[];
    })[];
  }[];
}

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../../vectors/cedar/${name}.json`, import.meta.url), 'utf8'));
// Data of this repository.
const conditions = read('conditions') as Conditions;
const examples = read('examples') as Examples;

const { request: given } = conditions;
const datasets = Object.entries(given.datasets).map(([dataset, classes]): DatasetUsage => ({
  dataset,
  access: ['read'],
  basis: 'unknown',
  columns: [],
  classes,
}));
/** Another object with each call: what is remembered is found by value, too. */
const asked = (): PolicyRequest =>
  request({
    requester: { ...requester, agent: given.agent, agentGroups: given.groups, sponsor: given.sponsor },
    target: { name: 'shop', protocol: 'postgresql', environment: given.environment },
    description: { ...description, title: given.title },
    datasets,
    risk: { score: given.risk, signals: [] },
    estimatedRows: given.estimatedRows,
  });

const MAY =
  '@id("may") @reason("May.") permit (principal is Agent, action in Action::"sql", resource is Target);';
const kinds = {
  permit: (when: string) =>
    `@id("rule") @reason("R.") permit (principal is Agent, action in Action::"sql", resource is Target) when { ${when} };`,
  forbid: (when: string) =>
    `@id("rule") @reason("R.") forbid (principal is Agent, action in Action::"sql", resource is Target) when { ${when} };`,
  review: (when: string) =>
    `@id("rule") @reason("R.") @review("group:a") forbid (principal is Agent, action in Action::"sql", resource is Target) when { ${when} };`,
} as const;
type Kind = keyof typeof kinds;

/** What the tables of spec/policy.md make of a condition, by the kind of rule that it stands in. */
function expected(kind: Kind, is: Is): { readonly effect: string; readonly policies: readonly string[] } {
  if (is === 'error') return { effect: 'deny', policies: ['rule'] };
  if (kind === 'permit')
    return is ? { effect: 'allow', policies: ['rule'] } : { effect: 'deny', policies: [] };
  if (!is) return { effect: 'allow', policies: ['may'] };
  return { effect: kind === 'forbid' ? 'deny' : 'review', policies: ['rule'] };
}

const all = conditions.groups.flatMap(({ cases }) => cases);
const fileOf = (expression: string): string =>
  `${all.findIndex((each) => each.expression === expression).toString()}.cedar`;
const sourcesOf = (kind: Kind, of: typeof all): readonly PolicySource[] =>
  of.map(({ expression }) => {
    const name = fileOf(expression);
    return { name, text: kinds[kind](expression).replace('"rule"', `"rule-${name}"`) };
  });

/** By kind and condition; all of a kind are checked at once, as at start. */
const rules = new Map<string, CheckedPolicy>();
let may: CheckedPolicy | undefined;

beforeAll(async () => {
  for (const kind of ['permit', 'forbid', 'review'] as const) {
    const sources = sourcesOf(
      kind,
      all.filter(({ loads }) => loads),
    );
    const checked = await validatePolicies([{ name: 'may.cedar', text: MAY }, ...sources], null, LONG_MS);
    if (!checked.ok) throw new Error(JSON.stringify(checked.error));
    for (const rule of checked.value) rules.set(`${kind} ${rule.id}`, { ...rule, id: 'rule' });
    may = checked.value.find(({ id }) => id === 'may');
  }
}, 4 * LONG_MS);

function engine(kind: Kind, expression: string): LoadedEngine {
  const rule = rules.get(`${kind} rule-${fileOf(expression)}`);
  if (rule === undefined || may === undefined) throw new Error(`not loaded: ${kind} ${expression}`);
  return engineOf(kind === 'permit' ? [rule] : [may, rule], 'vectors');
}

describe.each(conditions.groups)('a condition of $topic', ({ cases }) => {
  test.each(cases)('$expression is $is by Cedar itself', ({ expression, is }) => {
    const sets: PolicySets = {
      gate: { rule: `permit (principal, action, resource) when { ${expression} };` },
      review: {},
    };
    const { allowed, failed } = ask(sets, 'gate', actionQuestion(asked(), attributeNames));
    expect({ allowed, failed }).toEqual({ allowed: is === true, failed: is === 'error' ? ['rule'] : [] });
  });

  test.each(cases.filter(({ loads }) => loads))(
    '$expression decides so in each kind of rule, remembered or not; an error denies',
    ({ expression, is }) => {
      for (const kind of ['permit', 'forbid', 'review'] as const) {
        const policies = engine(kind, expression);
        const first = asked();
        const { decide } = policies;
        const decisions = [policies.evaluate(first), decide(first), decide(first), decide(asked())];
        for (const { effect, policies: by } of decisions)
          expect({ effect, policies: by }).toEqual(expected(kind, is));
      }
    },
  );
});

test(
  'what could only fail at an action is refused at start, all of it at once',
  { timeout: 2 * LONG_MS },
  async () => {
    const result = await validatePolicies(sourcesOf('forbid', all), null, LONG_MS);
    const refused = new Set(result.ok ? [] : result.error.map(({ file }) => file));
    expect(all.filter(({ expression }) => refused.has(fileOf(expression)))).toEqual(
      all.filter(({ loads }) => !loads),
    );
  },
);

const isForbid = (policy: string): boolean => policy.startsWith('forbid');
const only = (
  policies: Readonly<Record<string, string>>,
  keep: (policy: string) => boolean,
): Record<string, string> =>
  Object.fromEntries(Object.entries(policies).filter(([, policy]) => keep(policy)));

describe.each(examples.cases)('$source', ({ world, policies, requests }) => {
  const entities = [...(examples.worlds[world] ?? [])];
  const everything: PolicySets = { gate: policies, review: {} };
  const asReviews: PolicySets = {
    gate: only(policies, (policy) => !isForbid(policy)),
    review: only(policies, isForbid),
  };

  test.each(requests)(
    '$principal.id $action.id $resource.id: $decision by $reasons',
    ({ principal, action, resource, context, decision, reasons, errors }) => {
      const question = { principal, action, resource, context, entities };
      const answer = ask(everything, 'gate', question);
      expect(answer).toEqual({ allowed: decision === 'allow', policies: reasons, failed: errors });
      // The same rules with each forbid as a review: what was forbidden waits, by the same policies.
      const [gate, review] = [ask(asReviews, 'gate', question), ask(asReviews, 'review', question)];
      expect([...gate.failed, ...review.failed].toSorted()).toEqual(errors);
      const forbidden = reasons.filter((id) => isForbid(policies[id] ?? ''));
      expect(review.policies).toEqual(forbidden);
      if (decision === 'allow') expect(gate).toMatchObject({ allowed: true, policies: reasons });
    },
  );
});
