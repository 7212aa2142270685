/** The fake's Web API: one row a method, with the scope that it needs and the arguments that it takes. */
import { z } from 'zod';
import { messageBlocks, modal, mostBlockCharacters } from './shapes.ts';
import type { FakeMessage, FakeUser, Workspace } from './workspace.ts';

/** Slack's own word for what is wrong. */
export class Refusal extends Error {
  readonly code: string;
  readonly more: object;

  constructor(code: string, more: object = {}) {
    super(code);
    this.code = code;
    this.more = more;
  }
}

export interface Asked {
  readonly workspace: Workspace;
  readonly nowMs: number;
  /** Address under which the fake is reached. */
  readonly url: string;
}

interface Method {
  readonly token: 'bot' | 'app';
  readonly scope: string | null;
  readonly answer: (args: unknown, asked: Asked) => object;
}

const json = <T extends z.ZodType>(schema: T) =>
  z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue('not JSON');
        return z.NEVER;
      }
    })
    .pipe(schema);

function method<T extends z.ZodObject>(
  token: Method['token'],
  scope: string | null,
  args: T,
  answer: (args: z.output<T>, asked: Asked) => object,
): Method {
  return {
    token,
    scope,
    answer: (given, asked) => {
      const parsed = args.safeParse(given);
      if (parsed.success) return answer(parsed.data, asked);
      const where = parsed.error.issues[0]?.path[0];
      throw new Refusal(where === 'blocks' ? 'invalid_blocks' : 'invalid_arguments', {
        response_metadata: { messages: parsed.error.issues.map(({ path }) => `[ERROR] ${path.join('/')}`) },
      });
    },
  };
}

const posted = {
  channel: z.string().min(1),
  text: z.string().min(1).max(40_000),
  blocks: json(messageBlocks).optional(),
};

function checkSize(blocks: readonly unknown[]): void {
  if (JSON.stringify(blocks).length > mostBlockCharacters) throw new Refusal('msg_blocks_too_long');
}

function channelOf(workspace: Workspace, id: string) {
  const channel = workspace.channels.get(id);
  if (channel === undefined) throw new Refusal('channel_not_found');
  if (channel.archived) throw new Refusal('is_archived');
  if (!channel.member) throw new Refusal('not_in_channel');
  return channel;
}

const postMessage = method(
  'bot',
  'chat:write',
  z.strictObject({
    ...posted,
    thread_ts: z.string().optional(),
    metadata: json(
      z.strictObject({ event_type: z.string(), event_payload: z.record(z.string(), z.string()) }),
    ).optional(),
    unfurl_links: z.enum(['true', 'false']).optional(),
    unfurl_media: z.enum(['true', 'false']).optional(),
  }),
  ({ channel, text, blocks = [], thread_ts: thread = null, metadata = null }, { workspace, nowMs }) => {
    const { id } = channelOf(workspace, channel);
    checkSize(blocks);
    if (thread !== null && !workspace.inChannel(id).some(({ ts }) => ts === thread))
      throw new Refusal('thread_not_found');
    const ts = `${Math.floor(nowMs / 1_000).toString()}.${workspace.next().toString().padStart(6, '0')}`;
    workspace.messages.push({ channel: id, ts, thread, text, blocks, edits: 0, metadata });
    return { channel: id, ts };
  },
);

const update = method(
  'bot',
  'chat:write',
  z.strictObject({ ...posted, ts: z.string() }),
  ({ channel, ts, text, blocks = [] }, { workspace }) => {
    const { id } = channelOf(workspace, channel);
    checkSize(blocks);
    const message = workspace.messages.find((each) => each.channel === id && each.ts === ts);
    if (message === undefined) throw new Refusal('message_not_found');
    Object.assign(message, { text, blocks, edits: message.edits + 1 });
    return { channel: id, ts, text };
  },
);

const TRIGGER_MS = 3_000;

const openView = method(
  'bot',
  null,
  z.strictObject({ trigger_id: z.string(), view: json(modal) }),
  ({ trigger_id: id, view }, { workspace, nowMs }) => {
    const trigger = workspace.triggers.get(id);
    if (trigger === undefined) throw new Refusal('invalid_trigger_id');
    if (trigger.used) throw new Refusal('exchanged_trigger_id');
    if (nowMs - trigger.atMs > TRIGGER_MS) throw new Refusal('expired_trigger_id');
    trigger.used = true;
    const made = { id: `V${workspace.next().toString()}`, user: trigger.user, modal: view, errors: {} };
    workspace.views.set(made.id, made);
    return { view: { id: made.id } };
  },
);

const told = (user: FakeUser, { scopes }: Workspace) => ({
  id: user.id,
  team_id: user.team,
  name: user.name,
  deleted: user.deleted,
  is_bot: user.isBot,
  is_restricted: user.isRestricted,
  is_ultra_restricted: false,
  ...(user.isStranger ? { is_stranger: true } : {}),
  is_email_confirmed: user.isEmailConfirmed,
  profile: scopes.has('users:read.email') ? { email: user.email } : {},
});

const usersInfo = method(
  'bot',
  'users:read',
  z.strictObject({ user: z.string() }),
  ({ user: id }, { workspace }) => {
    const user = workspace.users.get(id);
    if (user === undefined) throw new Refusal('user_not_found');
    return { user: told(user, workspace) };
  },
);

const openConversation = method(
  'bot',
  'im:write',
  z.strictObject({ users: z.string() }),
  ({ users: id }, { workspace }) => {
    const user = workspace.users.get(id);
    if (user === undefined) throw new Refusal('user_not_found');
    if (user.deleted) throw new Refusal('user_disabled');
    if (user.isBot) throw new Refusal('cannot_dm_bot');
    const channel = `D${id.slice(1)}`;
    if (!workspace.channels.has(channel)) workspace.addChannel(channel, user.name, id);
    return { channel: { id: channel } };
  },
);

const conversationInfo = method(
  'bot',
  'channels:read',
  z.strictObject({ channel: z.string() }),
  ({ channel: id }, { workspace }) => {
    const channel = workspace.channels.get(id);
    if (channel === undefined) throw new Refusal('channel_not_found');
    return { channel: { id, is_archived: channel.archived, is_member: channel.member } };
  },
);

const reading = {
  channel: z.string().min(1),
  limit: z.coerce.number().int().min(1).max(999),
  include_all_metadata: z.literal('true').optional(),
};

/** Slack's scopes differ by the kind of the conversation. */
function checkReading(workspace: Workspace, id: string): void {
  const { user } = channelOf(workspace, id);
  const needed = user === null ? 'channels:history' : 'im:history';
  if (!workspace.scopes.has(needed))
    throw new Refusal('missing_scope', { needed, provided: [...workspace.scopes].join(',') });
}

const asRead = ({ ts, thread, text, blocks, metadata }: FakeMessage, all: boolean): object => ({
  type: 'message',
  ts,
  text,
  blocks,
  ...(thread === null ? {} : { thread_ts: thread }),
  ...(all && metadata !== null ? { metadata } : {}),
});

/** Newest first, without what stands in threads. */
const history = method(
  'bot',
  null,
  z.strictObject(reading),
  ({ channel, limit, include_all_metadata: all }, { workspace }) => {
    checkReading(workspace, channel);
    const found = [...workspace.inChannel(channel)].reverse();
    const messages = found.slice(0, limit).map((each) => asRead(each, all !== undefined));
    return { messages, has_more: found.length > limit };
  },
);

/** The message and what hangs on it, oldest first. */
const replies = method(
  'bot',
  null,
  z.strictObject({ ...reading, ts: z.string() }),
  ({ channel, ts, limit, include_all_metadata: all }, { workspace }) => {
    checkReading(workspace, channel);
    const parent = workspace.inChannel(channel).find((each) => each.ts === ts);
    if (parent === undefined) throw new Refusal('thread_not_found');
    const found = [parent, ...workspace.thread(parent)];
    const messages = found.slice(0, limit).map((each) => asRead(each, all !== undefined));
    return { messages, has_more: found.length > limit };
  },
);

export const methods: Readonly<Record<string, Method>> = {
  'auth.test': method('bot', null, z.strictObject({}), (_, { workspace }) => ({
    team_id: workspace.team,
    user_id: workspace.bot,
  })),
  'chat.postMessage': postMessage,
  'chat.update': update,
  'views.open': openView,
  'users.info': usersInfo,
  'conversations.open': openConversation,
  'conversations.info': conversationInfo,
  'conversations.history': history,
  'conversations.replies': replies,
  'apps.connections.open': method('app', null, z.strictObject({}), (_, { url, workspace }) => ({
    url: `${url.replace(/^http/, 'ws')}/link/?ticket=${workspace.next().toString()}&app_id=${workspace.app}`,
  })),
};
