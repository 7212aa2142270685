/** The part of the contract of stores that is about people's accounts in chats (spec/channels.md). */
import type { ChatLink } from '../core/chat-link.ts';

export type ChatLinkMutation =
  /** Refused with `chat_link.taken` where the account is linked, to whomever. */
  | { readonly kind: 'chat_link.put'; readonly link: ChatLink }
  /** Refused with `chat_link.missing` unless the account is linked to that person. */
  | { readonly kind: 'chat_link.remove'; readonly link: ChatLink };

export type ChatLinkConflict = 'chat_link.taken' | 'chat_link.missing';

export interface ChatLinkReads {
  /** All there are, in the order of their accounts. */
  chatLinks: { ask: Record<never, never>; answer: readonly ChatLink[] };
}
