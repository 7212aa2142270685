import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConfiguration } from './load.ts';

const SIGNING = `whsec_${Buffer.from('k'.repeat(32)).toString('base64')}`;
const environment = {
  SIGNING,
  SERVICE: 'R0UTINGKEY-0123456789',
  MAIL: 'CANARY-password',
  SHORT: 'whsec_c2hvcnQtc2hvcnQ=',
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-channels-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function load(channels: string) {
  const file = join(folder, 'sallyport.yaml');
  writeFileSync(
    file,
    `origin: sallyport.example.com/ledger
groups: [{ name: stewards }]
channels:
${channels}`,
  );
  chmodSync(file, 0o600);
  return loadConfiguration(file, environment);
}

/** Where something is wrong, with what. */
async function problems(channels: string): Promise<string[]> {
  const loaded = await load(channels);
  return loaded.ok ? [] : loaded.error.map(({ code, path }) => `${code} ${path}`);
}

const hook = (rest: string): string => `  webhooks:
    - name: ops
      secrets: [{ env: SIGNING }]
${rest}`;
const HOOK = hook('      url: https://hooks.example.com/in\n');
const EMAIL = `  email:
    from: sallyport@example.com
    server: { host: mail.example.com, user: gate, password: { env: MAIL } }
    recipients: [{ to: [stewards@example.com], when: { groups: [stewards] } }]
`;

describe('what is told to whom', () => {
  test('nobody is told without channels, and all options have a value where they aren’t given', async () => {
    const loaded = await load(HOOK + EMAIL);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
    const { webhooks, email, terminal } = loaded.value.channels;
    expect(terminal).toBe(false);
    expect(webhooks).toMatchObject([{ template: 'standard', privateAddresses: [] }]);
    expect(webhooks[0]?.events).toContain('review.executed');
    expect(webhooks[0]?.secrets[0]?.reveal()).toBe(SIGNING);
    expect(email).toMatchObject({ server: { port: 587, tls: 'starttls' } });
    expect(email?.recipients[0]?.events).not.toContain('review.executed');
    expect(inspect(loaded.value, { depth: null })).not.toContain('CANARY');
  });

  test('alerts have their service’s address, and are raised by escalations', async () => {
    const loaded = await load(
      '  webhooks:\n    - { name: pager, template: pagerduty, secrets: [{ env: SERVICE }], fields: { severity: error } }\n',
    );
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
    const [pager] = loaded.value.channels.webhooks;
    expect(pager?.url.href).toBe('https://events.pagerduty.com/v2/enqueue');
    expect(pager?.events).toEqual(['review.escalated']);
  });
});

describe('what is refused', () => {
  test.each([
    ['http://hooks.example.com/in', 'value.invalid channels.webhooks[0].url'],
    ['https://user:secret@hooks.example.com/', 'value.invalid channels.webhooks[0].url'],
    ['ftp://hooks.example.com/', 'value.invalid channels.webhooks[0].url'],
  ])('the address %s', async (url, problem) => {
    expect(await problems(hook(`      url: ${url}\n`))).toEqual([problem]);
  });

  test('an event that there isn’t, a name that leads nowhere, an address that is none', async () => {
    expect(await problems(hook('      url: https://h.example/\n      events: [review.done]\n'))).toEqual([
      'value.invalid channels.webhooks[0].events[0]',
    ]);
    expect(await problems(`${HOOK}      when: { targets: [shop], groups: [none] }\n`)).toEqual([
      'name.unknown channels.webhooks[0].when.targets[0]',
      'name.unknown channels.webhooks[0].when.groups[0]',
    ]);
    expect(await problems(`${HOOK}      privateAddresses: [10.0.0.0/8, intranet, 10.0.0.0/99]\n`)).toEqual([
      'value.invalid channels.webhooks[0].privateAddresses[1]',
      'value.invalid channels.webhooks[0].privateAddresses[2]',
    ]);
  });

  test('no address, a field that the template hasn’t, two webhooks of one name', async () => {
    expect(await problems(hook('      fields: { severity: error }\n'))).toEqual([
      'value.invalid channels.webhooks[0].url',
      'value.invalid channels.webhooks[0].fields.severity',
    ]);
    const twice = `${HOOK}    - { name: ops, url: https://h.example/, secrets: [{ env: SIGNING }] }\n`;
    expect(await problems(twice)).toEqual(['name.duplicate channels.webhooks[1].name']);
  });

  test('a secret in the file, and one that is too short to sign with', async () => {
    const inline = `  webhooks: [{ name: ops, url: https://h.example/, secrets: [${SIGNING}] }]\n`;
    expect(await problems(inline)).toEqual(['secret.inline channels.webhooks[0].secrets[0]']);
    const short = '  webhooks: [{ name: ops, url: https://h.example/, secrets: [{ env: SHORT }] }]\n';
    expect(await problems(short)).toEqual(['secret.invalid channels.webhooks[0].secrets[0]']);
  });

  test('mail in plain text to another machine, half of a sign-in, more than one address in one', async () => {
    expect(await problems(EMAIL.replace('user: gate', 'tls: none, user: gate'))).toEqual([
      'value.invalid channels.email.server.tls',
    ]);
    expect(await problems(EMAIL.replace(', password: { env: MAIL }', ''))).toEqual([
      'value.invalid channels.email.server.user',
    ]);
    for (const address of [
      '"a@x.example, b@x.example"',
      '"A <a@x.example>"',
      '"a@x.example\\nBcc: b@x.example"',
    ])
      expect(await problems(EMAIL.replace('stewards@example.com', address))).toEqual([
        'value.invalid channels.email.recipients[0].to[0]',
      ]);
  });
});

describe('Slack', () => {
  const slack = (rest: string): string => `  slack:
    team: T0SALLYPORT
    botToken: { env: BOT }
${rest}`;
  const tokens = {
    BOT: 'xoxb-0123456789',
    APP: 'xapp-0123456789',
    SIGN: '0123456789abcdef',
    WRONG: 'hunter2',
  };

  async function codes(channels: string, people = ''): Promise<string[]> {
    const file = join(folder, 'sallyport.yaml');
    writeFileSync(file, `origin: sallyport.example.com/ledger\nchannels:\n${channels}\n${people}`);
    chmodSync(file, 0o600);
    const loaded = await loadConfiguration(file, tokens);
    return loaded.ok ? [] : loaded.error.map(({ code, path }) => `${code} ${path}`);
  }

  test('by Socket Mode, and by HTTP with two secrets', async () => {
    expect(await codes(slack('    appToken: { env: APP }'))).toEqual([]);
    expect(
      await codes(slack('    signingSecrets: [{ env: SIGN }, { env: SIGN }]\n    channel: C0REVIEWS')),
    ).toEqual([]);
  });

  test.each([
    ['neither way for clicks', '', 'value.invalid channels.slack.appToken'],
    [
      'nobody to tell',
      '    appToken: { env: APP }\n    directMessages: false',
      'value.invalid channels.slack.channel',
    ],
    [
      'plain http',
      '    appToken: { env: APP }\n    apiUrl: http://slack.example/api/',
      'value.invalid channels.slack.apiUrl',
    ],
    ['a token of another kind', '    appToken: { env: BOT }', 'secret.invalid channels.slack.appToken'],
    [
      'a name for a channel',
      '    appToken: { env: APP }\n    channel: reviews',
      'value.invalid channels.slack.channel',
    ],
  ])('%s is refused', async (_, rest, expected) => {
    expect(await codes(slack(rest))).toEqual([expected]);
  });

  test('one account, or one address, is one person’s', async () => {
    const people = `people:
  - { name: sam, slack: { team: T0SALLYPORT, user: U0SAM }, email: a@example.com }
  - { name: kim, slack: { team: T0SALLYPORT, user: U0SAM }, email: A@example.com }`;
    expect(await codes(slack('    appToken: { env: APP }'), people)).toEqual([
      'value.invalid people[1].slack',
      'value.invalid people[1].email',
    ]);
  });
});
