/** What Teams sends, parsed once into what we use of it; anything else is refused. */
import { z } from 'zod';
import { parseValue, type ShownValue } from '../../core/shown-value.ts';
import { FIELDS, VERBS } from './card.ts';

/** Entra's form of its ids: nothing else gets into a record. */
const guid = z
  .string()
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i)
  .transform((id) => id.toLowerCase());
/** Teams' own ids: of conversations, people and activities. They become part of paths. */
const teamsId = z.string().regex(/^[A-Za-z0-9:;=@._\-]{1,300}$/);

/** What every activity has, which its token is compared with. */
const envelope = z.object({
  type: z.string().min(1).max(50),
  name: z.string().max(100).optional(),
  channelId: z.string().min(1).max(50),
  serviceUrl: z.url().max(300),
  conversation: z.object({ id: teamsId, tenantId: guid.optional() }),
  channelData: z.object({ tenant: z.object({ id: guid }).optional() }).optional(),
});

const words = z.string().max(4_000).optional();

const invoked = z.object({
  id: teamsId,
  from: z.object({ id: teamsId, aadObjectId: guid, name: z.string().max(300).optional() }),
  value: z.object({
    action: z.object({
      type: z.literal('Action.Execute'),
      verb: z.enum(VERBS),
      data: z.object({
        shown: z.string().max(300),
        [FIELDS.reason]: words,
        [FIELDS.question]: words,
        [FIELDS.to]: z.enum(['agent', 'sponsor']).optional(),
      }),
    }),
  }),
});

/** Somebody, as Teams says. */
export interface Actor {
  readonly tenant: string;
  /** Entra's object id. */
  readonly user: string;
  /** Teams' id of them, for this bot alone. */
  readonly member: string;
  readonly conversation: string;
  /** How Teams shows them; for people, and never to know them by. */
  readonly name: string;
}

export interface Envelope {
  readonly channelId: string;
  readonly serviceUrl: string;
  readonly conversation: string;
  /** Undefined where the activity names none, or two. */
  readonly tenant: string | undefined;
}

export interface Invoke {
  readonly actor: Actor;
  readonly verb: (typeof VERBS)[keyof typeof VERBS];
  /** Undefined for a button that isn't one of ours. */
  readonly shown: ShownValue | undefined;
  /** The same for the same click, and no other. */
  readonly occasion: string;
  readonly reason: string;
  readonly question: string;
  readonly to: 'agent' | 'sponsor';
}

export type Incoming =
  | { readonly kind: 'invoke'; readonly invoke: Invoke }
  /** Messages to the bot, installations, whatever we don't offer: nothing to do. */
  | { readonly kind: 'nothing' }
  /** An invoke of a shape that isn't ours, or not the documented one. */
  | { readonly kind: 'unreadable' };

/** Undefined where it is no activity. */
export function readEnvelope(payload: unknown): Envelope | undefined {
  const { success, data } = envelope.safeParse(payload);
  if (!success) return undefined;
  const { channelId, serviceUrl, conversation, channelData } = data;
  const tenants = new Set([conversation.tenantId, channelData?.tenant?.id].filter((id) => id !== undefined));
  const [tenant] = tenants;
  return {
    channelId,
    serviceUrl,
    conversation: conversation.id,
    tenant: tenants.size === 1 ? tenant : undefined,
  };
}

/** @param tenant the envelope's, which was found to be one that we serve. */
export function readActivity(payload: unknown, { conversation, tenant = '' }: Envelope): Incoming {
  const { type, name } = envelope.parse(payload);
  if (type !== 'invoke') return { kind: 'nothing' };
  const { success, data } = invoked.safeParse(payload);
  if (!success || name !== 'adaptiveCard/action') return { kind: 'unreadable' };
  const { id, from, value } = data;
  const { verb, data: given } = value.action;
  return {
    kind: 'invoke',
    invoke: {
      actor: {
        tenant,
        user: from.aadObjectId,
        member: from.id,
        conversation,
        name: from.name ?? from.aadObjectId,
      },
      verb,
      shown: parseValue(given.shown),
      occasion: `invoke ${id} ${verb}`,
      reason: given[FIELDS.reason] ?? '',
      question: given[FIELDS.question] ?? '',
      to: given[FIELDS.to] ?? 'agent',
    },
  };
}
