import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { pack } from '../../test/support/policy.ts';
import { demand, person, review } from '../../test/support/subjects.ts';
import { createPolicyEngine, type LoadedEngine } from './engine.ts';

interface Case {
  readonly name: string;
  readonly person: { readonly name: string; readonly groups: readonly string[] };
  readonly delegatorGroups: readonly string[] | null;
  readonly environment: string;
  readonly risk: number;
  readonly classes: readonly string[];
  readonly calendars: readonly string[];
  readonly onBehalfOf: string;
  readonly expect: boolean;
}

const file = new URL('../../../../vectors/approvals/authority.json', import.meta.url);
const vectors = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly policies: string;
  readonly cases: readonly Case[];
};

let engine: LoadedEngine;
let open: readonly string[] = [];

beforeAll(async () => {
  const policies = [...pack, { name: '90-authority.cedar', text: vectors.policies }];
  const hours = { openAt: () => open };
  const loaded = await createPolicyEngine({ policies, names: null, hours });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  engine = loaded.value;
});

describe('who may decide, by policy', () => {
  test.each(vectors.cases)('$name: $expect', (given) => {
    open = given.calendars;
    const { environment, risk, classes, onBehalfOf, delegatorGroups } = given;
    const base = review({}, [demand()]);
    const dataset = { dataset: 'd', access: ['read'], basis: 'parsed', columns: [], classes } as const;
    const subject = {
      ...base.subject,
      requester: { ...base.subject.requester, onBehalfOf, parties: [onBehalfOf] },
      target: { ...base.subject.target, environment },
      datasets: [dataset],
      risk: { score: risk, signals: [] },
    };
    const who = person(given.person.name, given.person.groups);
    const delegator = delegatorGroups === null ? null : person('dora', delegatorGroups);
    expect(engine.mayApprove(who, { ...base, subject }, { delegator })).toBe(given.expect);
    const told = engine.approvalPolicies?.(who, { ...base, subject }, { delegator }) ?? [];
    if (given.expect) expect(told).toEqual(['approve-when-named']);
  });
});
