import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadPolicyConfiguration } from './offline.ts';

const folder = mkdtempSync(join(tmpdir(), 'authority-'));
afterAll(() => rmSync(folder, { recursive: true }));

function written(text: string): string {
  const file = join(folder, 'sallyport.yaml');
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

describe('who decides in whose place', () => {
  const people = 'people: [{ name: ana }, { name: ben }, { name: ann, identity: ana }]\n';
  const base = `origin: example.com/log\n${people}`;
  const problems = async (text: string): Promise<readonly string[]> => {
    const loaded = await loadPolicyConfiguration(written(text));
    return loaded.ok ? [] : loaded.error.map(({ path, message }) => `${path}: ${message}`);
  };
  const delegation = (given: string): string => `${base}delegations: [{ ${given} }]\n`;
  const onCall = (given: string): string =>
    `${base}groups: [{ name: oncall, onCall: { timeZone: Europe/Berlin, handover: "09:00", from: 2026-11-23, ${given} } }]\n`;

  test.each<[string, string, readonly string[]]>([
    ['whole', delegation('from: ana, to: ben, since: 2026-12-01T00:00:00Z, until: 2026-12-24T00:00:00Z'), []],
    [
      'to the same person',
      delegation('from: ana, to: ann, since: 2026-12-01T00:00:00Z, until: 2026-12-24T00:00:00Z'),
      ['delegations[0].to: this is the same person'],
    ],
    [
      'over before it begins',
      delegation('from: ana, to: ben, since: 2026-12-24T00:00:00Z, until: 2026-12-01T00:00:00Z'),
      ['delegations[0].until: it is over before it begins'],
    ],
    [
      'for a year',
      delegation('from: ana, to: ben, since: 2026-12-01T00:00:00Z, until: 2027-12-01T00:00:00Z'),
      ['delegations[0].until: it lasts for more than 90 days'],
    ],
    [
      'to nobody',
      delegation('from: ana, to: zoe, since: 2026-12-01T00:00:00Z, until: 2026-12-24T00:00:00Z'),
      ['delegations[0].to: there is no person "zoe"'],
    ],
    ['turns', onCall('shifts: [{ members: [ana, ben] }]'), []],
    [
      'turns of nobody, in no calendar',
      onCall('shifts: [{ members: [zoe], calendar: night }]'),
      [
        'groups[0].onCall.shifts[0].members[0]: there is no person "zoe"',
        'groups[0].onCall.shifts[0].calendar: there is no calendar "night"',
      ],
    ],
  ])('%s', async (_, text, expected) => {
    expect((await problems(text)).toSorted()).toEqual([...expected].toSorted());
  });
});
