import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { makeSite, type Ran, type Site } from '../support/policy-tools.ts';
import { attemptMembers, decisionEntry, intentEntry, noticeEntry } from '../../src/core/entry.ts';
import type { Decision } from '../../src/core/decide.ts';
import type { Description } from '../../src/core/describe.ts';
import type { DatasetUsage } from '../../src/core/usage.ts';

const NOW = Date.UTC(2026, 10, 21, 12);
const HOUR = 3_600_000;
const scope = '(principal is Agent, action in Action::"data:read", resource is Target)';
const permit = `@id("read") @reason("May.") permit ${scope};`;
const bulk = (rest: string, people = '@review("group:stewards")') =>
  `@id("bulk") @reason("Ask.") ${people} forbid ${scope} when { context.classesRead.contains("pii")${rest} };`;
const never = `@id("never") @reason("No.") forbid ${scope} when { context.flags.contains("locking") };`;

const sites: Site[] = [];
afterEach(() => sites.splice(0).forEach((site) => site.remove()));

interface Given {
  readonly id: string;
  readonly agoMs?: number;
  readonly agent?: string;
  readonly description?: Partial<Description> | null;
  readonly classes?: readonly string[];
  readonly effect?: Decision['effect'];
  readonly signals?: readonly string[];
}

/** An entry as the gateway writes it. */
function leaf({
  id,
  agoMs = HOUR,
  agent = 'reporter',
  description = {},
  classes = ['pii'],
  effect = 'allow',
  signals = [],
}: Given): string {
  const demand = {
    policy: 'bulk',
    approvers: [{ kind: 'group', name: 'stewards' }],
    escalation: [],
    quorum: 1,
    rejections: 1,
    expiresInMs: 1,
    remindersMs: [],
    calendar: null,
    passkeyFromRisk: null,
    excluded: [],
    reason: 'Ask.',
    controls: [],
  } as const;
  const said = { policies: ['x'], reasons: [] };
  const decision: Decision =
    effect === 'review'
      ? { ...said, effect, demands: [demand] }
      : effect === 'deny'
        ? { ...said, effect, code: 'policy.forbidden' }
        : { ...said, effect };
  const column = { name: 'email', uses: ['read'], classes } as const;
  const dataset: DatasetUsage = {
    dataset: 'public.customers',
    access: ['read'],
    basis: 'parsed',
    columns: [column],
    classes,
  };
  const shape: Description = {
    operation: 'sql:select',
    title: 'SELECT',
    datasets: [],
    functions: [],
    reach: 'none',
    rowLimit: null,
    filtered: false,
    unknown: [],
    flags: [],
    ...description,
  };
  const members = attemptMembers({
    requester: {
      agent,
      agentGroups: [],
      sponsor: 'ana',
      onBehalfOf: 'ana',
      onBehalfOfBasis: 'configured',
      parties: ['ana'],
      session: 'ses_1',
      client: '127.0.0.1:1',
    },
    target: { name: 'shop', protocol: 'postgresql', environment: 'production' },
    operation: description === null ? 'undescribed' : shape.operation,
    description: description === null ? null : shape,
    datasets: [dataset],
    risk: {
      score: 0,
      signals: signals.map((name) => ({ name, weight: 0, explanation: '' })),
    },
    decision,
  });
  const attempt = {
    action: id as `act_${string}`,
    atMs: NOW - agoMs,
    sealed: { aside: '{}', commitment: 'c' },
    members,
  };
  return (effect === 'allow' ? intentEntry(attempt, null) : decisionEntry(attempt, null)).leaf;
}

const canaryLeaf = (action: string): string =>
  JSON.stringify({ action, at: NOW, canary: { nonce: 'n', status: 'rejected', votes: [] }, kind: 'canary' });

test('what the gateway asked for itself is not decided again', async () => {
  const lines = [leaf({ id: 'act_1', effect: 'review' }), leaf({ id: 'act_2' }), canaryLeaf('act_1')];
  const draft = `${permit}\n${bulk('')}`;
  const { stdout } = await replay(permit, draft, lines, '--json');
  expect(JSON.parse(stdout)).toMatchObject({ decided: 1, changed: [{ action: 'act_2' }] });
  const without = await replay(permit, draft, lines.slice(0, 2), '--json');
  expect(JSON.parse(without.stdout)).toMatchObject({ decided: 2 });
});

function site(current: string, draft: string): Site {
  const made = makeSite({ 'policies/a.cedar': current, 'draft/a.cedar': draft });
  sites.push(made);
  return made;
}

async function replay(
  current: string,
  draft: string,
  leaves: readonly string[],
  ...options: string[]
): Promise<Ran> {
  const made = site(current, draft);
  return made.run(['replay', '--draft', `${made.directory}/draft`, ...options], leaves);
}

interface Report {
  readonly decided: number;
  readonly unchanged: number;
  readonly drifted: number;
  readonly changed: readonly { action: string; change: string }[];
  readonly undecided: readonly { action: string; why: string }[];
  readonly extra: readonly { whom: string; reviews: number; perDay: number }[];
}

async function report(
  current: string,
  draft: string,
  leaves: readonly string[],
  ...options: string[]
): Promise<Report> {
  return JSON.parse((await replay(current, draft, leaves, '--json', ...options)).stdout) as Report;
}

describe('what was recorded is decided again under a draft', () => {
  test('newly held, allowed and denied, each listed; the rest is unchanged', async () => {
    const leaves = [
      leaf({ id: 'act_1' }),
      leaf({ id: 'act_2', description: { rowLimit: 5 } }),
      leaf({ id: 'act_3', description: { flags: ['locking'] }, classes: [] }),
      leaf({ id: 'act_4', classes: [] }),
      noticeEntry('gateway.started', {}, NOW).leaf,
    ];
    const limited = bulk(' && !(context has rowLimit && context.rowLimit <= 10)');
    const found = await report(`${permit}\n${limited}`, `${permit}\n${bulk('')}\n${never}`, leaves);
    expect(found.changed.map(({ action, change }) => [action, change])).toEqual([
      ['act_2', 'held'],
      ['act_3', 'denied'],
    ]);
    expect(found).toMatchObject({ decided: 4, unchanged: 2, undecided: [] });
    const back = await report(`${permit}\n${bulk('')}`, `${permit}\n${limited}`, leaves);
    expect(back.changed).toMatchObject([
      { action: 'act_2', change: 'allowed', from: 'review', before: ['bulk'], after: ['read'] },
    ]);
  });

  test('reviews a day, by whom they would be asked, more and less', async () => {
    const leaves = Array.from({ length: 14 }, (_, at) => leaf({ id: `act_${at}` }));
    const found = await report(
      `${permit}\n${bulk('')}`,
      `${permit}\n${bulk('', '@review("group:owners")')}`,
      leaves,
      '--since',
      '7d',
    );
    expect(found.changed).toHaveLength(14);
    expect(found.changed[0]).toMatchObject({ change: 'asked otherwise' });
    expect(found.extra.toSorted((a, b) => a.reviews - b.reviews)).toEqual([
      { whom: 'group:stewards', reviews: -14, perDay: -2 },
      { whom: 'group:owners', reviews: 14, perDay: 2 },
    ]);
  });

  test('what can’t be decided again is listed with the reason, and never counted as unchanged', async () => {
    const old = JSON.parse(leaf({ id: 'act_old' })) as Record<string, unknown>;
    delete old['described'];
    const leaves = [
      JSON.stringify(old),
      leaf({ id: 'act_text', description: null, effect: 'deny' }),
      leaf({ id: 'act_gone', agent: 'gone' }),
    ];
    const found = await report(permit, permit, leaves);
    expect(found).toMatchObject({ decided: 0, unchanged: 0, changed: [] });
    expect(found.undecided.map(({ action, why }) => `${action}: ${why}`)).toEqual([
      expect.stringContaining('act_old: its entry does not hold what policies saw'),
      expect.stringContaining('act_text: the gateway could not describe it'),
      expect.stringContaining('act_gone: the agent is not in the configuration any more'),
    ]);
  });

  test('an action with several entries counts once, and what is older than --since not at all', async () => {
    const leaves = [
      leaf({ id: 'act_1', effect: 'review' }),
      leaf({ id: 'act_1' }),
      leaf({ id: 'act_2', agoMs: 3 * HOUR }),
    ];
    expect(await report(permit, permit, leaves, '--since', '2h')).toMatchObject({ decided: 1, unchanged: 1 });
  });

  test('where the policies in force decide otherwise than was recorded, it says so', async () => {
    const ran = await replay(permit, permit, [leaf({ id: 'act_1', effect: 'deny' })]);
    expect(ran.stdout).toContain('note: the policies in force decide 1 of them otherwise than was recorded');
  });

  test.each([
    [['--since', 'yesterday'], '--since is an age'],
    [['--draft', '/nowhere'], '/nowhere is not there'],
  ])('%s is refused', async (options, said) => {
    const ran = await replay(permit, permit, [], ...options);
    expect(ran.stderr).toContain(said);
    expect(ran.code).toBe(1);
  });

  test('scopes are told as Cedar writes them', async () => {
    const rule = (principal: string, action: string, resource: string) =>
      `@id("r") @reason("x") permit (${principal}, ${action}, ${resource});`;
    const made = site(
      rule('principal is Agent', 'action in Action::"sql"', 'resource is Target'),
      rule(
        'principal is Agent in Group::"reporting"',
        'action == Action::"sql:select"',
        'resource == Target::"shop"',
      ),
    );
    const { stdout } = await made.run(['diff', '--draft', `${made.directory}/draft`]);
    for (const line of [
      '- principal is Agent\n',
      '+ principal is Agent in Group::"reporting"\n',
      '- action in Action::"sql"\n',
      '+ action == Action::"sql:select"\n',
      '- resource is Target\n',
      '+ resource == Target::"shop"',
    ])
      expect(stdout).toContain(line);
  });

  test('a draft that a gateway would not take is refused with its problems', async () => {
    const ran = await replay(permit, permit.replace('May.', ''), []);
    expect(ran.stderr).toMatch(/draft\/a\.cedar:1:1: read: the policy gives no @reason/);
    expect(ran.code).toBe(2);
  });
});

describe('diff', () => {
  test('rules added, removed and changed, by what they mean and not by their text', async () => {
    const made = site(
      `${permit}\n${bulk('')}\n${never}`,
      `// a comment\n${permit.replace(' permit', '\n  permit')}\n${bulk(' && context.filtered', '@review("group:stewards") @quorum("2")')}\n@id("more") @reason("x") permit ${scope};`,
    );
    const ran = await made.run(['diff', '--json', '--draft', `${made.directory}/draft`]);
    expect((JSON.parse(ran.stdout) as { differences: unknown }).differences).toMatchObject([
      {
        id: 'bulk',
        change: 'changed',
        parts: [{ part: 'conditions' }, { part: '@quorum', from: '', to: '2' }],
      },
      { id: 'more', change: 'added' },
      { id: 'never', change: 'removed' },
    ]);
    const text = await made.run(['diff', '--draft', `${made.directory}/draft`]);
    expect(text.stdout).toContain('- when { context.classesRead.contains("pii") }\n');
    expect(text.stdout).toContain('+ when { context.classesRead.contains("pii") && context.filtered }\n');
    expect(text.stdout).toMatch(/^~ bulk \(review, .*a\.cedar:4\)$/m);
  });

  test('the same rules', async () => {
    const made = site(permit, `${permit}\n`);
    expect((await made.run(['diff', '--draft', `${made.directory}/draft`])).stdout).toBe(
      'the rules are the same\n',
    );
  });
});

describe('explain a recorded action', () => {
  test('rules, the attributes that they read, and what would change the result', async () => {
    const made = site(`${permit}\n${bulk(' && !(context has rowLimit && context.rowLimit <= 10)')}`, permit);
    const ran = await made.run(['explain', 'act_1', '--json'], [leaf({ id: 'act_1' })]);
    const { actions } = JSON.parse(ran.stdout) as {
      actions: { changes: { words: string[]; effect: string }[] }[];
    };
    expect(actions).toMatchObject([
      {
        effect: 'review',
        demands: ['1 of group:stewards'],
        rules: [
          { id: 'read', decisive: false },
          { id: 'bulk', decisive: true },
        ],
        attributes: { action: 'sql:select', 'context.classesRead': ['pii'], 'context.rowLimit': null },
      },
    ]);
    expect(actions[0]?.changes.map(({ words, effect }) => `${words.join('+')}: ${effect}`)).toEqual([
      'with at most 1 row: allow',
      'without the column public.customers.email: allow',
      'without the columns of class pii: allow',
      'without public.customers: allow',
    ]);
  });

  test('two changes, where one alone is not enough', async () => {
    const both = `@id("both") @reason("No.") forbid ${scope} when { !context.filtered || !context.bounded };`;
    const made = site(`${permit}\n${both}`, permit);
    const ran = await made.run(['explain', 'act_1'], [leaf({ id: 'act_1', classes: [] })]);
    expect(ran.stdout).toContain('with a condition on a column, and with at most 100 rows: allowed by read');
  });

  test('groups and environments that others have', async () => {
    const staging = `@id("where") @reason("x") permit (principal in Group::"owners", action in Action::"sql", resource in Environment::"staging");`;
    const made = site(staging, permit);
    const ran = await made.run(['explain', 'act_1'], [leaf({ id: 'act_1', classes: [] })]);
    expect(ran.stdout).toContain(
      'in the environment staging, and with reporter in the group owners: allowed by where',
    );
  });

  test('the hours of a calendar, and a signal of the moment, where the result rests on them', async () => {
    const ask = `@id("ask") @reason("Ask.") @review("group:stewards") forbid ${scope}`;
    const rules = `${ask} when { context.signals.contains("taint") && !context.calendars.contains("office") };`;
    const made = site(`${permit}\n${rules}`, permit);
    const file = join(made.directory, 'sallyport.yaml');
    const office =
      'calendars: [{name: office, timeZone: UTC, hours: [{days: [mon], from: "09:00", to: "17:00"}]}]';
    writeFileSync(file, `${readFileSync(file, 'utf8')}${office}\n`);
    const ran = await made.run(
      ['explain', 'act_1'],
      [leaf({ id: 'act_1', signals: ['taint', 'first_use'] })],
    );
    expect(ran.stdout).toContain('at another time, in the hours of office: allowed by read');
    expect(ran.stdout).toContain('at another time, without taint: allowed by read');
    expect(ran.stdout).not.toContain('without first_use');
  });

  test('a change of the action leaves the moment as it was', async () => {
    const ask = `@id("ask") @reason("Ask.") @review("group:stewards") forbid ${scope}`;
    const made = site(`${permit}\n${ask} when { context.signals.contains("taint") };`, permit);
    const ran = await made.run(['explain', 'act_1'], [leaf({ id: 'act_1', signals: ['taint'] })]);
    expect(ran.stdout).not.toContain('without the column');
    expect(ran.stdout).toContain('at another time, without taint: allowed by read');
  });

  test('what no entry is of, or what can’t be decided again, is said', async () => {
    const made = site(permit, permit);
    expect(await made.run(['explain', 'act_9'], [])).toMatchObject({
      code: 1,
      stderr: 'no attempt of this action is among the entries\n',
    });
    const ran = await made.run(['explain', 'act_1'], [leaf({ id: 'act_1', agent: 'gone' })]);
    expect(ran.stderr).toContain('act_1 can’t be decided again: the agent is not in the configuration');
  });
});

describe('explain a statement', () => {
  const tables = 'schema: {shop: {tables: {public.customers: [id, email]}}}\n';
  const sql = ['--agent', 'reporter', '--target', 'shop', '--sql'];

  test('with the tables of the case files', async () => {
    const made = makeSite({ 'policies/a.cedar': `${permit}\n${bulk('')}`, 'policies/a.test.yaml': tables });
    sites.push(made);
    const ran = await made.run(['explain', ...sql, 'SELECT email FROM customers']);
    expect(ran.stdout).toMatch(/^SELECT by reporter on shop \(production\): held for a review$/m);
    expect(ran.code).toBe(0);
  });

  test('without them it says what is missing', async () => {
    const ran = await site(permit, permit).run(['explain', ...sql, 'SELECT 1']);
    expect(ran.stderr).toContain('write them under schema');
    expect(ran.code).toBe(1);
  });
});
