import { expect, test } from 'vitest';
import type { ChatLink } from '../core/chat-link.ts';
import { noticeEntry } from '../core/entry.ts';
import { accept, refusal, reopen, type StoreUnderTest } from './compliance-fixture.ts';
import { START_MS } from './compliance-samples.ts';

const link = (user: string, person = 'kim'): ChatLink => ({
  account: { platform: 'slack', tenant: 'T1', user },
  person,
  identity: person,
  linkedAtMs: START_MS,
});
const put = (given: ChatLink) => ({ kind: 'chat_link.put', link: given }) as const;
const remove = (given: ChatLink) => ({ kind: 'chat_link.remove', link: given }) as const;

/** Whose account in a chat is whose. */
export function chatLinksAreKept(at: StoreUnderTest): void {
  test('links are read as they were made, in the order of their accounts, after a restart too', async () => {
    const entries = [noticeEntry('account.linked', { principal: 'kim' }, START_MS)];
    await accept(at.store, { mutations: [put(link('U2', 'sam'))], entries });
    await accept(at.store, { mutations: [put(link('U1'))] });
    await reopen(at);
    expect(await at.store.read('chatLinks', {})).toEqual([link('U1'), link('U2', 'sam')]);
  });

  test('an account is linked to one person, and freed by unlinking that one', async () => {
    await accept(at.store, { mutations: [put(link('U1'))] });
    expect(await refusal(at, put(link('U1', 'sam')))).toBe('chat_link.taken');
    expect(await refusal(at, put(link('U1')))).toBe('chat_link.taken');
    expect(await refusal(at, remove(link('U1', 'sam')))).toBe('chat_link.missing');
    expect(await refusal(at, remove(link('U9')))).toBe('chat_link.missing');
    expect(await refusal(at, remove(link('U1')))).toBe('accepted');
    expect(await at.store.read('chatLinks', {})).toEqual([]);
    expect(await refusal(at, put(link('U1', 'sam')))).toBe('accepted');
  });

  test('accounts of other platforms and tenants are others', async () => {
    const { account } = link('U1');
    const others = [
      { ...link('U1'), account: { ...account, platform: 'teams' } as const },
      { ...link('U1'), account: { ...account, tenant: 'T2' } },
    ];
    await accept(at.store, { mutations: [put(link('U1')), ...others.map(put)] });
    expect(await at.store.read('chatLinks', {})).toHaveLength(3);
  });
}
