/** Slack's Web API, as far as it is used: one call each, never repeated by itself. The outbox repeats. */
import { type Block } from './blocks.ts';
import type { Modal } from './modals.ts';
import type { SlackUser } from './people.ts';

export interface Posting {
  readonly channel: string;
  readonly text: string;
  readonly blocks: readonly Block[];
  /** The message in whose thread it goes; null: none. */
  readonly thread: string | null;
  /** The delivery that it is, for whoever reads the channel's history; null: none. */
  readonly delivery: string | null;
}

export interface Self {
  readonly team: string;
  readonly user: string;
  /** By the `Date` header of the answer; null: it had none. */
  readonly atMs: number | null;
  /** What the token may do. */
  readonly scopes: readonly string[];
}

export interface ChannelInfo {
  readonly archived: boolean;
  readonly member: boolean;
}

export interface Answered {
  readonly text: string;
  readonly blocks?: readonly Block[];
  /** In place of the message with the button; otherwise beside it, for its reader alone. */
  readonly replaces: boolean;
}

/** Each rejects with a SlackFault. */
export interface SlackWeb {
  post(posting: Posting): Promise<{ readonly channel: string; readonly ts: string }>;
  update(
    message: { readonly channel: string; readonly ts: string } & Pick<Posting, 'text' | 'blocks'>,
  ): Promise<void>;
  openDirect(user: string): Promise<string>;
  openModal(trigger: string, modal: Modal): Promise<void>;
  user(id: string): Promise<SlackUser>;
  self(): Promise<Self>;
  channel(id: string): Promise<ChannelInfo>;
  /**
   * Our newest messages in a conversation, or in the thread of one of its messages: their `ts`, by the delivery that each
   * is. Undefined: the app may not read there, which is a scope that it can do without.
   */
  sent(channel: string, thread: string | null): Promise<ReadonlyMap<string, string> | undefined>;
  /** To an address that came with a click. */
  respond(url: string, answer: Answered): Promise<void>;
}

/** `code`: Slack's own word, or `unreachable`. Never its message, which may quote what was sent (law 8). */
export class SlackFault extends Error {
  readonly code: string;
  readonly retryAfterMs: number | null;
  /** The scope that a token lacks. */
  readonly needed: string | null;

  constructor(code: string, more: { retryAfterMs?: number | null; needed?: string | null } = {}) {
    super(code);
    this.code = code;
    this.retryAfterMs = more.retryAfterMs ?? null;
    this.needed = more.needed ?? null;
  }
}
