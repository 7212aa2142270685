/** What the options of Microsoft Teams mean, and what is wrong with them beyond keys and types. */
import type { TeamsConfiguration } from './configuration.ts';
import { checkRooms, roomOf } from './named-channels.ts';
import type { Finding, Path } from './problem.ts';
import type { RawConfiguration } from './schema.ts';
import type { Secret } from './secret.ts';

type RawTeams = NonNullable<RawConfiguration['channels']['teams']>;

/** Every secret has been read, or the configuration was refused. */
export function teamsOf(raw: RawTeams, secrets: ReadonlyMap<string, Secret>): TeamsConfiguration {
  const appSecret = secrets.get('channels.teams.appSecret');
  if (appSecret === undefined) throw new Error('channels.teams.appSecret was not read');
  const { addresses, appId, cloud, directMessages, linkByPrincipalName, tenant } = raw;
  const given = Object.entries(addresses).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value.replace(/\/$/, '')] as const],
  );
  return {
    appId,
    appSecret,
    tenant,
    cloud,
    addresses: Object.fromEntries(given),
    room: raw.channel ?? null,
    rooms: raw.rooms.map(roomOf),
    directMessages,
    linkByPrincipalName,
  };
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);
const AT: Path = ['channels', 'teams'];

const invalid = (path: Path, message: string, hint: string): Finding => ({
  code: 'value.invalid',
  path,
  message,
  hint,
});

export function checkTeams(
  teams: RawTeams | undefined,
  people: RawConfiguration['people'],
): readonly Finding[] {
  return [...(teams === undefined ? [] : checkOptions(teams)), ...checkAccounts(people)];
}

function checkOptions({ addresses, channel, cloud, directMessages, rooms }: RawTeams): Finding[] {
  const findings: Finding[] = [...checkRooms(rooms, AT)];
  if (channel === undefined && rooms.length === 0 && !directMessages)
    findings.push(
      invalid([...AT, 'channel'], 'nobody would be told', 'name a channel, or allow directMessages'),
    );
  if (cloud === 'china' && addresses.serviceUrl === undefined)
    findings.push(
      invalid(
        [...AT, 'addresses', 'serviceUrl'],
        'this cloud has no service URL for all',
        'add that of the tenant',
      ),
    );
  for (const name of ['openIdUrl', 'loginUrl', 'serviceUrl'] as const)
    findings.push(...checkUrl(addresses[name], [...AT, 'addresses', name]));
  return findings;
}

function checkUrl(given: string | undefined, path: Path): Finding[] {
  if (given === undefined) return [];
  const { hostname, password, protocol, search, username } = new URL(given);
  if (username !== '' || password !== '' || search !== '')
    return [invalid(path, 'an address alone is expected', 'remove user, password and query')];
  if (protocol === 'https:' || LOOPBACK.has(hostname)) return [];
  return [invalid(path, 'outside of this machine the URL has to be https', 'use https')];
}

/** One account for two people would let either decide as the other. */
function checkAccounts(people: RawConfiguration['people']): readonly Finding[] {
  const seen = new Set<string>();
  return people.flatMap(({ teams }, index) => {
    if (teams === undefined) return [];
    const account = `${teams.tenant} ${teams.user}`;
    const isTaken = seen.has(account);
    seen.add(account);
    const path = ['people', index, 'teams'];
    return isTaken ? [invalid(path, 'somebody else has it already', 'give each person their own')] : [];
  });
}
