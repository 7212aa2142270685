import { describe, expect, test } from 'vitest';
import { pack } from '../../test/support/policy.ts';
import type { KnownNames } from './annotation-values.ts';
import { formatPolicyProblem, type PolicyProblemCode } from './problems.ts';
import { splitPolicies } from './source.ts';
import { checkPolicies } from './validate.ts';
import { validatePolicies } from './validate-in-worker.ts';

const names: KnownNames = {
  groups: ['data-stewards', 'payments-stewards', 'database-owners'],
  people: ['sam'],
  agents: ['reporter'],
  targets: ['shop'],
  calendars: ['office'],
};

function codesOf(text: string, known: KnownNames | null = names): readonly string[] {
  const checked = checkPolicies([{ name: 'p.cedar', text }], known);
  return checked.ok ? [] : checked.error.map(({ code, line }) => `${code}:${line}`);
}

const head = '@id("p") @reason("Because.")';
const scope = '(principal is Agent, action in Action::"sql", resource is Target)';

describe('policies are refused, with the place', () => {
  const refused: readonly [PolicyProblemCode, number, string][] = [
    ['policy.syntax', 2, `${head}\nforbid (principal, action resource);`],
    ['policy.syntax', 1, `${head} permit (principal == ?principal, action, resource);`],
    ['policy.syntax', 1, 'permit (principal, action, resource)'],
    ['policy.schema', 3, `${head}\nforbid ${scope}\nwhen { context.clases.contains("pii") };`],
    ['policy.schema', 1, `${head} permit (principal, action == Action::"sql:selct", resource);`],
    ['policy.schema', 1, `${head} permit ${scope} when { context.rowLimit < 5 };`],
    ['policy.annotation_unknown', 1, `${head} @reviewers("group:data-stewards") forbid ${scope};`],
    ['policy.id_missing', 1, `@reason("Because.") forbid ${scope};`],
    ['policy.id_duplicate', 2, `${head} forbid ${scope};\n${head} permit ${scope};`],
    ['policy.reason_missing', 1, `@id("p") @reason(" ") forbid ${scope};`],
    ['policy.review_on_permit', 1, `${head} @review("group:data-stewards") permit ${scope};`],
    [
      'policy.review_scope',
      1,
      `${head} @review("group:data-stewards") forbid (principal, action, resource);`,
    ],
    ['policy.review_missing', 1, `${head} @quorum("2") forbid ${scope};`],
    ['policy.review_approver', 1, `${head} @review("") forbid ${scope};`],
    ['policy.review_approver', 1, `${head} @review("data-stewards") forbid ${scope};`],
    ['policy.unknown_name', 1, `${head} @review("group:stewards") forbid ${scope};`],
    ['policy.unknown_name', 1, `${head} @review("person:nobody") forbid ${scope};`],
    ['policy.unknown_name', 1, `${head} forbid (principal in Group::"typo", action, resource is Target);`],
    ['policy.quorum', 1, `${head} @review("person:sam") @quorum("0") forbid ${scope};`],
    ['policy.passkey', 1, `${head} @review("person:sam") @passkey("") forbid ${scope};`],
    ['policy.passkey', 1, `${head} @review("person:sam") @passkey("never") forbid ${scope};`],
    ['policy.passkey', 1, `${head} @review("person:sam") @passkey("risk >= 101") forbid ${scope};`],
    ['policy.passkey', 1, `${head} @review("person:sam") @passkey("risk > 70") forbid ${scope};`],
    ['policy.passkey', 1, `${head} @review("person:sam") @passkey("risk >= 70 ") forbid ${scope};`],
    ['policy.review_missing', 1, `${head} @passkey("always") forbid ${scope};`],
    ['policy.quorum', 1, `${head} @review("person:sam") @quorum("two") forbid ${scope};`],
    ['policy.expires', 1, `${head} @review("person:sam") @expires("soon") forbid ${scope};`],
    ['policy.expires', 1, `${head} @review("person:sam") @expires("8d") forbid ${scope};`],
    ['policy.remind', 1, `${head} @review("person:sam") @remind("") forbid ${scope};`],
    ['policy.remind', 1, `${head} @review("person:sam") @remind("10") forbid ${scope};`],
    ['policy.remind', 1, `${head} @review("person:sam") @remind("10m 20m") forbid ${scope};`],
    ['policy.remind', 1, `${head} @review("person:sam") @remind("20m, 10m") forbid ${scope};`],
    ['policy.remind', 1, `${head} @review("person:sam") @remind("10m, 600s") forbid ${scope};`],
    ['policy.remind', 1, `${head} @review("person:sam") @remind("10m, 30m") forbid ${scope};`],
    ['policy.remind', 1, `${head} @review("person:sam") @remind("1m,2m,3m,4m,5m,6m") forbid ${scope};`],
    ['policy.review_missing', 1, `${head} @remind("10m") forbid ${scope};`],
    ['policy.escalate', 1, `${head} @review("person:sam") @escalate("") forbid ${scope};`],
    ['policy.escalate', 1, `${head} @review("person:sam") @escalate("group:data-stewards") forbid ${scope};`],
    ['policy.escalate', 1, `${head} @review("person:sam") @escalate("10m") forbid ${scope};`],
    ['policy.escalate', 1, `${head} @review("person:sam") @escalate("10m ,") forbid ${scope};`],
    [
      'policy.escalate',
      1,
      `${head} @review("person:sam") @escalate("20m person:sam; 10m person:sam") forbid ${scope};`,
    ],
    ['policy.escalate', 1, `${head} @review("person:sam") @escalate("30m person:sam") forbid ${scope};`],
    [
      'policy.escalate',
      1,
      `${head} @review("person:sam") @escalate("8d person:sam") @expires("7d") forbid ${scope};`,
    ],
    ['policy.review_approver', 1, `${head} @review("person:sam") @escalate("9m sam") forbid ${scope};`],
    ['policy.unknown_name', 1, `${head} @review("person:sam") @escalate("9m group:oncall") forbid ${scope};`],
    ['policy.review_missing', 1, `${head} @escalate("10m person:sam") forbid ${scope};`],
    ['policy.unknown_name', 1, `${head} @review("person:sam") @calendar("holidays") forbid ${scope};`],
    ['policy.unknown_name', 1, `${head} @review("person:sam") @calendar("") forbid ${scope};`],
    ['policy.review_missing', 1, `${head} @calendar("office") forbid ${scope};`],
    ['policy.controls', 1, `${head} @controls("CC6.1") forbid ${scope};`],
    ['policy.none', 1, '// nothing'],
  ];

  test.each(refused)('%s in line %i of %s', (code, line, text) => {
    expect(codesOf(text)).toEqual([`${code}:${line}`]);
  });

  test('a chain of escalation, reminders and a calendar are taken as written', () => {
    const text = `${head} @review("person:sam") @expires("1h") @remind(" 10m,20m ") @calendar("office")
      @escalate("15m group:data-stewards; 45m group:database-owners , person:sam") forbid ${scope};`;
    const checked = checkPolicies([{ name: 'p.cedar', text }], names);
    expect(checked.ok ? checked.value[0]?.demand : checked.error).toMatchObject({
      remindersMs: [600_000, 1_200_000],
      calendar: 'office',
      escalation: [
        { afterMs: 900_000, approvers: [{ kind: 'group', name: 'data-stewards' }] },
        {
          afterMs: 2_700_000,
          approvers: [
            { kind: 'group', name: 'database-owners' },
            { kind: 'person', name: 'sam' },
          ],
        },
      ],
    });
  });

  test('a wrong @expires is one problem, not also one of every delay', () => {
    const text = `${head} @review("person:sam") @expires("soon") @remind("10m") forbid ${scope};`;
    expect(codesOf(text)).toEqual(['policy.expires:1']);
  });

  test('all problems at once, of all files', async () => {
    const checked = await validatePolicies(
      [
        { name: 'a.cedar', text: `forbid ${scope};` },
        { name: 'b.cedar', text: `// é\n${head} forbid ${scope} when { context.nothing };` },
      ],
      names,
    );
    expect(checked.ok ? [] : checked.error.map(formatPolicyProblem)).toEqual([
      expect.stringMatching(/^a\.cedar:1:1: the policy has no usable @id; add @id/),
      expect.stringMatching(/^a\.cedar:1:1: the policy gives no @reason; /),
      expect.stringMatching(
        /^b\.cedar:2:118: p: attribute `nothing` in context not found; there are .*bounded, /,
      ),
    ]);
  });
});

describe('the offending word is named, at its place, with the nearest right one', () => {
  const wrong: readonly [string, string, string | undefined][] = [
    [`${head} forbid ${scope} when { context.clases.contains("pii") };`, 'clases', 'classes'],
    [`${head} permit (principal, action == Action::"sql:selct", resource);`, 'sql:selct', 'sql:select'],
    [`${head} permit (principal is Agnt, action, resource);`, 'Agnt', 'Agent'],
    [`${head} forbid ${scope} when { resource.nme == "x" };`, 'nme', 'name'],
    [`${head} forbid ${scope} when { context has clases };`, 'clases', 'classes'],
    [`${head} forbid ${scope} when { context.classes.contain("x") };`, 'contain', 'contains'],
    [`${head} forbid ${scope} whn { context.writes };`, 'whn', 'when'],
    [`${head} permt ${scope};`, 'permt', 'permit'],
    [`${head} @reveiw("person:sam") forbid ${scope};`, 'reveiw', 'review'],
    [`${head} @review("group:data-steward") forbid ${scope};`, 'data-steward', 'data-stewards'],
    [`${head} @review("person:sma") forbid ${scope};`, 'sma', 'sam'],
    [
      `${head} forbid (principal in Group::"database-owner", action, resource is Target);`,
      'database-owner',
      'database-owners',
    ],
    [`${head} @review("person:sam") @calendar("ofice") forbid ${scope};`, 'ofice', 'office'],
    [`${head} @review("person:sam") @expires("soon") forbid ${scope};`, 'soon', undefined],
    [`${head} @author("nobody-here") forbid ${scope};`, 'nobody-here', undefined],
  ];

  test.each(wrong)('%s', (text, word, meant) => {
    const checked = checkPolicies([{ name: 'p.cedar', text }], names);
    const [problem] = checked.ok ? [] : checked.error;
    expect({ column: problem?.column, word: problem?.word, nearest: problem?.nearest }).toEqual({
      column: text.indexOf(word) + 1,
      word,
      nearest: meant,
    });
    if (meant !== undefined) expect(problem?.hint).toContain(`did you mean ${JSON.stringify(meant)}?`);
  });
});

describe('text that would trap the engine', () => {
  const nested = (depth: number): string =>
    `${head} permit ${scope} when { ${'('.repeat(depth)}true${')'.repeat(depth)} };`;
  const chained = (count: number): string =>
    `${head} permit ${scope} when { ${Array(count).fill('context.bounded').join(' && ')} };`;

  test.each([
    ['brackets', nested(50)],
    ['brackets without end', nested(100_000)],
    ['a chain of conditions', chained(1_000)],
    ['a chain of negations', `${head} permit ${scope} when { ${'-'.repeat(5_000)}1 == 1 };`],
  ])('%s: refused before the engine sees it', (_, text) => {
    expect(codesOf(text)).toEqual(['policy.too_deep:1']);
  });

  test('a file of too many bytes is refused', () => {
    expect(codesOf(`// ${' '.repeat(300_000)}`)).toEqual(['policy.too_large:1']);
  });

  test('what takes too long is refused, and the worker ended', async () => {
    const checked = await validatePolicies([{ name: 'p.cedar', text: nested(1) }], null, 1);
    expect(checked).toMatchObject({ ok: false, error: [{ code: 'policy.timeout' }] });
  });

  test('a worker that dies is a refusal', async () => {
    // Something that can't be checked at all: the worker throws.
    const checked = await validatePolicies([null as never], null);
    expect(checked).toMatchObject({ ok: false, error: [{ code: 'policy.engine' }] });
  });
});

describe('splitting', () => {
  test('strings and comments end no policy', () => {
    const text = '// a; b\n@id("x;\\";") permit (a);\n\n forbid (b); // c;\n';
    expect(splitPolicies(text).map((piece) => [piece.offset, piece.text])).toEqual([
      [8, '@id("x;\\";") permit (a);'],
      [35, 'forbid (b);'],
    ]);
  });

  test('an open string takes linear time', () => {
    const text = `"${'\\"'.repeat(120_000)}`;
    expect(splitPolicies(text)).toHaveLength(1);
  });
});

test('the default policies name three groups, and pass with them', async () => {
  expect((await validatePolicies(pack, names)).ok).toBe(true);
});

test.each([
  ['context.risk > "40"', 'unexpected type: expected Long but saw String: "40"; write 40', '"40"', '40'],
  ['context.title like "x" && context.bounded == "true"', undefined, 'context.bounded == "true"', undefined],
  ['context.risk == "40"', undefined, 'context.risk == "40"', 'context.risk == 40'],
  ['context.title == 40', undefined, 'context.title == 40', 'context.title == "40"'],
  ['context.title < 4', undefined, 'context.title', undefined],
])('%s: the part of the wrong type is named, with what was meant', (condition, said, word, meant) => {
  const text = `${head} forbid ${scope} when { ${condition} };`;
  const checked = checkPolicies([{ name: 'p.cedar', text }], names);
  const [problem] = checked.ok ? [] : checked.error;
  expect(problem).toMatchObject({ word, column: text.indexOf(word) + 1 });
  expect(problem?.nearest).toBe(meant);
  if (said !== undefined) expect(problem && formatPolicyProblem(problem)).toContain(said);
});

test('an optional attribute that is read unasked is no misspelling of itself', () => {
  const text = `${head} forbid ${scope} when { context.rowLimit > 4 };`;
  const checked = checkPolicies([{ name: 'p.cedar', text }], names);
  const [problem] = checked.ok ? [] : checked.error;
  expect(problem).toMatchObject({ word: 'rowLimit' });
  expect(problem?.hint).toMatch(/^try testing for the attribute's presence/);
});

test('a misspelt kind of approver is put right, people included', () => {
  const text = `${head} @review("persn:sam") forbid ${scope};`;
  const checked = checkPolicies([{ name: 'p.cedar', text }], names);
  expect(checked.ok ? [] : checked.error).toMatchObject([{ nearest: 'person:sam' }]);
});
