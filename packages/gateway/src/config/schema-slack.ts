import { z } from 'zod';
import { secretReference } from './schema-parts.ts';
import { byPolicy, channelName, when } from './schema-when.ts';

const id = (form: RegExp, what: string, example: string) =>
  z.string().regex(form, `an id of Slack's is expected, such as ${example}`).describe(what);
const team = (what: string) => id(/^[TE][A-Z0-9]{2,30}$/, what, 'T0123456789');
const channel = (what: string) => id(/^[CG][A-Z0-9]{2,30}$/, what, 'C0123456789');

const MOST_ROOMS = 100;

/** Of a person: which account of Slack's is theirs. */
export const slackAccount = z
  .strictObject({
    team: team('The workspace’s id.'),
    user: id(
      /^[UW][A-Z0-9]{2,30}$/,
      'The member’s id, as Slack shows it under “Copy member ID”.',
      'U0123456789',
    ),
  })
  .describe('The person’s account in Slack: what it decides there, they decide.');

export const slack = z.strictObject({
  team: team('The workspace’s id: members of it alone can decide.'),
  botToken: secretReference.describe('The bot’s token, `xoxb-…`.'),
  appToken: secretReference
    .describe(
      'The app-level token, `xapp-…`, for Socket Mode: the gateway opens the connection, and nothing has to reach it.',
    )
    .optional(),
  signingSecrets: z
    .array(secretReference)
    .max(2)
    .default([])
    .describe(
      'The app’s signing secret, for interactivity by HTTP at `PUBLIC_URL/v1/channels/slack/inbound`; two while one is replaced. It, or `appToken`, is required.',
    ),
  channel: channel(
    'Where reviews are shown; without it, only as `rooms` and `directMessages` say.',
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
      'Whether people who may decide get a message of their own, as long as they are twenty at most.',
    ),
  linkByEmail: z
    .boolean()
    .default(false)
    .describe(
      'Whether an address that Slack has confirmed, and that is a person’s `email` here, tells who somebody is. Then whoever can change addresses in the workspace can decide as anybody.',
    ),
  apiUrl: z
    .url({ protocol: /^https?$/ })
    .default('https://slack.com/api/')
    .describe(
      'Slack’s Web API; `https://slack-gov.com/api/` for GovSlack. Plain http is for this machine alone.',
    ),
});
