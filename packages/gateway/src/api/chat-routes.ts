import {
  ChatAccount,
  ChatLink,
  ChatLinkList,
  ChatLinkOffer,
  ChatLinkRequest,
  chatProblemCodes,
} from '@sallyport/sdk/contract';
import { z } from 'zod';
import {
  describeChatLink,
  linkChatAccount,
  listChatLinks,
  takeFromPlatform,
  unlinkChatAccount,
} from './chat-handlers.ts';
import { type ApiAction, guarded, open, type Route } from './route.ts';

const people = (action: ApiAction) => ({ to: 'people', action, agentCode: 'access.people_only' }) as const;
const json = (schema: z.ZodType, description: string) =>
  ({ contentType: 'application/json', schema, description }) as const;

/** People's accounts in chats, and what chats send (spec/channels.md). */
export const chatRoutes: readonly Route[] = [
  guarded({
    method: 'get',
    path: '/v1/chat-links',
    name: 'listChatLinks',
    summary: 'Lists the accounts in chats that the caller has linked.',
    access: people('api:chat_links.read'),
    answer: json(ChatLinkList, 'The links; those of the configuration are not among them.'),
    problems: [],
    handle: listChatLinks,
  }),
  guarded({
    method: 'post',
    path: '/v1/chat-links/offer',
    name: 'describeChatLink',
    summary: 'Says whose account an address from a chat would link, before anything is linked.',
    access: people('api:chat_links.write'),
    body: ChatLinkRequest,
    answer: json(ChatLinkOffer, 'The account.'),
    problems: chatProblemCodes,
    handle: describeChatLink,
  }),
  guarded({
    method: 'post',
    path: '/v1/chat-links',
    name: 'linkChatAccount',
    summary:
      'Links an account in a chat to the caller: what it decides from now on, they decide. Works once.',
    access: people('api:chat_links.write'),
    body: ChatLinkRequest,
    answer: json(ChatLink, 'The link, which is in the ledger.'),
    problems: chatProblemCodes,
    handle: linkChatAccount,
  }),
  guarded({
    method: 'post',
    path: '/v1/chat-links/unlink',
    name: 'unlinkChatAccount',
    summary: 'Takes one of the caller’s own accounts back.',
    access: people('api:chat_links.write'),
    body: ChatAccount,
    answer: json(ChatLink, 'The link that was.'),
    problems: chatProblemCodes,
    handle: unlinkChatAccount,
  }),
  open({
    method: 'post',
    path: '/v1/channels/{channel}/inbound',
    name: 'takeFromPlatform',
    summary: 'Where a chat platform sends what people do there, signed by the platform.',
    access: {
      to: 'public',
      because: 'the platform signs the bytes; people are known by their account there',
    },
    params: z.object({ channel: z.string().max(63).meta({ description: 'The name of the channel.' }) }),
    raw: true,
    answer: json(z.unknown(), 'Whatever the platform expects.'),
    problems: ['access.unauthenticated', 'access.forbidden', 'platform.unavailable', 'route.not_found'],
    handle: takeFromPlatform,
  }),
];
