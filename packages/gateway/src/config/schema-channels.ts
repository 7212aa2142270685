import { z } from 'zod';
import { reviewEvents } from '../core/review-events.ts';
import { limits } from '../limits.ts';
import { host, name, port, secretReference, text } from './schema-parts.ts';
import { slack } from './schema-slack.ts';
import { teams } from './schema-teams.ts';
import { byPolicy, when } from './schema-when.ts';

const MOST_WEBHOOKS = 100;
const MOST_RECIPIENTS = 100;
const MOST_SECRETS = 3;
/** Nothing that a mail program, or a header, could take for more than one address. */
const ADDRESS = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?$/;

const address = (what: string) =>
  z
    .string()
    .max(limits.destinationCharacters)
    .regex(ADDRESS, 'one e-mail address is expected, such as stewards@example.com')
    .describe(what);

const events = (what: string) =>
  z.array(z.enum(reviewEvents).describe('An event.')).min(1).optional().describe(what);

const webhook = z.strictObject({
  name: name(
    'Unique among webhooks. Deliveries that wait name it, and policies that send reviews there: `@channel("NAME")`.',
  ),
  url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      'Where to post: https, or http on loopback. PagerDuty and Opsgenie have their own by default; required otherwise. No secret belongs into it.',
    ),
  template: z
    .enum(['standard', 'pagerduty', 'opsgenie'])
    .default('standard')
    .describe(
      '`standard`: signed events (Standard Webhooks). `pagerduty`: alerts by Events API v2. `opsgenie`: alerts by the Alert API. Alerts end with their review.',
    ),
  secrets: z
    .array(secretReference)
    .min(1)
    .max(MOST_SECRETS)
    .describe(
      '`standard`: signing secrets, `whsec_` and base64 of 24 to 64 bytes; each signs, so that the receiver can change from one to the next. Otherwise one: PagerDuty’s routing key, Opsgenie’s API key.',
    ),
  events: events('Which events. Default: all; for alerts `review.escalated`.'),
  when,
  byPolicy,
  privateAddresses: z
    .array(text('An address, or a network such as `10.1.0.0/16`.'))
    .default([])
    .describe(
      'Private or special addresses that the URL may lead to. All others are refused: this machine, private networks, clouds’ metadata.',
    ),
  fields: z
    .record(z.string(), text('A value.'))
    .default({})
    .describe(
      'What an alert says besides. PagerDuty: `severity` (default `warning`), `source`, `component`, `group`, `class`. Opsgenie: `priority`, `source`, `entity`.',
    ),
});

const recipients = z.strictObject({
  to: z.array(address('An e-mail address.')).min(1).max(MOST_RECIPIENTS).describe('Who gets it.'),
  events: events(
    'Which events. Default: `review.opened`, `review.reminded`, `review.escalated`, `review.resolved` and `review.expired`.',
  ),
  when,
});

const email = z.strictObject({
  server: z
    .strictObject({
      host: host('Host name or address of the mail server.'),
      port: port('Its port.').default(587),
      tls: z
        .enum(['implicit', 'starttls', 'none'])
        .default('starttls')
        .describe(
          '`starttls`: TLS is demanded after the greeting. `implicit`: from the first byte (port 465). `none`: plain text, for a server on loopback.',
        ),
      user: text('The account to sign in with; without it, nobody signs in.').optional(),
      password: secretReference.describe('The account’s password.').optional(),
    })
    .describe('The server that takes the mail.'),
  from: address('The sender’s address.'),
  recipients: z.array(recipients).min(1).max(MOST_RECIPIENTS).describe('Who gets what.'),
});

export const channels = z
  .strictObject({
    terminal: z
      .boolean()
      .default(false)
      .describe('For development: what is told, on the gateway’s standard error, commands included.'),
    webhooks: z
      .array(webhook)
      .max(MOST_WEBHOOKS)
      .default([])
      .describe('Programs that are told, by HTTP. Nothing of the action but names, ids and counts is sent.'),
    slack: slack
      .optional()
      .describe('People who are told in Slack, and decide there where the whole action can be shown.'),
    teams: teams
      .optional()
      .describe(
        'People who are told in Microsoft Teams, and decide there where the whole action can be shown. The bot’s messaging endpoint is `PUBLIC_URL/v1/channels/teams/inbound`.',
      ),
    email: email
      .optional()
      .describe('People who are told by mail. It links to the review; answers decide nothing.'),
  })
  .prefault({})
  .describe('Who outside is told of reviews.');
