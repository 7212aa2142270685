/** What keeps Slack from working, each in one line with the way out. */
import { SlackFault, type SlackWeb } from './web.ts';

export interface CheckOptions {
  readonly team: string;
  readonly channels: readonly string[];
  /** Scopes that the app needs, by what for. */
  readonly scopes: Readonly<Record<string, string>>;
  readonly nowMs: () => number;
  readonly mostClockMs: number;
  /** Opens and leaves a Socket Mode connection; null: not used. Rejects with a SlackFault. */
  readonly openSocket: (() => Promise<void>) | null;
}

const TOKEN = 'channels.slack.botToken';

/** By Slack's own word; `%` stands for the channel. */
const WAYS_OUT: Readonly<Record<string, string>> = {
  invalid_auth: `Slack doesn’t know the bot’s token: install the app again, and put its token where ${TOKEN} says.`,
  not_authed: `There is no token: look at ${TOKEN}.`,
  token_revoked: `The bot’s token was revoked: install the app again, and put its token where ${TOKEN} says.`,
  token_expired: `The bot’s token has expired: put a fresh one where ${TOKEN} says.`,
  account_inactive: `The bot was removed from the workspace: install the app again, and put its token where ${TOKEN} says.`,
  channel_not_found:
    'There is no channel %, or the bot may not see it: invite the bot, or name another channel.',
  ratelimited: 'Slack is asked too often: wait a minute.',
  unreachable: 'Slack can’t be reached: look at the network, and at channels.slack.apiUrl.',
};

const wordsFor = (error: unknown, about = ''): string => {
  const { code = 'unreachable', needed = null } = error instanceof SlackFault ? error : {};
  if (code === 'missing_scope') return lacking(needed ?? 'a scope', 'what it does');
  return (WAYS_OUT[code] ?? `Slack says ${code}: look at the app’s settings.`).replace('%', about);
};

const lacking = (scope: string, what: string): string =>
  `The app lacks the scope ${scope}, for ${what}: add it under OAuth & Permissions, and install the app again.`;

export async function checkSlack(web: SlackWeb, options: CheckOptions): Promise<readonly string[]> {
  let self;
  try {
    self = await web.self();
  } catch (error) {
    return [wordsFor(error)];
  }
  const problems: string[] = [];
  if (self.team !== options.team)
    problems.push(
      `The token is for the team ${self.team}, and channels.slack.team is ${options.team}: correct one of them.`,
    );
  problems.push(...clockProblems(self.atMs, options));
  for (const [scope, what] of Object.entries(options.scopes))
    if (!self.scopes.includes(scope)) problems.push(lacking(scope, what));
  for (const id of options.channels) problems.push(...(await channelProblems(web, id)));
  problems.push(...(await socketProblems(options)));
  return problems;
}

/** A signature's stamp is compared with this clock: far off, each click is refused. */
function clockProblems(atMs: number | null, { nowMs, mostClockMs }: CheckOptions): readonly string[] {
  if (atMs === null) return [];
  const offMs = nowMs() - atMs;
  if (Math.abs(offMs) <= mostClockMs) return [];
  const minutes = Math.round(Math.abs(offMs) / 60_000).toString();
  const way = offMs > 0 ? 'ahead of' : 'behind';
  return [`This clock is ${minutes} minutes ${way} Slack’s, so that every click is refused: set it by NTP.`];
}

async function channelProblems(web: SlackWeb, id: string): Promise<readonly string[]> {
  try {
    const { archived, member } = await web.channel(id);
    if (archived) return [`The channel ${id} is archived: unarchive it, or name another one.`];
    return member ? [] : [`The bot is not in the channel ${id}: invite it there (/invite).`];
  } catch (error) {
    return [wordsFor(error, id)];
  }
}

async function socketProblems({ openSocket }: CheckOptions): Promise<readonly string[]> {
  if (openSocket === null) return [];
  try {
    await openSocket();
    return [];
  } catch (error) {
    const code = error instanceof SlackFault ? error.code : 'unreachable';
    if (code === 'unreachable') return [wordsFor(error)];
    return [
      `Slack refuses a Socket Mode connection (${code}): make an app-level token with connections:write, and put it where channels.slack.appToken says.`,
    ];
  }
}
