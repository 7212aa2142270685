import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Configuration } from './configuration.ts';
import { loadConfiguration } from './load.ts';
import { loadPolicyConfiguration } from './offline.ts';
import { formatConfigProblem } from './problem.ts';

const VERIFIER = `SCRAM-SHA-256$4096:${'c2FsdHNhbHRzYWx0c2FsdA=='}$${'A'.repeat(43)}=:${'B'.repeat(43)}=`;
const environment = { AGENT: VERIFIER };

const BEGIN = `origin: sallyport.example/ledger
targets:
  - { name: shop, protocol: postgresql, environment: production, host: 127.0.0.1, user: gateway }
  - { name: billing, protocol: api, environment: production }
people:
  - { name: ana }
calendars:
  - name: office
    timeZone: Europe/Berlin
    hours: [{ days: [mon, tue], from: "09:00", to: "17:00" }]
`;
const AGENTS = `agents:
  - { name: reporter, sponsor: ana, credential: { scram: { env: AGENT } } }
  - { name: ledger-sync, sponsor: ana, canary: { client: 10.20.0.7 } }
`;
const DELETE = '{ agent: ledger-sync, target: shop, command: DELETE FROM customers, flaw: no WHERE }';
const canaries = (request: string, more = ''): string =>
  `attention: { canaries: { perWeek: 3, ${more} requests: [${request}] } }\n`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-canaries-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function write(text: string): string {
  const file = join(folder, 'sallyport.yaml');
  writeFileSync(file, text);
  chmodSync(file, 0o600);
  return file;
}

async function load(text: string): Promise<Configuration> {
  const loaded = await loadConfiguration(write(text), environment);
  if (loaded.ok) return loaded.value;
  throw new Error(loaded.error.map(formatConfigProblem).join('\n'));
}

async function problemsOf(text: string): Promise<string[]> {
  const file = write(text);
  const [whole, offline] = [await loadConfiguration(file, environment), await loadPolicyConfiguration(file)];
  expect(offline.ok).toBe(whole.ok);
  return whole.ok ? [] : whole.error.map((problem) => formatConfigProblem(problem).replace(folder, ''));
}

test('there are none unless they are configured', async () => {
  expect((await load(BEGIN + AGENTS)).attention.canaries).toBeNull();
});

test('requests are read as their connectors digest them, with the calendar’s hours of a week', async () => {
  const call =
    '{ agent: ledger-sync, target: billing, operation: invoice.refund, arguments: { cents: 1, b: [] }, task: sync, flaw: f }';
  const { attention, agents } = await load(
    BEGIN + AGENTS + canaries(`${DELETE}, ${call}`, 'calendar: office,'),
  );
  expect(attention.canaries).toMatchObject({
    perWeek: 3,
    calendar: { name: 'office', weeklyMs: 16 * 3_600_000 },
    requests: [
      {
        agent: { name: 'ledger-sync', canary: true, sponsor: 'ana' },
        target: { name: 'shop', protocol: 'postgresql' },
        command: 'DELETE FROM customers',
        statedTask: '',
        flaw: 'no WHERE',
        client: '10.20.0.7',
      },
      {
        target: { name: 'billing' },
        command: '{"arguments":{"b":[],"cents":1},"operation":"invoice.refund"}',
        statedTask: 'sync',
      },
    ],
  });
  expect(agents.map(({ agent, verifier }) => [agent.name, verifier === null])).toEqual([
    ['reporter', false],
    ['ledger-sync', true],
  ]);
});

describe('refused, with the place and the way out:', () => {
  test.each<[what: string, text: string, problem: string]>([
    [
      'a canary as which somebody could connect',
      `agents:\n  - { name: a, sponsor: ana, canary: { client: ::1 }, credential: { scram: { env: AGENT } } }\n`,
      '/sallyport.yaml:12:55: agents[0].credential: a canary has no credential: nobody may connect as it; remove the credential, or canary from the agent',
    ],
    [
      'an agent without a credential that is no canary',
      `agents:\n  - { name: a, sponsor: ana }\n`,
      'agents[0].credential: this option is required;',
    ],
    [
      'a canary that acts for others',
      `agents:\n  - { name: a, sponsor: ana, canary: { client: ::1 }, mayActFor: [ana] }\n`,
      'agents[0].mayActFor: a canary acts for its sponsor alone;',
    ],
    [
      'a request of an agent that somebody connects as',
      AGENTS + canaries(DELETE.replace('ledger-sync', 'reporter')),
      'requests[0].agent: the agent "reporter" is no canary;',
    ],
    [
      'a request of nobody',
      AGENTS + canaries(DELETE.replace('ledger-sync', 'nobody')),
      'requests[0].agent: there is no agent "nobody"; known are reporter, ledger-sync',
    ],
    [
      'a request for nothing',
      AGENTS + canaries(DELETE.replace('shop', 'shoe')),
      'requests[0].target: there is no target "shoe";',
    ],
    [
      'hours that are nowhere',
      AGENTS + canaries(DELETE, 'calendar: night,'),
      'attention.canaries.calendar: there is no calendar "night";',
    ],
    [
      'a statement for an API',
      AGENTS + canaries(DELETE.replace('shop', 'billing')),
      'requests[0]: a request for a target of protocol api has an operation, and no command;',
    ],
    [
      'a call for a database',
      AGENTS + canaries(DELETE.replace('command: DELETE FROM customers', 'operation: x')),
      'requests[0]: a request for a target of protocol postgresql has a command, and neither operation nor arguments;',
    ],
    [
      'arguments that are no JSON',
      AGENTS +
        canaries('{ agent: ledger-sync, target: billing, operation: x, arguments: { n: .nan }, flaw: f }'),
      'requests[0]: no agent could ask for this;',
    ],
    [
      'a request without a flaw',
      AGENTS + canaries(DELETE.replace(', flaw: no WHERE', '')),
      'requests[0].flaw: this option is required;',
    ],
  ])('%s', async (_, text, problem) => {
    expect((await problemsOf(BEGIN + text)).join('\n')).toContain(problem);
  });
});
