/** What keeps Teams from working, each in one line with the way out. */
import type { Connector } from './connector.ts';
import { TeamsFault } from './fetching.ts';
import type { ConnectorKeys } from './keys.ts';
import type { OwnToken } from './token.ts';

export interface CheckOptions {
  readonly keys: Pick<ConnectorKeys, 'fetch'>;
  readonly token: Pick<OwnToken, 'issue'>;
  readonly connector: Pick<Connector, 'room'>;
  readonly openIdUrl: string;
  readonly loginUrl: string;
  readonly tenant: string;
  readonly appId: string;
  readonly rooms: readonly string[];
  readonly nowMs: () => number;
  readonly mostClockMs: number;
}

const SECRET = 'channels.teams.appSecret';

const codeOf = (error: unknown): string => (error instanceof TeamsFault ? error.code : 'unreachable');

export async function checkTeams(options: CheckOptions): Promise<readonly string[]> {
  return [...(await keyProblems(options)), ...(await tokenProblems(options))];
}

async function keyProblems({ keys, openIdUrl }: CheckOptions): Promise<readonly string[]> {
  try {
    await keys.fetch();
    return [];
  } catch (error) {
    const what = codeOf(error) === 'unreachable' ? 'can’t be reached' : 'doesn’t answer as it should';
    return [
      `Microsoft’s keys (${openIdUrl}) ${what}, so that every click is refused: look at the network, and at channels.teams.cloud.`,
    ];
  }
}

async function tokenProblems(options: CheckOptions): Promise<readonly string[]> {
  let issuedAtMs;
  try {
    ({ issuedAtMs } = await options.token.issue());
  } catch (error) {
    return [tokenWords(codeOf(error), options)];
  }
  const problems = [...clockProblems(issuedAtMs, options)];
  for (const room of options.rooms) problems.push(...(await roomProblems(room, options)));
  return problems;
}

/** By Entra's own numbers. */
function tokenWords(code: string, { appId, loginUrl, tenant }: CheckOptions): string {
  switch (code) {
    case 'AADSTS7000215':
      return `Entra doesn’t take the bot’s secret: put the value of a client secret (not its id) of ${appId} where ${SECRET} says.`;
    case 'AADSTS7000222':
      return `The bot’s secret has expired: make another client secret of ${appId}, and put it where ${SECRET} says.`;
    case 'AADSTS90002':
      return `Entra knows no tenant ${tenant}: correct channels.teams.tenant, or channels.teams.cloud.`;
    case 'AADSTS700016':
      return `The tenant ${tenant} has no application ${appId}: correct channels.teams.appId or channels.teams.tenant, or register the bot there.`;
    case 'unreachable':
    case 'login_busy':
      return `Entra (${loginUrl}) can’t be reached: look at the network, and at channels.teams.cloud.`;
    default:
      return `Entra says ${code}: look at the application ${appId}.`;
  }
}

/** A token's times are compared with this clock: far off, each click is refused. */
function clockProblems(atMs: number | null, { nowMs, mostClockMs }: CheckOptions): readonly string[] {
  if (atMs === null) return [];
  const offMs = nowMs() - atMs;
  if (Math.abs(offMs) <= mostClockMs) return [];
  const minutes = Math.round(Math.abs(offMs) / 60_000).toString();
  const way = offMs > 0 ? 'ahead of' : 'behind';
  return [`This clock is ${minutes} minutes ${way} Microsoft’s, so that clicks are refused: set it by NTP.`];
}

async function roomProblems(room: string, { connector }: CheckOptions): Promise<readonly string[]> {
  try {
    await connector.room(room);
    return [];
  } catch (error) {
    const code = codeOf(error);
    if (code.startsWith('403') || code.startsWith('404'))
      return [
        `The app is not installed in the team of ${room}: add it there (Manage team, Apps), or name another channel.`,
      ];
    if (code.startsWith('401'))
      return ['Teams doesn’t take the bot’s token: connect the Azure Bot to the channel Microsoft Teams.'];
    return [
      `Teams can’t be asked about ${room} (${code}): look at the network, and at channels.teams.cloud.`,
    ];
  }
}
