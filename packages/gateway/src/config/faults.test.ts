import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { change, ConfigurationFolder, environment, WHOLE } from '../../test/support/configuration-folder.ts';
import { loadConfiguration } from './load.ts';

let folder: ConfigurationFolder;
beforeEach(() => {
  folder = new ConfigurationFolder();
});
afterEach(() => folder.remove());

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
    [
      'a grant that lives longer than five minutes',
      () => change('holdMs: 1000', 'grantAwayMs: 300001'),
      'value.invalid sallyport.yaml:35:11: limits.grantAwayMs: expected at most 300000;',
    ],
  ];

  test.each(faults)('%s', async (_, text, expected) => {
    const problem = await folder.onlyProblemOf(text());
    expect(problem).toContain(expected);
    expect(problem).toMatch(/; \S/);
  });

  test('an empty file', async () => {
    expect(await folder.problemsOf('')).toEqual([
      expect.stringContaining('value.type sallyport.yaml:1:1: expected object'),
    ]);
  });

  test('a file that is not there', async () => {
    const loaded = await loadConfiguration(join(folder.path, 'none.yaml'), environment);
    expect(loaded).toMatchObject({ ok: false, error: [{ code: 'file.missing', line: 1 }] });
  });
});
