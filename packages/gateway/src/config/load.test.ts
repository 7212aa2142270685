import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  change,
  ConfigurationFolder,
  DIGEST,
  VERIFIER,
  WHOLE,
} from '../../test/support/configuration-folder.ts';

let folder: ConfigurationFolder;
beforeEach(() => {
  folder = new ConfigurationFolder();
});
afterEach(() => folder.remove());

describe('a configuration without fault', () => {
  test('is read whole, with its secrets and defaults', async () => {
    const configuration = await folder.load(WHOLE);
    expect(configuration).toMatchObject({
      origin: 'sallyport.example.com/ledger',
      state: join(folder.path, 'state'),
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
    expect((await folder.load(WHOLE)).ledger.published).toBeNull();
    const { ledger } = await folder.load(`${WHOLE}ledger: { publish: { directory: www/log } }\n`);
    expect(ledger.published).toBe(join(folder.path, 'www/log'));
  });

  test('uses the policies that come with Sallyport, or those of its own directory', async () => {
    const { files } = (await folder.load(WHOLE)).policies;
    expect(files.length).toBeGreaterThan(3);
    mkdirSync(join(folder.path, 'rules'));
    folder.put('rules/a.cedar', '// mine');
    folder.put('rules/README.md', '');
    const own = await folder.load(`${WHOLE}policies: { directory: rules }\n`);
    expect(own.policies).toEqual({
      directory: join(folder.path, 'rules'),
      files: [{ name: join(folder.path, 'rules/a.cedar'), text: '// mine' }],
    });
  });

  test('encrypts to other hosts, and not on loopback', async () => {
    const tls = async (host: string) => (await folder.load(change('db.example.com', host))).targets[0]?.tls;
    expect([
      await tls('127.0.0.1'),
      await tls('localhost'),
      await tls('127.evil.example'),
      await tls('10.0.0.1'),
    ]).toEqual(['disable', 'disable', 'verify-full', 'verify-full']);
  });

  test('shows none of its secrets', async () => {
    const configuration = await folder.load(WHOLE);
    const shown = [
      JSON.stringify(configuration),
      inspect(configuration, { depth: 10, showHidden: true }),
      String(configuration.targets[0]?.password),
      String(configuration.agents[0]?.verifier),
    ].join();
    for (const secret of ['correct-horse', VERIFIER, DIGEST]) expect(shown).not.toContain(secret);
  });
});

describe.skipIf(process.platform === 'win32')('files that others can reach are refused', () => {
  test.each([0o604, 0o602, 0o644])('a secret with mode %o', async (mode) => {
    chmodSync(join(folder.path, 'secrets/password'), mode);
    expect(await folder.problemsOf(WHOLE)).toEqual([
      expect.stringMatching(
        /^file\.exposed sallyport\.yaml:10:5: targets\[0\]\.password: .*; run chmod o-rwx /,
      ),
    ]);
  });

  test('the configuration itself, when everybody can change it', async () => {
    expect(await folder.problemsOf(WHOLE, 0o666)).toEqual([
      expect.stringMatching(/^file\.exposed .*; run chmod o-w /),
    ]);
  });

  test('policies that everybody can change', async () => {
    mkdirSync(join(folder.path, 'rules'));
    folder.put('rules/a.cedar', '', 0o666);
    expect(await folder.problemsOf(`${WHOLE}policies: { directory: rules }\n`)).toEqual([
      expect.stringMatching(/^file\.exposed .*policies\.directory/),
    ]);
  });

  test('a secret that is a directory', async () => {
    expect(await folder.problemsOf(change('secrets/password', 'secrets'))).toEqual([
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
  const problems = await folder.problemsOf(text);
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
