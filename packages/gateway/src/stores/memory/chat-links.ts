import type { ChatAccount, ChatLink } from '../../core/chat-link.ts';
import type { Mutation, Reads, StoreRefusal } from '../store.ts';
import type { MemoryMedium } from './medium.ts';

type Kind = Extract<Mutation['kind'], `chat_link.${string}`>;
type Mutations = {
  readonly [K in Kind]: (
    medium: MemoryMedium,
    mutation: Extract<Mutation, { readonly kind: K }>,
  ) => StoreRefusal | null;
};

const keyOf = ({ platform, tenant, user }: ChatAccount): string => JSON.stringify([platform, tenant, user]);

export const chatLinkMutations: Mutations = {
  'chat_link.put': (medium, { link }) => {
    const key = keyOf(link.account);
    if (medium.chatLinks.has(key)) return { code: 'chat_link.taken' };
    medium.put(medium.chatLinks, key, link);
    return null;
  },
  'chat_link.remove': (medium, { link }) => {
    const key = keyOf(link.account);
    if (medium.chatLinks.get(key)?.person !== link.person) return { code: 'chat_link.missing' };
    medium.remove(medium.chatLinks, key);
    return null;
  },
};

export const chatLinkReads = {
  chatLinks: ({ chatLinks }: MemoryMedium): Reads['chatLinks']['answer'] =>
    [...chatLinks].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, link]): ChatLink => link),
};
