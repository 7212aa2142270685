/** What the options of channels mean, and what is wrong with them beyond keys and types. */
import { isIP } from 'node:net';
import { reviewEvents } from '../core/review-events.ts';
import type { ChannelsConfiguration } from './configuration.ts';
import type { Material } from './material.ts';
import { formatPath, type Finding, type Path } from './problem.ts';
import type { RawConfiguration } from './schema.ts';
import { checkSlack, slackOf } from './slack.ts';
import { checkTeams, teamsOf } from './teams.ts';

type RawChannels = RawConfiguration['channels'];
type RawWebhook = RawChannels['webhooks'][number];

const DEFAULT_URLS: Readonly<Record<RawWebhook['template'], string | undefined>> = {
  standard: undefined,
  pagerduty: 'https://events.pagerduty.com/v2/enqueue',
  opsgenie: 'https://api.opsgenie.com/v2/alerts',
};

const FIELDS: Readonly<Record<RawWebhook['template'], readonly string[]>> = {
  standard: [],
  pagerduty: ['severity', 'source', 'component', 'group', 'class'],
  opsgenie: ['priority', 'source', 'entity'],
};

const MAIL_EVENTS = [
  'review.opened',
  'review.reminded',
  'review.escalated',
  'review.resolved',
  'review.expired',
] as const;
const ALERT_EVENTS = ['review.escalated'] as const;

const isLoopbackHost = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

/** An address, or a network in CIDR notation. */
function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const most = isIP(address) === 6 ? 128 : 32;
  if (isIP(address) === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
}

const urlOf = ({ url, template }: RawWebhook): string | undefined => url ?? DEFAULT_URLS[template];

export function channelsOf({ channels }: RawConfiguration, { secrets }: Material): ChannelsConfiguration {
  const { terminal, webhooks, email, slack, teams } = channels;
  return {
    terminal,
    slack: slack === undefined ? null : slackOf(slack, secrets),
    teams: teams === undefined ? null : teamsOf(teams, secrets),
    webhooks: webhooks.map((webhook, index) => ({
      ...webhook,
      url: new URL(urlOf(webhook) ?? ''),
      events: webhook.events ?? (webhook.template === 'standard' ? reviewEvents : ALERT_EVENTS),
      secrets: webhook.secrets.flatMap((_, at) => {
        return secrets.get(`channels.webhooks[${index}].secrets[${at}]`) ?? [];
      }),
    })),
    email:
      email === undefined
        ? null
        : {
            from: email.from,
            server: {
              ...email.server,
              user: email.server.user ?? null,
              password: secrets.get('channels.email.server.password') ?? null,
            },
            recipients: email.recipients.map((each) => ({ ...each, events: each.events ?? MAIL_EVENTS })),
          },
  };
}

const invalid = (path: Path, message: string, hint: string): Finding => ({
  code: 'value.invalid',
  path,
  message,
  hint,
});

export function checkChannels({ channels, people }: RawConfiguration): readonly Finding[] {
  return [
    ...channels.webhooks.flatMap((webhook, index) => checkWebhook(webhook, ['channels', 'webhooks', index])),
    ...checkEmail(channels.email),
    ...checkSlack(channels.slack, people),
    ...checkTeams(channels.teams, people),
  ];
}

function checkWebhook(webhook: RawWebhook, path: Path): Finding[] {
  const { template, secrets, privateAddresses, fields } = webhook;
  const known = FIELDS[template];
  const findings = checkUrl(urlOf(webhook), [...path, 'url']);
  if (template !== 'standard' && secrets.length > 1)
    findings.push(invalid([...path, 'secrets'], 'the service has one key', 'name one secret'));
  privateAddresses.forEach((each, at) => {
    if (isNetwork(each)) return;
    const message = 'an address, or a network in CIDR notation, is expected';
    findings.push(invalid([...path, 'privateAddresses', at], message, 'such as 10.1.2.3 or 10.1.0.0/16'));
  });
  for (const field of Object.keys(fields)) {
    const hint = known.length === 0 ? 'remove it' : `the fields here are ${known.join(', ')}`;
    if (!known.includes(field))
      findings.push(invalid([...path, 'fields', field], 'the template has no such field', hint));
  }
  return findings;
}

function checkUrl(given: string | undefined, path: Path): Finding[] {
  if (given === undefined)
    return [invalid(path, 'signed events need an address', 'add the URL of the receiver')];
  const url = new URL(given);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (url.username !== '' || url.password !== '')
    return [invalid(path, 'a secret may not stand in this file', 'remove user and password from the URL')];
  if (url.protocol === 'https:' || isLoopbackHost(host)) return [];
  return [invalid(path, 'outside of this machine the URL has to be https', 'use https')];
}

function checkEmail(email: RawChannels['email']): readonly Finding[] {
  if (email === undefined) return [];
  const { host, tls, user, password } = email.server;
  const path = ['channels', 'email', 'server'];
  const findings: Finding[] = [];
  if (tls === 'none' && !isLoopbackHost(host))
    findings.push(
      invalid([...path, 'tls'], 'plain text is for a server on this machine', 'use starttls or implicit'),
    );
  if ((user === undefined) !== (password === undefined))
    findings.push(invalid([...path, 'user'], 'user and password belong together', 'give both, or neither'));
  return findings;
}

const SIGNING_SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/;
const LEAST_SECRET_BYTES = 24;
const MOST_SECRET_BYTES = 64;

/** Standard Webhooks: a signing secret is base64 of 24 to 64 bytes. */
export function checkSigningSecrets(
  { channels }: RawConfiguration,
  { secrets }: Material,
): readonly Finding[] {
  return channels.webhooks.flatMap(({ template, secrets: references }, index) =>
    references.flatMap((_, at): Finding[] => {
      const path = ['channels', 'webhooks', index, 'secrets', at];
      const secret = secrets.get(formatPath(path))?.reveal() ?? '';
      const bytes = Buffer.from(SIGNING_SECRET.exec(secret)?.[1] ?? '', 'base64').length;
      if (template !== 'standard' || (bytes >= LEAST_SECRET_BYTES && bytes <= MOST_SECRET_BYTES)) return [];
      const message = 'the secret does not have the form that it must have';
      const hint = 'expected whsec_ and base64 of 24 to 64 random bytes';
      return [{ code: 'secret.invalid', path, message, hint }];
    }),
  );
}
