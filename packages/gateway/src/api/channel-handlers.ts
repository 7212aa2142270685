import type * as contract from '@sallyport/sdk/contract';
import type { z } from 'zod';
import type { Delivery } from '../core/delivery.ts';
import type { Principal } from '../core/identity.ts';
import { parseId } from '../core/ids.ts';
import type { ApiDeps } from './deps.ts';
import { timestamp } from './present.ts';
import type { Call, Reply } from './route.ts';

const present = ({ notice, atMs, notBeforeMs, ...delivery }: Delivery): contract.Delivery => ({
  ...delivery,
  notice: notice.kind,
  at: timestamp(atMs),
  notBefore: delivery.state === 'waiting' && notBeforeMs > 0 ? timestamp(notBeforeMs) : null,
});

export async function listChannels(
  _call: unknown,
  _principal: Principal,
  { deliveries }: ApiDeps,
): Promise<Reply> {
  const { channels, destinations } = await deliveries.overview();
  const body: contract.ChannelList = {
    channels: [...channels],
    destinations: destinations.map((each) => ({ ...each })),
  };
  return { kind: 'json', body };
}

export async function checkChannels(
  _call: unknown,
  _principal: Principal,
  { deliveries }: ApiDeps,
): Promise<Reply> {
  const checked = await deliveries.check();
  const body: contract.ChannelCheck = {
    channels: checked.map(({ channel, problems }) => ({ channel, problems: [...problems] })),
  };
  return { kind: 'json', body };
}

export async function listDeliveries(
  { query }: Call<unknown, z.output<typeof contract.DeliveryQuery>, unknown>,
  _principal: Principal,
  { deliveries }: ApiDeps,
): Promise<Reply> {
  const { state, channel = null, limit, after } = query;
  const from = after === undefined ? null : (parseId('dlv', after) ?? null);
  const found = await deliveries.list({ state, channel, limit: limit + 1, after: from });
  const page = found.slice(0, limit);
  const next = found.length > limit ? (page.at(-1)?.id ?? null) : null;
  const body: contract.DeliveryPage = { deliveries: page.map(present), next };
  return { kind: 'json', body };
}

const DETAILS = {
  'delivery.not_found': 'There is no such delivery: it arrived, or it was forgotten.',
  'delivery.waiting': 'It waits already, and is sent when its time comes.',
  'ledger.unavailable': 'This can’t be stored now, so nothing is sent. Try again.',
} as const;

export async function replayDelivery(
  { params }: Call<{ readonly id: string }, unknown, unknown>,
  principal: Principal,
  { deliveries }: ApiDeps,
): Promise<Reply> {
  const id = parseId('dlv', params.id);
  const code = 'delivery.not_found';
  if (id === undefined) return { kind: 'problem', code, detail: DETAILS[code] };
  const replayed = await deliveries.replay(id, principal.name);
  if (replayed.ok) return { kind: 'json', body: present(replayed.value) };
  return { kind: 'problem', code: replayed.error, detail: DETAILS[replayed.error] };
}
