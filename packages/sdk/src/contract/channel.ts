import { z } from 'zod';
import { Count, ReviewId, Timestamp } from './primitives.ts';

export const DeliveryId = z
  .string()
  .regex(/^dlv_[0-7][0-9a-hjkmnp-tv-z]{25}$/)
  .meta({ id: 'DeliveryId', example: 'dlv_01jd7z3v8k4m5n6p7q8r9s0t1v' });

export const DeliveryState = z.enum(['waiting', 'dead']).meta({
  id: 'DeliveryState',
  description: '`waiting`: to be sent, or sent again. `dead`: given up, until somebody sends it again.',
});

export const Delivery = z
  .object({
    id: DeliveryId.meta({ description: 'The same at every attempt: what a receiver drops duplicates by.' }),
    channel: z.string(),
    destination: z.string(),
    review: ReviewId,
    revision: Count.meta({ description: 'The review’s, of which it tells.' }),
    notice: z.enum(['open', 'update', 'remind', 'escalate', 'question', 'answer', 'close', 'outcome']),
    at: Timestamp,
    attempts: Count.meta({ description: 'Attempts that failed.' }),
    notBefore: Timestamp.nullable().meta({ description: 'When it is tried again; null: now, or never.' }),
    state: DeliveryState,
    problem: z.string().meta({ description: 'Why the last attempt failed; empty: none has.' }),
  })
  .meta({ id: 'Delivery', description: 'One notice of a review, on its way to one destination.' });
export type Delivery = z.infer<typeof Delivery>;

export const maxDeliveriesPerPage = 200;

export const DeliveryQuery = z.object({
  state: DeliveryState.default('dead'),
  channel: z.string().max(200).optional().meta({ description: 'Only of this channel.' }),
  limit: z.coerce.number().int().min(1).max(maxDeliveriesPerPage).default(50),
  after: DeliveryId.optional().meta({ description: '`next` of the page before.' }),
});

export const DeliveryPage = z
  .object({
    deliveries: z.array(Delivery),
    next: DeliveryId.nullable().meta({
      description: '`after` of the next page; null: this is the last one.',
    }),
  })
  .meta({ id: 'DeliveryPage', description: 'In the order in which they are sent.' });
export type DeliveryPage = z.infer<typeof DeliveryPage>;

export const ChannelList = z
  .object({
    channels: z.array(z.string()).meta({ description: 'Those of the configuration.' }),
    destinations: z
      .array(z.object({ channel: z.string(), destination: z.string(), waiting: Count, dead: Count }))
      .meta({ description: 'Those that are owed something, or with dead letters.' }),
  })
  .meta({ id: 'ChannelList', description: 'Who outside is told of reviews, and what they are owed.' });
export type ChannelList = z.infer<typeof ChannelList>;

export const ChannelCheck = z
  .object({
    channels: z.array(
      z.object({
        channel: z.string(),
        problems: z.array(z.string()).meta({ description: 'One line each, with the way out.' }),
      }),
    ),
  })
  .meta({ id: 'ChannelCheck', description: 'What is wrong with the set-up of each channel.' });
export type ChannelCheck = z.infer<typeof ChannelCheck>;
