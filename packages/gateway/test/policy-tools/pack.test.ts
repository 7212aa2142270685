import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { configuration, makeSite, type Site } from '../support/policy-tools.ts';

const packs = new URL('../../policies/packs/', import.meta.url);
const permit =
  '@id("may") @reason("x") permit (principal is Agent, action in Action::"sql", resource is Target);';
/** What the packs say that they need. */
const calendars = `
calendars:
  - {name: change-window, timeZone: UTC, hours: [{days: [mon], from: "09:00", to: "17:00"}]}
  - {name: freeze, timeZone: UTC, days: [{from: 2026-12-18, to: 2027-01-06}]}
`;
const withGroups =
  configuration.replace(
    'groups: [',
    'groups: [{name: database-owners}, {name: data-stewards}, {name: read-only-analysts}, ',
  ) + calendars;
const sites: Site[] = [];
afterEach(() => sites.splice(0).forEach((site) => site.remove()));

function site(files: Readonly<Record<string, string>>): Site {
  const made = makeSite({ 'policies/a.cedar': permit, ...files });
  sites.push(made);
  return made;
}

describe.each(readdirSync(packs))('the pack %s', (name) => {
  const folder = new URL(`${name}/`, packs);

  test('passes its own cases, which reach each of its rules', async () => {
    const made = site({ 'sallyport.yaml': withGroups });
    const ran = await made.run(['test', '--json', '--dir', folder.pathname]);
    const { results, failed, missed } = JSON.parse(ran.stdout) as {
      results: unknown[];
      failed: number;
      missed: string[];
    };
    expect({ failed, missed }).toEqual({ failed: 0, missed: [] });
    expect(results.length).toBeGreaterThan(5);
  });

  test('has a page that names each rule and each control', () => {
    const page = readFileSync(new URL('README.md', folder), 'utf8');
    const text = readFileSync(new URL(`${name}.cedar`, folder), 'utf8');
    const ids = [...text.matchAll(/@id\("(.*?)"\)/g)].map(([, id]) => id ?? '');
    const controls = [...text.matchAll(/@controls\("(.*?)"\)/g)].flatMap(([, each = '']) => each.split(' '));
    expect(ids.length).toBe(controls.length === 0 ? -1 : [...text.matchAll(/@controls/g)].length);
    for (const id of ids) expect(page).toContain(`\`${id}\``);
    for (const control of controls)
      expect(page).toMatch(new RegExp(` ${(control.split(':')[1] ?? '').replaceAll('.', '\\.')} +\\|`));
  });
});

describe('policy pack', () => {
  test('list names each with its title', async () => {
    const ran = await site({}).run(['pack', 'list']);
    expect(ran.stdout).toMatch(/^destructive-ddl +Destructive DDL$/m);
    expect(ran.code).toBe(0);
  });

  test('add copies rules and cases, which then pass beside the other policies', async () => {
    const made = site({ 'sallyport.yaml': withGroups });
    expect((await made.run(['pack', 'add', 'destructive-ddl'])).code).toBe(0);
    expect(readdirSync(join(made.directory, 'policies')).toSorted()).toEqual([
      'a.cedar',
      'destructive-ddl.cedar',
      'destructive-ddl.test.yaml',
    ]);
    expect(await made.run(['test'])).toMatchObject({ code: 0 });
    const again = await made.run(['pack', 'add', 'destructive-ddl']);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('already');
  });

  test('add copies nothing where the configuration lacks a group', async () => {
    const made = site({});
    const ran = await made.run(['pack', 'add', 'destructive-ddl']);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/nothing was copied:\n.*names the group "database-owners"/);
    expect(existsSync(join(made.directory, 'policies', 'destructive-ddl.cedar'))).toBe(false);
  });

  test.each([
    [['add', 'destructive-dll'], 'did you mean destructive-ddl?'],
    [['add', '../../secrets'], 'there is no pack'],
    [['ad'], 'write: pack list'],
  ])('%s is refused', async (words, said) => {
    const ran = await site({}).run(['pack', ...words]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(said);
  });

  test('add never writes among the policies that come with Sallyport', async () => {
    const made = site({ 'sallyport.yaml': withGroups.replace('policies: {directory: policies}', '') });
    const ran = await made.run(['pack', 'add', 'change-freeze']);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('name a directory of your own');
  });
});
