import { z } from 'zod';
import { secretReference } from './schema-parts.ts';
import { byPolicy, channelName, when } from './schema-when.ts';

const guid = (what: string) =>
  z
    .string()
    .regex(
      /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
      'an id of Entra’s is expected, such as 0f0f0f0f-1111-4222-8333-444444444444',
    )
    .transform((id) => id.toLowerCase())
    .describe(what);
const channel = (what: string) =>
  z
    .string()
    .regex(
      /^19:[\w.-]{1,200}@thread\.(tacv2|skype)$/,
      'a channel’s id is expected, such as 19:…@thread.tacv2',
    )
    .describe(what);
const url = (what: string) =>
  z
    .url({ protocol: /^https?$/ })
    .max(300)
    .optional()
    .describe(what);

const MOST_ROOMS = 100;

/** Of a person: which account in Entra is theirs. */
export const teamsAccount = z
  .strictObject({
    tenant: guid('The tenant’s id.'),
    user: guid('The user’s object id, as Entra shows it.'),
  })
  .describe('The person’s account in Microsoft Teams: what it decides there, they decide.');

const addresses = z
  .strictObject({
    openIdUrl: url('The OpenID metadata of whoever signs what Teams sends.'),
    issuer: z.string().min(1).max(300).optional().describe('The issuer of those tokens.'),
    loginUrl: url('Where the bot’s token comes from, without the tenant.'),
    scope: z.string().min(1).max(300).optional().describe('For what that token is asked.'),
    serviceUrl: url('Where messages are sent.'),
  })
  .prefault({})
  .describe('Addresses in place of the cloud’s, each by itself. Plain http is for this machine alone.');

export const teams = z.strictObject({
  appId: guid('The application (client) id of the bot.'),
  appSecret: secretReference.describe('The value of a client secret of the application.'),
  tenant: guid('The tenant of the bot, and of everybody who may decide: members of it alone can.'),
  channel: channel(
    'Where reviews are shown; without it, only as `rooms` and `directMessages` say. The app has to be in its team.',
  ).optional(),
  rooms: z
    .array(
      z.strictObject({
        name: channelName,
        channel: channel('Where these reviews are shown.'),
        when,
        byPolicy,
      }),
    )
    .max(MOST_ROOMS)
    .default([])
    .describe(
      'Reviews with a channel of their own: those that a policy names for it, then the first entry that fits, and then `channel`.',
    ),
  directMessages: z
    .boolean()
    .default(true)
    .describe(
      'Whether people who may decide get a message of their own, as long as they are twenty at most. The app has to be installed for them.',
    ),
  linkByPrincipalName: z
    .boolean()
    .default(false)
    .describe(
      'Whether a member’s user principal name that is a person’s `email` here tells who somebody is. Then whoever can rename users in the tenant can decide as anybody.',
    ),
  cloud: z
    .enum(['public', 'us-gcc', 'us-government', 'us-defense', 'china'])
    .default('public')
    .describe(
      'Whose addresses are used. `us-government`: GCC High. `china` (21Vianet) has no service URL for all: give `addresses.serviceUrl`.',
    ),
  addresses,
});
