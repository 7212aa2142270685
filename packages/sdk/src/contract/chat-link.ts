import { z } from 'zod';
import { Timestamp } from './primitives.ts';

export const ChatAccount = z
  .object({
    platform: z.enum(['slack', 'teams']),
    tenant: z.string().max(100).meta({ description: 'Slack’s team, Entra’s tenant.' }),
    user: z.string().max(100),
  })
  .meta({ id: 'ChatAccount', description: 'Somebody’s account in a chat.' });
export type ChatAccount = z.infer<typeof ChatAccount>;

export const ChatLink = z.object({ account: ChatAccount, person: z.string(), linkedAt: Timestamp }).meta({
  id: 'ChatLink',
  description: 'An account in a chat that is a person’s: what it decides, they decide.',
});
export type ChatLink = z.infer<typeof ChatLink>;

export const ChatLinkList = z.object({ links: z.array(ChatLink) }).meta({ id: 'ChatLinkList' });
export type ChatLinkList = z.infer<typeof ChatLinkList>;

/** The token of an address that the platform gave to the holder of the account alone. */
export const ChatLinkRequest = z
  .strictObject({ token: z.string().regex(/^[A-Za-z0-9_-]{43}$/) })
  .meta({ id: 'ChatLinkRequest' });

export const ChatLinkOffer = z
  .object({
    account: ChatAccount,
    shownAs: z.string().meta({ description: 'How the platform shows the account: proof of nothing.' }),
    expiresAt: Timestamp,
  })
  .meta({ id: 'ChatLinkOffer', description: 'What is to be confirmed: this account will decide as you.' });
export type ChatLinkOffer = z.infer<typeof ChatLinkOffer>;
