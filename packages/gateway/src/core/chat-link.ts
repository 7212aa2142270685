/** Whose account in a chat is whose. */

export interface ChatAccount {
  readonly platform: 'slack' | 'teams';
  /** Slack’s team, Entra’s tenant. */
  readonly tenant: string;
  readonly user: string;
}

/** Made by a person who had the address that the account was given, and signed in as themselves. */
export interface ChatLink {
  readonly account: ChatAccount;
  readonly person: string;
  readonly identity: string;
  readonly linkedAtMs: number;
}

export const sameAccount = (a: ChatAccount, b: ChatAccount): boolean =>
  a.platform === b.platform && a.tenant === b.tenant && a.user === b.user;
