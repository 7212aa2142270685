import { expect, it } from 'vitest';
import { estimateOf, parsePlans, planFinding } from './plan.ts';

const scan = {
  'Node Type': 'Seq Scan',
  'Relation Name': 'customers',
  Alias: 'secret-alias',
  'Plan Rows': 1_250,
  'Total Cost': 20.5,
  Filter: "(name = 'secret-filter')",
  'Index Cond': "(id = 'secret-index')",
  Output: ["'secret-output'"],
  'Subplan Name': 'CTE secret-cte',
};
const plansOf = (...plans: unknown[]) => parsePlans(JSON.stringify(plans.map((Plan) => ({ Plan }))));

it('nodes, names of the catalog and numbers are shown, and no text of a condition (law 8)', () => {
  const { text, basis } = planFinding(
    plansOf({
      'Node Type': 'Hash Join',
      'Join Type': 'Inner',
      'Plan Rows': 3,
      'Total Cost': 9,
      'Hash Cond': 'secret',
      Plans: [scan],
    }),
  );
  expect(basis).toBe('estimated');
  expect(text).toBe(
    'Hash Join (Inner): about 3 rows, cost 9\n  Seq Scan on customers: about 1,250 rows, cost 21',
  );
});

it('a change is estimated by the rows that come to it, every statement of it', () => {
  const change = { 'Node Type': 'ModifyTable', Operation: 'Delete', 'Plan Rows': 0, Plans: [scan, scan] };
  expect(estimateOf(plansOf(change))).toBe(2_500);
  expect(estimateOf(plansOf(change, scan))).toBe(3_750);
  expect(estimateOf(plansOf({ ...scan, 'Plan Rows': 1e300 }))).toBe(Number.MAX_SAFE_INTEGER);
});

it('a name with line feeds stays on its line', () => {
  const { text } = planFinding(plansOf({ ...scan, 'Relation Name': 'a\nNobody is in the way' }));
  expect(text.split('\n')).toHaveLength(1);
});

it('a plan that nobody would read to its end is cut, and says so', () => {
  const deep = Array.from({ length: 50 }).reduce<object>((inner) => ({ ...scan, Plans: [inner] }), scan);
  for (const plan of [deep, { ...scan, Plans: Array.from({ length: 100 }, () => scan) }])
    expect(planFinding(plansOf(plan)).text).toMatch(/… and more nodes, which are not shown\.$/);
});

it.each(['', 'null', '{}', '[{}]', '[{"Plan": 1}]', '[{"Plan": {}}]'])('%s is no plan', (json) => {
  expect(parsePlans(json)).toEqual([]);
});
