import type { z } from 'zod';
import { type ChatAccount, ChatLink, ChatLinkList, ChatLinkOffer } from './contract/chat-link.ts';

type Ask = <T>(
  schema: z.ZodType<T>,
  path: string,
  init?: { readonly method: 'POST'; readonly body: object },
) => Promise<T>;

/** The caller's accounts in chats; the page /link of the gateway does it all. */
export class ChatLinks {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** Those that the caller has linked; what the configuration says is not among them. */
  async list(): Promise<readonly ChatLink[]> {
    return (await this.#ask(ChatLinkList, '/v1/chat-links')).links;
  }

  /** Whose account the token of an address from a chat would link. */
  describe(token: string): Promise<ChatLinkOffer> {
    return this.#ask(ChatLinkOffer, '/v1/chat-links/offer', { method: 'POST', body: { token } });
  }

  /** Resolves when the link is in the ledger. */
  link(token: string): Promise<ChatLink> {
    return this.#ask(ChatLink, '/v1/chat-links', { method: 'POST', body: { token } });
  }

  unlink(account: ChatAccount): Promise<ChatLink> {
    return this.#ask(ChatLink, '/v1/chat-links/unlink', { method: 'POST', body: account });
  }
}
