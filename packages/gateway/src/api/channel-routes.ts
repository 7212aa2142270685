import {
  ChannelCheck,
  channelProblemCodes,
  ChannelList,
  Delivery,
  DeliveryPage,
  DeliveryQuery,
} from '@sallyport/sdk/contract';
import { z } from 'zod';
import { checkChannels, listChannels, listDeliveries, replayDelivery } from './channel-handlers.ts';
import { type ApiAction, guarded, type Route } from './route.ts';

const people = (action: ApiAction) => ({ to: 'people', action, agentCode: 'access.people_only' }) as const;
const json = (schema: z.ZodType, description: string) =>
  ({ contentType: 'application/json', schema, description }) as const;
const byId = z.object({ id: z.string().max(200).meta({ description: 'The id of the delivery.' }) });

/** Channels and what they are owed: for those who run the gateway. */
export const channelRoutes: readonly Route[] = [
  guarded({
    method: 'get',
    path: '/v1/channels',
    name: 'listChannels',
    summary: 'Lists who outside is told of reviews, and what they are owed.',
    access: people('api:channels.read'),
    answer: json(ChannelList, 'Channels and destinations.'),
    problems: [],
    handle: listChannels,
  }),
  guarded({
    method: 'post',
    path: '/v1/channels/check',
    name: 'checkChannels',
    summary: 'Checks the set-up of each channel; nobody is told anything.',
    access: people('api:channels.manage'),
    body: z.strictObject({}),
    answer: json(ChannelCheck, 'Each channel with its problems.'),
    problems: [],
    handle: checkChannels,
  }),
  guarded({
    method: 'get',
    path: '/v1/deliveries',
    name: 'listDeliveries',
    summary: 'Lists deliveries that wait, or that were given up.',
    access: people('api:channels.read'),
    query: DeliveryQuery,
    answer: json(DeliveryPage, 'A page of deliveries.'),
    problems: [],
    handle: listDeliveries,
  }),
  guarded({
    method: 'post',
    path: '/v1/deliveries/{id}/replay',
    name: 'replayDelivery',
    summary: 'Sends a dead letter again, with its old id.',
    access: people('api:channels.manage'),
    params: byId,
    body: z.strictObject({}),
    answer: json(Delivery, 'The delivery, which waits again.'),
    problems: [...channelProblemCodes, 'ledger.unavailable'],
    handle: replayDelivery,
  }),
];
