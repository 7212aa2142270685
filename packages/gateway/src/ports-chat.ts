/** The part of ports.ts that is about people's accounts in chats: who of ours acts when such an account does. */
import type { Delegation } from './core/delegation.ts';
import type { ChatAccount, ChatLink } from './core/chat-link.ts';
import type { Person } from './core/identity.ts';
import type { Result } from './core/result.ts';

/** What somebody who opens a link is asked to confirm. */
export interface LinkOffer {
  readonly account: ChatAccount;
  /** How the platform shows the account: for people to recognise, and proof of nothing. */
  readonly shownAs: string;
  readonly expiresAtMs: number;
}

export type LinkRefusalCode =
  | 'link.unknown'
  /** The account belongs to somebody already. */
  | 'link.taken'
  /** The person has another account of that team, which has to be unlinked first. */
  | 'link.second'
  | 'ledger.unavailable';

export interface LinkRefusal {
  readonly code: LinkRefusalCode;
  readonly message: string;
}

/** Answers from memory, so that a click waits for no disk. */
export interface ChatAccounts {
  /** The name of the person whose account it is. */
  personOf(account: ChatAccount): string | undefined;
  /** A person's accounts on a platform, in one tenant. */
  accountsOf(person: string, platform: ChatAccount['platform'], tenant: string): readonly ChatAccount[];
  /** An address, for the holder of the account alone, under which they say who they are. It works once. */
  offer(account: ChatAccount, shownAs: string): string;
}

/** The other side: a person who has signed in, with the token of such an address. */
export interface ChatLinks extends ChatAccounts {
  describe(token: string): Result<LinkOffer, LinkRefusal>;
  /** Resolves when the link is in the ledger. */
  link(token: string, person: Person): Promise<Result<ChatLink, LinkRefusal>>;
  /** Links of this person; those of the configuration are not among them. */
  linksOf(person: Person): readonly ChatLink[];
  unlink(account: ChatAccount, person: Person): Promise<Result<ChatLink, LinkRefusal>>;
}

/** A request of a platform, as it arrived: who sent it is for the channel to find out, by the bytes. */
export interface PlatformRequest {
  readonly header: (name: string) => string | null;
  readonly body: Uint8Array;
}

export type PlatformReply =
  /** `body` null: it arrived, and there is nothing to say. */
  | { readonly kind: 'taken'; readonly body: object | null }
  /** It isn't the platform's, isn't for this gateway, can't be read, or nobody can say now. Nothing was done. */
  | { readonly kind: 'unsigned' | 'forbidden' | 'unreadable' | 'unavailable' };

/** Takes what a platform sends by HTTP. Never rejects because of what it is sent. */
export type PlatformEndpoint = (request: PlatformRequest) => Promise<PlatformReply>;

/** Rights to decide that people have handed over. Answers from memory. */
export interface HandedRights {
  list(): readonly Delegation[];
}

/** A value that shows itself to whoever asks for it and to nobody else: the configuration's secrets are of this shape. */
export interface Secret {
  reveal(): string;
}
