/** Slack's Web API by Slack's own client, with its retries off: the outbox knows what was sent, and when to go on. */
import {
  LogLevel,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebClient,
  type Logger,
  type WebClientOptions,
} from '@slack/web-api';
import type { Limits } from '../../limits.ts';
import { DELIVERY_EVENT, sent } from './history.ts';
import type { SlackUser } from './people.ts';
import type { Secret } from '../../ports-chat.ts';
import {
  type Answered,
  type ChannelInfo,
  type Posting,
  type Self,
  SlackFault,
  type SlackWeb,
} from './web.ts';

export interface WebOptions {
  readonly token: Secret;
  /** `https://slack.com/api/`, or that of another cloud. */
  readonly apiUrl: string;
  readonly limits: Limits;
}

/** Slack's libraries log payloads and answers (law 8): nothing of theirs is logged. */
export const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  setLevel: () => undefined,
  getLevel: () => LogLevel.ERROR,
  setName: () => undefined,
};

/** For every client of Slack's: no retry of its own, no waiting, no other host than the configured one. */
export const clientOptions = ({
  apiUrl,
  limits,
}: Pick<WebOptions, 'apiUrl' | 'limits'>): WebClientOptions => ({
  slackApiUrl: apiUrl,
  retryConfig: { retries: 0 },
  rejectRateLimitedCalls: true,
  timeout: limits.slackCallMs,
  allowAbsoluteUrls: false,
});

/** Where answers to clicks may go: a click is signed, and yet its address is not followed anywhere (threat J). */
const ANSWERING = ['https://hooks.slack.com', 'https://hooks.slack-gov.com'];

export function slackWeb(options: WebOptions): SlackWeb {
  const seen = { date: null as string | null };
  const client = new WebClient(options.token.reveal(), {
    ...clientOptions(options),
    logger: silent,
    fetch: async (url, init) => {
      const response = await fetch(url, { ...init, redirect: 'error' });
      seen.date = response.headers.get('date');
      return response;
    },
  });
  const call = <T>(run: () => Promise<T>): Promise<T> =>
    run().catch((error: unknown) => {
      throw faultOf(error);
    });
  return {
    post: (posting) => call(() => post(client, posting)),
    update: ({ channel, ts, text, blocks }) =>
      call(async () => void (await client.apiCall('chat.update', { channel, ts, text, blocks }))),
    openDirect: (user) => call(() => openDirect(client, user)),
    openModal: (trigger, view) =>
      call(async () => void (await client.apiCall('views.open', { trigger_id: trigger, view }))),
    user: (id) => call(() => user(client, id)),
    self: () => call(async () => ({ ...(await self(client)), atMs: dateOf(seen.date) })),
    channel: (id) => call(() => channel(client, id)),
    sent: (where, thread) =>
      call(() => sent(client, { channel: where, thread, most: options.limits.slackRead })).catch(
        unlessLacking,
      ),
    respond: (url, answer) => respond(url, answer, options),
  };
}

const unlessLacking = (error: unknown): undefined => {
  if (error instanceof SlackFault && error.code === 'missing_scope') return undefined;
  throw error;
};

const dateOf = (header: string | null): number | null => {
  const atMs = header === null ? NaN : Date.parse(header);
  return Number.isNaN(atMs) ? null : atMs;
};

async function post(client: WebClient, posting: Posting): Promise<{ channel: string; ts: string }> {
  const { channel: where, text, blocks, thread, delivery } = posting;
  const answer = await client.apiCall('chat.postMessage', {
    channel: where,
    text,
    blocks,
    unfurl_links: false,
    unfurl_media: false,
    ...(thread === null ? {} : { thread_ts: thread }),
    ...(delivery === null
      ? {}
      : { metadata: { event_type: DELIVERY_EVENT, event_payload: { id: delivery } } }),
  });
  const { channel: placed, ts } = answer as { readonly channel?: unknown; readonly ts?: unknown };
  if (typeof placed !== 'string' || typeof ts !== 'string') throw new SlackFault('unexpected_answer');
  return { channel: placed, ts };
}

async function openDirect(client: WebClient, id: string): Promise<string> {
  const { channel: opened } = await client.conversations.open({ users: id });
  if (opened?.id === undefined) throw new SlackFault('unexpected_answer');
  return opened.id;
}

async function user(client: WebClient, id: string): Promise<SlackUser> {
  const { user: known } = await client.users.info({ user: id });
  // Fails closed: what Slack doesn't say is taken as what lets nobody in.
  if (known?.id !== id) throw new SlackFault('unexpected_answer');
  const email = known.is_email_confirmed === true ? (known.profile?.email ?? null) : null;
  return {
    team: known.team_id ?? '',
    deleted: known.deleted !== false,
    bot: known.is_bot !== false || id === 'USLACKBOT',
    guest: known.is_restricted !== false || known.is_ultra_restricted !== false,
    stranger: (known as { readonly is_stranger?: unknown }).is_stranger === true,
    email: email?.toLowerCase() ?? null,
  };
}

async function self(client: WebClient): Promise<Omit<Self, 'atMs'>> {
  const answer = await client.auth.test();
  const scopes = answer.response_metadata?.scopes ?? [];
  return { team: answer.team_id ?? '', user: answer.user_id ?? '', scopes };
}

async function channel(client: WebClient, id: string): Promise<ChannelInfo> {
  const { channel: known } = await client.conversations.info({ channel: id });
  return { archived: known?.is_archived === true, member: known?.is_member === true };
}

/** Rejects with a SlackFault where Slack gives no address for a Socket Mode connection. */
export async function socketAddress({
  appToken,
  ...options
}: Pick<WebOptions, 'apiUrl' | 'limits'> & { readonly appToken: Secret }): Promise<void> {
  const client = new WebClient(appToken.reveal(), { ...clientOptions(options), logger: silent });
  try {
    await client.apps.connections.open({});
  } catch (error) {
    throw faultOf(error);
  }
}

async function respond(url: string, answer: Answered, { apiUrl, limits }: WebOptions): Promise<void> {
  const { origin } = new URL(url);
  if (!ANSWERING.includes(origin) && origin !== new URL(apiUrl).origin) throw new SlackFault('other_address');
  const { text, blocks, replaces } = answer;
  const body = { text, ...(blocks === undefined ? {} : { blocks }), replace_original: replaces };
  const response = await fetch(url, {
    method: 'POST',
    redirect: 'error',
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(replaces ? body : { ...body, response_type: 'ephemeral' }),
    signal: AbortSignal.timeout(limits.slackCallMs),
  }).catch(() => {
    throw new SlackFault('unreachable');
  });
  await response.body?.cancel();
  if (!response.ok) throw new SlackFault('not_answered');
}

function faultOf(error: unknown): SlackFault {
  if (error instanceof SlackFault) return error;
  if (error instanceof WebAPIRateLimitedError)
    return new SlackFault('ratelimited', { retryAfterMs: error.retryAfter * 1_000 });
  if (error instanceof WebAPIPlatformError) {
    const { error: code, needed } = error.data as { readonly error: string; readonly needed?: unknown };
    const isWord = /^[a-z0-9_.]{1,60}$/.test(code);
    return new SlackFault(isWord ? code : 'refused', { needed: typeof needed === 'string' ? needed : null });
  }
  return new SlackFault('unreachable');
}
