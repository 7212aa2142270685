import type { ChannelCheck, ChannelList, Delivery } from '@sallyport/sdk/contract';
import type { Style } from './style.ts';
import { shown, table } from './text.ts';

export function renderChannels({ channels, destinations }: ChannelList, style: Style): string {
  const head =
    channels.length === 0
      ? 'nobody outside is told: there are no channels'
      : `channels: ${channels.join(', ')}`;
  if (destinations.length === 0) return `${head}\nnothing waits, and nothing was given up`;
  const rows = destinations.map(({ channel, destination, waiting, dead }) => [
    channel,
    destination,
    String(waiting),
    String(dead),
  ]);
  return [head, ...table([['CHANNEL', 'DESTINATION', 'WAITING', 'DEAD'], ...rows], style)].join('\n');
}

export function renderDeliveries(deliveries: readonly Delivery[], style: Style): string {
  if (deliveries.length === 0) return 'there is none';
  const rows = deliveries.map(({ id, channel, destination, review, notice, attempts, state, problem }) => [
    id,
    channel,
    destination,
    review,
    notice,
    state,
    String(attempts),
    problem === '' ? '-' : problem,
  ]);
  const head = ['DELIVERY', 'CHANNEL', 'DESTINATION', 'REVIEW', 'TELLS', 'STATE', 'ATTEMPTS', 'WHY'];
  return table([head, ...rows], style).join('\n');
}

export function renderChannelCheck({ channels }: ChannelCheck, style: Style): string {
  if (channels.length === 0) return 'there are no channels';
  return channels
    .flatMap(({ channel, problems }) =>
      problems.length === 0 ? [`${channel}: nothing is wrong`] : problems.map((each) => shown(each, style)),
    )
    .join('\n');
}
