import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConfiguration } from './load.ts';
import { formatConfigProblem } from './problem.ts';

const VERIFIER = `SCRAM-SHA-256$4096:${'A'.repeat(22)}==$${'B'.repeat(43)}=:${'C'.repeat(43)}=`;
const DIGEST = '0123456789abcdef'.repeat(4);
const environment = { AGENT: VERIFIER, PERSON: DIGEST, PASSWORD: 'correct-horse', EMPTY: '' };

const WHOLE = `origin: sallyport.example.com/ledger
listen:
  api: { publicUrl: https://gate.example.com/ }
targets:
  - name: shop
    protocol: postgresql
    environment: production
    host: db.example.com
    user: gateway
    password: { file: secrets/password }
agents:
  - name: reporter
    sponsor: ana
    groups: [reporting]
    mayActFor: [sam]
    credential: { scram: { env: AGENT } }
people:
  - name: ana
    displayName: Ana
    credential: { tokenSha256: { env: PERSON } }
  - name: sam
    groups: [stewards]
groups:
  - { name: reporting }
  - { name: stewards, description: They answer. }
classes:
  - { name: merger, description: Deals. }
catalog:
  - target: shop
    dataset: public.*
    columns: { email: [pii], "*_price": [merger] }
    classes: [internal]
    owner: stewards
    compliance: [GDPR]
limits: { holdMs: 1000 }
`;

const CALENDAR = `calendars:
  - name: office
    timeZone: Europe/Berlin
    hours:
      - { days: [mon, tue], from: "13:00", to: "17:00" }
      - { days: [mon, tue, fri], from: 09:00, to: 12:00 }
      - { days: [fri], from: "22:00", to: "24:00" }
    holidays: [2026-12-25, 2028-02-29]
`;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-config-'));
  mkdirSync(join(folder, 'secrets'));
  put('secrets/password', 'correct-horse\n', 0o600);
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function put(name: string, text: string, mode = 0o644): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
}

async function problemsOf(text: string, mode?: number): Promise<readonly string[]> {
  const file = put('sallyport.yaml', text, mode);
  const loaded = await loadConfiguration(file, environment);
  if (loaded.ok) return [];
  return loaded.error.map(
    (problem) => `${problem.code} ${formatConfigProblem({ ...problem, file: 'sallyport.yaml' })}`,
  );
}

const change = (from: string, to: string): string => {
  if (!WHOLE.includes(from)) throw new Error(`the whole configuration has no ${from}`);
  return WHOLE.replace(from, to);
};

async function load(text: string) {
  const loaded = await loadConfiguration(put('sallyport.yaml', text), environment);
  if (!loaded.ok) throw new Error(loaded.error.map(formatConfigProblem).join('\n'));
  return loaded.value;
}

describe('a configuration without fault', () => {
  test('is read whole, with its secrets and defaults', async () => {
    const configuration = await load(WHOLE);
    expect(configuration).toMatchObject({
      origin: 'sallyport.example.com/ledger',
      state: join(folder, 'state'),
      listen: {
        postgres: { host: '127.0.0.1', port: 6543, tls: null },
        api: { host: '127.0.0.1', port: 7543, publicUrl: 'https://gate.example.com' },
      },
      targets: [
        {
          name: 'shop',
          port: 5432,
          database: 'shop',
          tls: 'verify-full',
          ca: null,
          maxConnections: 90,
          preview: 'on',
        },
      ],
      agents: [
        {
          agent: {
            kind: 'agent',
            name: 'reporter',
            sponsor: 'ana',
            groups: ['reporting'],
            mayActFor: ['sam'],
          },
        },
      ],
      people: [
        { person: { kind: 'person', name: 'ana', displayName: 'Ana', groups: [], disabled: false } },
        { person: { name: 'sam', displayName: 'sam' }, tokenSha256: null },
      ],
      catalog: [
        {
          columns: [
            { pattern: 'email', classes: ['pii'] },
            { pattern: '*_price', classes: ['merger'] },
          ],
          owner: 'stewards',
        },
      ],
      limits: { holdMs: 1000, statementBytes: 1_048_576 },
    });
    expect(configuration.targets[0]?.password?.reveal()).toBe('correct-horse');
    expect(configuration.agents[0]?.verifier?.reveal()).toBe(VERIFIER);
    expect(configuration.people[0]?.tokenSha256?.reveal()).toBe(DIGEST);
  });

  test('publishes the ledger in no folder, or in one beside the file', async () => {
    expect((await load(WHOLE)).ledger.published).toBeNull();
    const { ledger } = await load(`${WHOLE}ledger: { publish: { directory: www/log } }\n`);
    expect(ledger.published).toBe(join(folder, 'www/log'));
  });

  test('uses the policies that come with Sallyport, or those of its own directory', async () => {
    const { files } = (await load(WHOLE)).policies;
    expect(files.length).toBeGreaterThan(3);
    mkdirSync(join(folder, 'rules'));
    put('rules/a.cedar', '// mine');
    put('rules/README.md', '');
    const own = await load(`${WHOLE}policies: { directory: rules }\n`);
    expect(own.policies).toEqual({
      directory: join(folder, 'rules'),
      files: [{ name: join(folder, 'rules/a.cedar'), text: '// mine' }],
    });
  });

  test('calendars become hours of each weekday, in minutes, in order', async () => {
    const { calendars } = await load(WHOLE + CALENDAR);
    const [morning, afternoon, night] = [
      { from: 540, to: 720 },
      { from: 780, to: 1_020 },
      { from: 1_320, to: 1_440 },
    ];
    expect(calendars).toEqual([
      {
        name: 'office',
        calendar: {
          timeZone: 'Europe/Berlin',
          weekly: [[], [morning, afternoon], [morning, afternoon], [], [], [morning, night], []],
          holidays: new Set(['2026-12-25', '2028-02-29']),
          days: [],
        },
      },
    ]);
    expect((await load(WHOLE)).calendars).toEqual([]);
  });

  test('encrypts to other hosts, and not on loopback', async () => {
    const tls = async (host: string) => (await load(change('db.example.com', host))).targets[0]?.tls;
    expect([
      await tls('127.0.0.1'),
      await tls('localhost'),
      await tls('127.evil.example'),
      await tls('10.0.0.1'),
    ]).toEqual(['disable', 'disable', 'verify-full', 'verify-full']);
  });

  test('shows none of its secrets', async () => {
    const configuration = await load(WHOLE);
    const shown = [
      JSON.stringify(configuration),
      inspect(configuration, { depth: 10, showHidden: true }),
      String(configuration.targets[0]?.password),
      String(configuration.agents[0]?.verifier),
    ].join();
    for (const secret of ['correct-horse', VERIFIER, DIGEST]) expect(shown).not.toContain(secret);
  });
});

describe('what reviewers are asked', () => {
  test('has no bound and a stated pace, unless it is configured', async () => {
    const attention = async (text: string) => (await load(WHOLE + text)).attention;
    const usual = { approvalsPerHour: null, canaries: null, wordsPerMinute: 600, minimumReadingMs: 1_000 };
    expect(await attention('')).toEqual(usual);
    expect(await attention('attention: { approvalsPerHour: 60, minimumReadingMs: 0 }\n')).toEqual({
      ...usual,
      approvalsPerHour: 60,
      minimumReadingMs: 0,
    });
  });

  test.each([
    ['attention: { approvalsPerHour: 0 }', 'attention.approvalsPerHour: expected at least 1;'],
    ['attention: { approvalsPerHour: many }', 'attention.approvalsPerHour: expected number;'],
    ['attention: { wordsPerMinute: 0 }', 'attention.wordsPerMinute: expected at least 1;'],
    ['attention: { wordsPerMinute: 100001 }', 'attention.wordsPerMinute: expected at most 100000;'],
    ['attention: { minimumReadingMs: -1 }', 'attention.minimumReadingMs: expected at least 0;'],
    ['attention: { minimumReadingMs: 1.5 }', 'attention.minimumReadingMs: expected int;'],
    ['attention: { canaries: true }', 'attention.canaries: expected object;'],
    ['attention: { canaries: { perWeek: 0 } }', 'attention.canaries.perWeek: expected at least 1;'],
    ['attention: { canaries: { perWeek: 51 } }', 'attention.canaries.perWeek: expected at most 50;'],
    [
      'attention: { canaries: { perWeek: 1, requests: [] } }',
      'attention.canaries.requests: expected at least 1;',
    ],
  ])('%s is refused', async (text, expected) => {
    expect((await problemsOf(`${WHOLE}${text}\n`)).join('\n')).toContain(expected);
  });

  test.each(['reviewsPerAgentPerMinute', 'reviewsPerAgentBurst'])(
    'limits.%s is from 1 to 100,000',
    async (key) => {
      const found = async (value: number) =>
        (await problemsOf(change('holdMs: 1000', `${key}: ${value}`))).join('\n');
      expect(await found(0)).toContain(`limits.${key}: expected at least 1;`);
      expect(await found(100_001)).toContain(`limits.${key}: expected at most 100000;`);
    },
  );
});

describe('one fault is refused with its place and the way out', () => {
  const faults: readonly (readonly [string, () => string, string])[] = [
    [
      'an unknown option',
      () => change('    user: gateway', '    user: gateway\n    pool: 3'),
      'key.unknown sallyport.yaml:10:5: targets[0].pool: there is no such option; the options here are name, protocol, environment,',
    ],
    [
      'a missing option',
      () => change('    environment: production\n', ''),
      'key.missing sallyport.yaml:5:5: targets[0].environment: this option is required;',
    ],
    [
      'a wrong type',
      () => change('  - name: sam\n', '  - name: sam\n    disabled: "yes"\n'),
      'value.type sallyport.yaml:22:5: people[1].disabled: expected boolean;',
    ],
    [
      'a value that is not allowed',
      () => change('protocol: postgresql', 'protocol: oracle'),
      'value.invalid sallyport.yaml:6:5: targets[0].protocol: expected one of: postgresql, api;',
    ],
    [
      'a PostgreSQL server without a host',
      () => change('    host: db.example.com\n', ''),
      'key.missing sallyport.yaml:5:5: targets[0].host: a target of protocol postgresql needs this option;',
    ],
    [
      'an option that means nothing to a target that agents deal with themselves',
      () =>
        change('targets:\n', 'targets:\n  - { name: billing, protocol: api, environment: test, port: 80 }\n'),
      'key.unknown sallyport.yaml:5:56: targets[0].port: a target of protocol api has no such option;',
    ],
    [
      'a number out of range',
      () => change('holdMs: 1000', 'holdMs: 0'),
      'value.invalid sallyport.yaml:35:11: limits.holdMs: expected at least 1;',
    ],
    [
      'a name that is no name',
      () => change('name: reporter', 'name: Reporter X'),
      'value.invalid sallyport.yaml:12:5: agents[0].name: lower-case letters',
    ],
    [
      'a secret in the file',
      () => change('{ file: secrets/password }', 'correct-horse'),
      'secret.inline sallyport.yaml:10:5: targets[0].password: a secret may not stand in this file; write {env: NAME} or {file: PATH}',
    ],
    [
      'a secret of two places',
      () => change('{ env: AGENT }', '{ env: AGENT, file: x }'),
      'value.type sallyport.yaml:16:19: agents[0].credential.scram: expected where the secret is, one place;',
    ],
    [
      'a variable that is not set',
      () => change('{ env: AGENT }', '{ env: NOWHERE }'),
      'secret.missing sallyport.yaml:16:19: agents[0].credential.scram: the environment variable NOWHERE is not set or empty;',
    ],
    [
      'a variable that is empty',
      () => change('{ env: AGENT }', '{ env: EMPTY }'),
      'secret.missing sallyport.yaml:16:19:',
    ],
    [
      'a verifier that is none',
      () => change('{ env: AGENT }', '{ env: PASSWORD }'),
      'secret.invalid sallyport.yaml:16:19: agents[0].credential.scram: the secret does not have the form that it must have; expected SCRAM-SHA-256$',
    ],
    [
      'a token digest that is none',
      () => change('{ env: PERSON }', '{ env: PASSWORD }'),
      'secret.invalid sallyport.yaml:20:19:',
    ],
    [
      'a secret file that is not there',
      () => change('secrets/password', 'secrets/none'),
      'secret.missing sallyport.yaml:10:5: targets[0].password:',
    ],
    [
      'a certificate that is not there',
      () => change('    user: gateway', '    user: gateway\n    caFile: none.pem'),
      'file.missing sallyport.yaml:10:5: targets[0].caFile:',
    ],
    [
      'an agent called like a person',
      () => change('name: reporter', 'name: sam'),
      'name.duplicate sallyport.yaml:21:5: people[1].name: the agent or person "sam" is there already;',
    ],
    [
      'a group twice',
      () =>
        change('name: stewards, d', 'name: reporting, d')
          .replace('owner: stewards', 'owner: ana')
          .replace('groups: [stewards]', 'groups: [reporting]'),
      'name.duplicate sallyport.yaml:25:7:',
    ],
    [
      'a class that comes with Sallyport',
      () =>
        change(
          '{ name: merger, description: Deals. }',
          '{ name: merger, description: Deals. }\n  - { name: pii, description: Mine. }',
        ),
      'name.duplicate sallyport.yaml:28:7: classes[1].name:',
    ],
    [
      'the class unclassified',
      () =>
        change(
          '{ name: merger, description: Deals. }',
          '{ name: merger, description: Deals. }\n  - { name: unclassified, description: Mine. }',
        ),
      'name.duplicate sallyport.yaml:28:7:',
    ],
    [
      'a group that is not there',
      () => change('groups: [reporting]', 'groups: [reprting]'),
      'name.unknown sallyport.yaml:14:14: agents[0].groups[0]: there is no group "reprting"; known are reporting, stewards',
    ],
    [
      'a sponsor that is not there',
      () => change('sponsor: ana', 'sponsor: bob'),
      'name.unknown sallyport.yaml:13:5: agents[0].sponsor: there is no person "bob";',
    ],
    [
      'a sponsor that is a group',
      () => change('sponsor: ana', 'sponsor: stewards'),
      'name.unknown sallyport.yaml:13:5:',
    ],
    [
      'a target that is not there',
      () => change('target: shop', 'target: shoop'),
      'name.unknown sallyport.yaml:29:5: catalog[0].target:',
    ],
    [
      'a class that is not there',
      () => change('email: [pii]', 'email: [pie]'),
      'name.unknown sallyport.yaml:31:24: catalog[0].columns.email[0]: there is no class "pie";',
    ],
    [
      'policies that are not there',
      () => `${WHOLE}policies: { directory: rules }\n`,
      'file.missing sallyport.yaml:36:13: policies.directory:',
    ],
    [
      'plain http on the network',
      () => change('https://gate', 'http://gate'),
      'value.invalid sallyport.yaml:3:10: listen.api.publicUrl: outside of this machine the URL has to be https;',
    ],
    [
      'an API on the network without https',
      () => change('publicUrl: https://gate.example.com/', 'host: 0.0.0.0'),
      'value.invalid sallyport.yaml:3:10: listen.api.host: the API listens on 0.0.0.0, and no publicUrl',
    ],
    [
      'an API on a host that is no host',
      () => change('publicUrl: https://gate.example.com/', 'host: "a b"'),
      'value.invalid sallyport.yaml:3:10: listen.api.host: ',
    ],
    [
      'another scheme',
      () => change('https://gate', 'javascript://gate'),
      'value.invalid sallyport.yaml:3:10: listen.api.publicUrl: expected an http or https URL',
    ],
    [
      'a key twice',
      () => `${WHOLE}origin: other\n`,
      'yaml.key sallyport.yaml:36:1: this key stands here twice;',
    ],
    ['no YAML', () => 'origin: [', 'yaml.syntax sallyport.yaml:1:'],
    [
      'a key that vanishes',
      () => change('email: [pii]', '__proto__: [pii]'),
      'yaml.key sallyport.yaml:31:16:',
    ],
    [
      'a tag that makes something else of a value',
      () => change('user: gateway', 'user: !!js/function gateway'),
      'yaml.syntax sallyport.yaml:9:',
    ],
  ];

  const calendar = (from: string, to: string) => (): string => {
    if (!CALENDAR.includes(from)) throw new Error(`the calendar has no ${from}`);
    return WHOLE + CALENDAR.replace(from, to);
  };
  const faultsOfCalendars: typeof faults = [
    [
      'a zone that is not there',
      calendar('Europe/Berlin', 'Europe/Bärlin'),
      'value.invalid sallyport.yaml:38:5: calendars[0].timeZone: a name of the IANA time zone data base is expected',
    ],
    [
      'a zone that nobody knows',
      calendar('Europe/Berlin', 'Europe/Bonn'),
      'value.invalid sallyport.yaml:38:5: calendars[0].timeZone: there is no time zone "Europe/Bonn"; write a name such as Europe/Berlin',
    ],
    [
      'an offset in place of a zone',
      calendar('Europe/Berlin', '"+02:00"'),
      'value.invalid sallyport.yaml:38:5: calendars[0].timeZone: a name of the IANA',
    ],
    [
      'an hour that is none',
      calendar('"17:00"', '"25:00"'),
      'value.invalid sallyport.yaml:40:44: calendars[0].hours[0].to: a time of day from "00:00" to "24:00" is expected',
    ],
    [
      'a minute after the end of the day',
      calendar('"24:00"', '"24:01"'),
      'value.invalid sallyport.yaml:42:39: calendars[0].hours[2].to: a time of day',
    ],
    [
      'a day that is none',
      calendar('[mon, tue]', '[mon, monday]'),
      'value.invalid sallyport.yaml:40:23: calendars[0].hours[0].days[1]: expected one of: sun, mon,',
    ],
    [
      'hours over midnight',
      calendar('"24:00"', '"06:00"'),
      'value.invalid sallyport.yaml:42:39: calendars[0].hours[2].to: the hours end before they begin; write hours over midnight as two entries',
    ],
    [
      'hours that overlap',
      calendar('12:00', '13:01'),
      'value.invalid sallyport.yaml:41:9: calendars[0].hours[1]: the hours overlap with 13:00 to 17:00 of a day that both have; write every working hour once',
    ],
    [
      'a day twice',
      calendar('[fri]', '[fri, fri]'),
      'value.invalid sallyport.yaml:42:9: calendars[0].hours[2]: the day fri is there twice',
    ],
    [
      'a date that is none',
      calendar('2028-02-29', '2027-02-29'),
      'value.invalid sallyport.yaml:43:28: calendars[0].holidays[1]: there is no such date;',
    ],
    [
      'a date of another form',
      calendar('2028-02-29', '29.2.2028'),
      'value.invalid sallyport.yaml:43:28: calendars[0].holidays[1]: a date is expected, such as 2026-12-25;',
    ],
    [
      'no hours',
      () =>
        `${WHOLE}calendars: [{ name: office, timeZone: UTC, hours: [] }]
`,
      'value.invalid sallyport.yaml:36:44: calendars[0].hours: the calendar has no hours and no days;',
    ],
    [
      'a year without any working hour',
      () => {
        const mondays = Array.from({ length: 53 }, (_, at) => new Date(Date.UTC(2027, 0, 4 + 7 * at)));
        const dates = mondays.map((date) => date.toISOString().slice(0, 10)).join(', ');
        return `${WHOLE}calendars:
  - { name: mondays, timeZone: UTC, hours: [{ days: [mon], from: "09:00", to: "10:00" }], holidays: [${dates}] }
`;
      },
      'value.invalid sallyport.yaml:37:91: calendars[0].holidays: the calendar has a year without any working hour; add hours, or remove holidays',
    ],
    [
      'a calendar twice',
      () => `${WHOLE}${CALENDAR}${CALENDAR.replace('calendars:\n', '')}`,
      'name.duplicate sallyport.yaml:44:5: calendars[1].name: the calendar "office" is there already;',
    ],
    [
      'a grant that lives longer than five minutes',
      () => change('holdMs: 1000', 'grantAwayMs: 300001'),
      'value.invalid sallyport.yaml:35:11: limits.grantAwayMs: expected at most 300000;',
    ],
  ];

  test.each([...faults, ...faultsOfCalendars])('%s', async (_, text, expected) => {
    const problems = await problemsOf(text());
    expect(problems.length, problems.join('\n')).toBe(1);
    expect(problems[0]).toContain(expected);
    expect(problems[0]).toMatch(/; \S/);
  });

  test('an empty file', async () => {
    expect(await problemsOf('')).toEqual([
      expect.stringContaining('value.type sallyport.yaml:1:1: expected object'),
    ]);
  });

  test('a file that is not there', async () => {
    const loaded = await loadConfiguration(join(folder, 'none.yaml'), environment);
    expect(loaded).toMatchObject({ ok: false, error: [{ code: 'file.missing', line: 1 }] });
  });
});

describe.skipIf(process.platform === 'win32')('files that others can reach are refused', () => {
  test.each([0o604, 0o602, 0o644])('a secret with mode %o', async (mode) => {
    chmodSync(join(folder, 'secrets/password'), mode);
    expect(await problemsOf(WHOLE)).toEqual([
      expect.stringMatching(
        /^file\.exposed sallyport\.yaml:10:5: targets\[0\]\.password: .*; run chmod o-rwx /,
      ),
    ]);
  });

  test('the configuration itself, when everybody can change it', async () => {
    expect(await problemsOf(WHOLE, 0o666)).toEqual([
      expect.stringMatching(/^file\.exposed .*; run chmod o-w /),
    ]);
  });

  test('policies that everybody can change', async () => {
    mkdirSync(join(folder, 'rules'));
    put('rules/a.cedar', '', 0o666);
    expect(await problemsOf(`${WHOLE}policies: { directory: rules }\n`)).toEqual([
      expect.stringMatching(/^file\.exposed .*policies\.directory/),
    ]);
  });

  test('a secret that is a directory', async () => {
    expect(await problemsOf(change('secrets/password', 'secrets'))).toEqual([
      expect.stringMatching(/^file\.unreadable /),
    ]);
  });
});

test('everything that is wrong is said at once, in the order of the file, and no secret with it', async () => {
  const text = change('password: { file: secrets/password }', 'password: hunter-2-hunter-2\n    colour: red')
    .replace('sponsor: ana', 'sponsor: nobody')
    .replace('{ env: PERSON }', '{ env: NOWHERE }')
    .replace('name: stewards, d', 'name: reporting, d')
    .replace('holdMs: 1000', 'holdMs: soon');
  const problems = await problemsOf(text);
  expect(problems.map((problem) => problem.split(' ', 2).join(' '))).toEqual([
    'secret.inline sallyport.yaml:10:5:',
    'key.unknown sallyport.yaml:11:5:',
    'name.unknown sallyport.yaml:14:5:',
    'secret.missing sallyport.yaml:21:19:',
    'name.unknown sallyport.yaml:23:14:',
    'name.duplicate sallyport.yaml:26:7:',
    expect.stringMatching(/^name\.unknown sallyport\.yaml:/),
    'value.type sallyport.yaml:36:11:',
  ]);
  expect(problems.join()).not.toContain('hunter-2');
});
