import type { ChatAccount, ChatLinkRequest } from '@sallyport/sdk/contract';
import type { z } from 'zod';
import type { ChatLink } from '../core/chat-link.ts';
import type { Person, Principal } from '../core/identity.ts';
import type { Result } from '../core/result.ts';
import type { LinkRefusal } from '../ports-chat.ts';
import type { ApiDeps } from './deps.ts';
import { timestamp } from './present.ts';
import type { Call, Reply } from './route.ts';

/** These routes are for people alone, so that no agent gets here (access.ts). */
function personOf(principal: Principal): Person {
  if (principal.kind !== 'person') throw new Error('an agent among people');
  return principal;
}

const present = ({ account, person, linkedAtMs }: ChatLink): object => ({
  account: { ...account },
  person,
  linkedAt: timestamp(linkedAtMs),
});

function replyOf<T>(result: Result<T, LinkRefusal>, shown: (value: T) => object): Reply {
  if (result.ok) return { kind: 'json', body: shown(result.value) };
  return { kind: 'problem', code: result.error.code, detail: result.error.message };
}

type WithToken = Call<unknown, unknown, z.output<typeof ChatLinkRequest>>;

export async function listChatLinks(_call: unknown, principal: Principal, deps: ApiDeps): Promise<Reply> {
  return { kind: 'json', body: { links: deps.chatLinks.linksOf(personOf(principal)).map(present) } };
}

/** Before anything is linked: whose account is it? */
export async function describeChatLink({ body }: WithToken, _: Principal, deps: ApiDeps): Promise<Reply> {
  return replyOf(deps.chatLinks.describe(body.token), ({ account, shownAs, expiresAtMs }) => ({
    account: { ...account },
    shownAs,
    expiresAt: timestamp(expiresAtMs),
  }));
}

export async function linkChatAccount(
  { body }: WithToken,
  principal: Principal,
  deps: ApiDeps,
): Promise<Reply> {
  return replyOf(await deps.chatLinks.link(body.token, personOf(principal)), present);
}

export async function unlinkChatAccount(
  { body }: Call<unknown, unknown, z.output<typeof ChatAccount>>,
  principal: Principal,
  deps: ApiDeps,
): Promise<Reply> {
  return replyOf(await deps.chatLinks.unlink(body, personOf(principal)), present);
}

/** What a platform sends: its own signature says that it does, and the channel knows how to read it. */
export async function takeFromPlatform(
  { params, headers, raw }: Call<unknown, unknown, unknown>,
  _nobody: null,
  deps: ApiDeps,
): Promise<Reply> {
  const { channel } = params as { readonly channel: string };
  const endpoint = deps.platforms.get(channel);
  if (endpoint === undefined)
    return { kind: 'problem', code: 'route.not_found', detail: 'There is no such route.' };
  const taken = await endpoint({ header: (name) => headers.get(name), body: raw });
  switch (taken.kind) {
    case 'taken':
      return taken.body === null ? { kind: 'text', body: '' } : { kind: 'json', body: taken.body };
    case 'unsigned':
      return {
        kind: 'problem',
        code: 'access.unauthenticated',
        detail: 'This is not the platform’s own request.',
      };
    case 'forbidden':
      return {
        kind: 'problem',
        code: 'access.forbidden',
        detail: 'This is the platform’s own request, and not for this gateway.',
      };
    case 'unavailable':
      return {
        kind: 'problem',
        code: 'platform.unavailable',
        detail: 'Whether this is the platform’s own request can’t be known now. Nothing was done.',
      };
    case 'unreadable':
      return {
        kind: 'problem',
        code: 'request.invalid',
        detail: 'The request is none that this channel knows.',
      };
  }
}
