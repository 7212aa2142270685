/** What the options of Slack mean, and what is wrong with them beyond keys and types. */
import type { SlackConfiguration } from './configuration.ts';
import { checkRooms, roomOf } from './named-channels.ts';
import type { Finding, Path } from './problem.ts';
import type { RawConfiguration } from './schema.ts';
import type { Secret } from './secret.ts';

type RawSlack = NonNullable<RawConfiguration['channels']['slack']>;

/** Every secret has been read, or the configuration was refused. */
export function slackOf(raw: RawSlack, secrets: ReadonlyMap<string, Secret>): SlackConfiguration {
  const botToken = secrets.get('channels.slack.botToken');
  if (botToken === undefined) throw new Error('channels.slack.botToken was not read');
  return {
    team: raw.team,
    apiUrl: raw.apiUrl,
    botToken,
    appToken: secrets.get('channels.slack.appToken') ?? null,
    signingSecrets: raw.signingSecrets.flatMap(
      (_, at) => secrets.get(`channels.slack.signingSecrets[${at}]`) ?? [],
    ),
    room: raw.channel ?? null,
    rooms: raw.rooms.map(roomOf),
    directMessages: raw.directMessages,
    linkByEmail: raw.linkByEmail,
  };
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

const invalid = (path: Path, message: string, hint: string): Finding => ({
  code: 'value.invalid',
  path,
  message,
  hint,
});

export function checkSlack(
  slack: RawSlack | undefined,
  people: RawConfiguration['people'],
): readonly Finding[] {
  return [...(slack === undefined ? [] : checkOptions(slack)), ...checkAccounts(people)];
}

function checkOptions({
  appToken,
  signingSecrets,
  channel,
  rooms,
  directMessages,
  apiUrl,
}: RawSlack): Finding[] {
  const at: Path = ['channels', 'slack'];
  const findings: Finding[] = [...checkRooms(rooms, at)];
  if (appToken === undefined && signingSecrets.length === 0)
    findings.push(
      invalid(
        [...at, 'appToken'],
        'nothing says how clicks reach the gateway',
        'add appToken, or signingSecrets',
      ),
    );
  if (channel === undefined && rooms.length === 0 && !directMessages)
    findings.push(
      invalid([...at, 'channel'], 'nobody would be told', 'name a channel, or allow directMessages'),
    );
  const { protocol, hostname } = new URL(apiUrl);
  if (protocol !== 'https:' && !LOOPBACK.has(hostname))
    findings.push(invalid([...at, 'apiUrl'], 'outside of this machine the URL has to be https', 'use https'));
  return findings;
}

/** One account for two people would let either decide as the other. */
function checkAccounts(people: RawConfiguration['people']): readonly Finding[] {
  const seen = new Set<string>();
  return people.flatMap(({ slack, email }, index) => {
    const named = [
      ...(slack === undefined ? [] : [['slack', `${slack.team} ${slack.user}`] as const]),
      ...(email === undefined ? [] : [['email', email.toLowerCase()] as const]),
    ];
    return named.flatMap(([option, value]) => {
      const isTaken = seen.has(value);
      seen.add(value);
      const path = ['people', index, option];
      return isTaken ? [invalid(path, 'somebody else has it already', 'give each person their own')] : [];
    });
  });
}
