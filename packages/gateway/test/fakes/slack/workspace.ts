/** What a workspace of the fake Slack holds. */
import type { FakeBlock, FakeModal } from './shapes.ts';

export interface FakeUser {
  readonly id: string;
  readonly name: string;
  team: string;
  deleted: boolean;
  isBot: boolean;
  isRestricted: boolean;
  isStranger: boolean;
  email: string;
  isEmailConfirmed: boolean;
}

export interface FakeChannel {
  readonly id: string;
  readonly name: string;
  archived: boolean;
  member: boolean;
  /** Of a conversation with one person: who. */
  readonly user: string | null;
}

export interface FakeMessage {
  readonly channel: string;
  readonly ts: string;
  readonly thread: string | null;
  text: string;
  blocks: readonly FakeBlock[];
  /** How often it was changed. */
  edits: number;
  readonly metadata: unknown;
}

/** Seen by one person alone. */
export interface FakeEphemeral {
  readonly user: string;
  readonly channel: string;
  readonly text: string;
  readonly blocks: readonly FakeBlock[];
}

export interface FakeView {
  readonly id: string;
  readonly user: string;
  modal: FakeModal;
  errors: Readonly<Record<string, string>>;
}

export interface Trigger {
  readonly user: string;
  readonly atMs: number;
  used: boolean;
}

/** Where answers to one click go: five times, for half an hour. */
export interface Responder {
  readonly user: string;
  readonly channel: string;
  /** The message with the button; null: the click came from a command. */
  readonly message: FakeMessage | null;
  readonly atMs: number;
  uses: number;
}

export class Workspace {
  readonly team = 'T0SALLYPORT';
  readonly app = 'A0SALLYPORT';
  readonly bot = 'U0BOT';
  botToken = 'xoxb-fake-bot-token';
  appToken = 'xapp-fake-app-token';
  signingSecret = 'fake-signing-secret';
  /** Null: good. */
  tokenFault: string | null = null;
  scopes = new Set([
    'chat:write',
    'users:read',
    'users:read.email',
    'channels:read',
    'channels:history',
    'im:write',
    'im:history',
    'commands',
  ]);
  readonly users = new Map<string, FakeUser>();
  readonly channels = new Map<string, FakeChannel>();
  readonly messages: FakeMessage[] = [];
  readonly ephemerals: FakeEphemeral[] = [];
  readonly views = new Map<string, FakeView>();
  readonly triggers = new Map<string, Trigger>();
  readonly responders = new Map<string, Responder>();
  #counter = 0;

  constructor() {
    this.addChannel('C0REVIEWS', 'reviews');
    this.addUser('U0BOT', 'sallyport', { isBot: true });
  }

  addUser(id: string, name: string, given: Partial<FakeUser> = {}): FakeUser {
    const user: FakeUser = {
      id,
      name,
      team: this.team,
      deleted: false,
      isBot: false,
      isRestricted: false,
      isStranger: false,
      email: `${name}@example.com`,
      isEmailConfirmed: true,
      ...given,
    };
    this.users.set(id, user);
    return user;
  }

  addChannel(id: string, name: string, user: string | null = null): FakeChannel {
    const channel = { id, name, archived: false, member: true, user };
    this.channels.set(id, channel);
    return channel;
  }

  next(): number {
    this.#counter += 1;
    return this.#counter;
  }

  /** Messages of one channel that stand by themselves. */
  inChannel(id: string): readonly FakeMessage[] {
    return this.messages.filter(({ channel, thread }) => channel === id && thread === null);
  }

  thread({ channel, ts }: FakeMessage): readonly FakeMessage[] {
    return this.messages.filter((each) => each.channel === channel && each.thread === ts);
  }
}

/** All that a person can read of some blocks. */
export function textOf(blocks: readonly unknown[]): string {
  const found: string[] = [];
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(walk);
    if (value === null || typeof value !== 'object') return;
    const { type, text } = value as { readonly type?: unknown; readonly text?: unknown };
    if ((type === 'text' || type === 'plain_text') && typeof text === 'string') found.push(text);
    if (typeof type === 'string' && type.startsWith('rich_text_')) found.push('\n');
    Object.values(value).forEach(walk);
  };
  walk(blocks);
  return found.join('');
}
