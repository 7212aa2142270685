import { afterEach, describe, expect, test } from 'vitest';
import { configuration, makeSite, type Ran, type Site } from '../support/policy-tools.ts';

const permit =
  '@id("may") @reason("x") permit (principal is Agent, action in Action::"sql", resource is Target);';
const sites: Site[] = [];

async function check(text: string, ...options: string[]): Promise<Ran> {
  const site = makeSite({ 'policies/a.cedar': text });
  sites.push(site);
  return site.run(['check', ...options]);
}

afterEach(() => sites.splice(0).forEach((site) => site.remove()));

describe('what a gateway would not take', () => {
  test('a type error is said with file, line, column, the word and the nearest right one; exit code 2', async () => {
    const ran = await check(
      `${permit}\n@id("x") @reason("x")\nforbid (principal is Agent, action in Action::"sql", resource is Target)\n  when { context.clases.contains("pii") };`,
    );
    expect(ran.code).toBe(2);
    expect(ran.stdout).toMatch(
      /a\.cedar:4:18: x: attribute `clases` in context not found; did you mean "classes"\?/,
    );
  });

  test('as JSON, with the word and the nearest one as members', async () => {
    const ran = await check(
      `${permit}\n@id("x") @reason("x") @review("group:steward") forbid (principal is Agent, action in Action::"sql", resource is Target);`,
      '--json',
    );
    expect(JSON.parse(ran.stdout)).toMatchObject({
      problems: [{ code: 'policy.unknown_name', line: 2, word: 'steward', nearest: 'stewards' }],
    });
  });

  test('a channel that the configuration doesn’t have, with the nearest one that it has', async () => {
    const channels = `channels:
  slack:
    team: T0123456789
    botToken: {env: NOT_SET}
    appToken: {env: NOT_SET}
    rooms: [{name: slack-payments, channel: C0123456789, byPolicy: true}]
  teams:
    appId: 0b0b0b0b-0000-4000-8000-00000000000b
    appSecret: {env: NOT_SET}
    tenant: 0a0a0a0a-0000-4000-8000-00000000000a
    rooms: [{name: teams-payments, channel: "19:x@thread.tacv2"}]
  webhooks: [{name: audit-hook, url: "https://hooks.example.com/", secrets: [{env: NOT_SET}]}]
`;
    const policy = (named: string) =>
      `${permit}\n@id("x") @reason("x") @review("group:stewards") @channel("${named}") forbid (principal is Agent, action in Action::"sql", resource is Target);`;
    const run = async (named: string): Promise<Ran> => {
      const files = { 'policies/a.cedar': policy(named), 'sallyport.yaml': configuration + channels };
      const site = makeSite(files);
      sites.push(site);
      return site.run(['check', '--json']);
    };
    const wrong = await run('audit-hook, slak-payments');
    expect(wrong.code).toBe(2);
    expect(JSON.parse(wrong.stdout)).toMatchObject({
      problems: [{ code: 'policy.unknown_name', line: 2, word: 'slak-payments', nearest: 'slack-payments' }],
    });
    const right = await run('audit-hook, slack-payments, teams-payments');
    expect(right.stdout).not.toContain('policy.unknown_name');
  });

  test('a folder that is not there; exit code 1', async () => {
    const ran = await check(permit, '--dir', '/nowhere/at/all');
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('/nowhere/at/all is not there');
  });

  test('a configuration that is wrong; exit code 2', async () => {
    const site = makeSite({ 'sallyport.yaml': 'origin: x\nagnts: []\n' });
    sites.push(site);
    const ran = await site.run(['check']);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(':2:1: agnts');
  });
});

describe('what does not do what it seems to', () => {
  const rule = (rest: string) => `${permit}\n@id("rule") @reason("x") ${rest}`;
  const scope = '(principal is Agent, action in Action::"sql", resource is Target)';
  const approve =
    '@id("vote") @reason("x") permit (principal is Person, action == Action::"review:approve", resource is Review) when { context.named };\n';

  test.each([
    [
      'a class that nothing has',
      rule(`forbid ${scope} when { context.classes.contains("pi") };`),
      'rule: there is no class "pi".*did you mean "pii"',
    ],
    [
      'a rule that nothing can match',
      rule(`forbid ${scope} when { context.reach == "everywhere" };`),
      'rule: no action of any agent on any target can match',
    ],
    [
      'an effect that no function has',
      rule(`forbid ${scope} when { context.functionsEffect == "writes" };`),
      'rule: no action of any agent',
    ],
    [
      'an environment without a target',
      rule(`forbid (principal is Agent, action in Action::"sql", resource in Environment::"prodction");`),
      'rule: no target is in the environment "prodction".*did you mean "production"',
    ],
    [
      'a permit that a forbid overrules',
      `@id("no") @reason("x") forbid (principal, action in Action::"sql", resource is Target);\n${permit}`,
      'may: all that this rule permits is denied anyway',
    ],
    [
      'a review of what nothing permits',
      `@id("may") @reason("x") permit (principal is Agent, action in Action::"data:read", resource is Target);\n@id("ask") @reason("x") @review("group:stewards") forbid (principal is Agent, action in Action::"data:write", resource is Target);`,
      'ask: all that this rule asks a person about is denied anyway',
    ],
    [
      'a review that only the agent’s own person could approve',
      `${approve}${rule(`@review("group:owners") forbid ${scope};`)}`,
      'rule: nobody could approve what reporter asks for ana on shop: .*1 of group owners',
    ],
    [
      'a quorum of more people than there are',
      `${approve}${rule(`@review("group:stewards") @quorum("2") forbid ${scope};`)}`,
      'rule: nobody could approve what reporter.*2 of group stewards',
    ],
    [
      'a review that a rule about votes keeps from everybody',
      rule(`@review("group:stewards") forbid ${scope};`),
      'rule: nobody could approve',
    ],
    [
      'an agent that nothing permits',
      '@id("may") @reason("x") permit (principal in Group::"idle", action in Action::"sql", resource is Target);',
      'nothing permits the agent reporter',
    ],
  ])('%s: a warning, exit code 6', async (_, text, said) => {
    const ran = await check(text);
    expect(ran.stdout).toMatch(new RegExp(`^warning: .*${said}`, 'm'));
    expect(ran.code).toBe(6);
  });

  test('a rule about others than those of this configuration is noted, and no reason to fail', async () => {
    const ran = await check(
      rule(`forbid (principal is Agent, action == Action::"call:perform", resource is Target);`),
    );
    expect(ran.stdout).toMatch(/^note: .*rule: no agent and target of this configuration can match/m);
    expect(ran.code).toBe(0);
  });

  test('a review that a second steward can approve is fine', async () => {
    const ran = await check(`${approve}${rule(`@review("group:stewards") forbid ${scope};`)}`);
    expect(ran).toMatchObject({ code: 0, stdout: '3 policies in 1 file: no error, no warnings, no notes\n' });
  });
});

test('another word than a tool is refused with those that there are', async () => {
  const site = makeSite({});
  sites.push(site);
  const ran = await site.run(['chek']);
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain('there are check');
});

describe('canaries that would never be opened', () => {
  const call = 'permit (principal is Agent, action in Action::"call", resource is Target);';
  const scope = '(principal is Agent, action in Action::"call", resource is Target)';
  const people = `@id("ask") @reason("x") @review("group:stewards") forbid ${scope};`;
  const canaries = configuration
    .replace(
      'agents:',
      'agents:\n  - {name: sync, sponsor: ana, groups: [reporting], canary: {client: 10.0.0.7}}',
    )
    .replace('targets:', 'targets:\n  - {name: billing, protocol: api, environment: production}')
    .concat(
      'attention: {canaries: {perWeek: 1, requests: [{agent: sync, target: billing, operation: refund, flaw: f}]}}\n',
    );

  test.each([
    ['allows', `@id("may") @reason("x") ${call}`, true],
    ['denies', permit, true],
    ['holds', `@id("may") @reason("x") ${call}\n${people}`, false],
  ])('policy %s a call that is to be held', async (effect, text, isFound) => {
    const site = makeSite({ 'sallyport.yaml': canaries, 'policies/a.cedar': text });
    sites.push(site);
    const { stdout } = await site.run(['check']);
    const said = `attention.canaries.requests[0]: policy ${effect} this, so it is never opened`;
    expect(stdout.includes(said)).toBe(isFound);
  });
});
