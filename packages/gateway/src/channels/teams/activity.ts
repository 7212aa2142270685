/** What Teams sends, parsed once into what we use of it; anything else is refused. */
import { z } from 'zod';
import { parseValue, type ShownValue } from '../../core/shown-value.ts';
import { type DialogVerb, FIELDS, VERBS } from './verbs.ts';

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

const given = z.object({
  shown: z.string().max(300),
  asked: z.int().min(1).max(999_999).optional(),
  [FIELDS.reason]: words,
  [FIELDS.question]: words,
  [FIELDS.answer]: words,
  [FIELDS.to]: z.enum(['agent', 'sponsor']).optional(),
});

const from = z.object({ id: teamsId, aadObjectId: guid, name: z.string().max(300).optional() });

/** By its name: what is done at once, and what takes a dialog. */
const acted = z.object({
  id: teamsId,
  from,
  value: z.object({
    action: z.object({
      type: z.literal('Action.Execute'),
      verb: z.enum([VERBS.refresh, VERBS.approve]),
      data: given,
    }),
  }),
});
const task = z.object({
  id: teamsId,
  from,
  value: z.object({ data: given.extend({ verb: z.enum([VERBS.reject, VERBS.ask, VERBS.answer]) }) }),
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

interface Invoked {
  readonly actor: Actor;
  /** Undefined for a button that isn't one of ours. */
  readonly shown: ShownValue | undefined;
  /** The same for the same click, and no other. */
  readonly occasion: string;
}

export interface CardInvoke extends Invoked {
  readonly step: 'act';
  readonly verb: typeof VERBS.refresh | typeof VERBS.approve;
}

export interface TaskInvoke extends Invoked {
  /** A dialog is asked for, or comes back. */
  readonly step: 'open' | 'submit';
  readonly verb: DialogVerb;
  /** Which question is answered. */
  readonly asked: number | undefined;
  /** The reason, the question or the answer. */
  readonly written: string;
  readonly to: 'agent' | 'sponsor';
}

export type Invoke = CardInvoke | TaskInvoke;

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
  const where = { conversation, tenant };
  const invoke =
    name === 'adaptiveCard/action'
      ? readAction(payload, where)
      : name === 'task/fetch' || name === 'task/submit'
        ? readTask(payload, name === 'task/fetch' ? 'open' : 'submit', where)
        : undefined;
  return invoke === undefined ? { kind: 'unreadable' } : { kind: 'invoke', invoke };
}

type Where = Pick<Actor, 'conversation' | 'tenant'>;

const actorOf = ({ id, aadObjectId, name }: z.output<typeof from>, where: Where): Actor => ({
  ...where,
  user: aadObjectId,
  member: id,
  name: name ?? aadObjectId,
});

function readAction(payload: unknown, where: Where): CardInvoke | undefined {
  const { data } = acted.safeParse(payload);
  if (data === undefined) return undefined;
  const { verb, data: sent } = data.value.action;
  const occasion = `invoke ${data.id} ${verb}`;
  return { step: 'act', actor: actorOf(data.from, where), verb, shown: parseValue(sent.shown), occasion };
}

function readTask(payload: unknown, step: TaskInvoke['step'], where: Where): TaskInvoke | undefined {
  const { data } = task.safeParse(payload);
  if (data === undefined) return undefined;
  const { verb, shown, asked, to = 'agent', ...fields } = data.value.data;
  return {
    step,
    actor: actorOf(data.from, where),
    verb,
    shown: parseValue(shown),
    occasion: `invoke ${data.id} ${verb}`,
    asked,
    written: fields[FIELD_OF[verb]] ?? '',
    to,
  };
}

const FIELD_OF = {
  [VERBS.reject]: FIELDS.reason,
  [VERBS.ask]: FIELDS.question,
  [VERBS.answer]: FIELDS.answer,
} as const;
