import type { Channel } from '../channels/channel.ts';
import type { Delivery, Notice } from '../core/delivery.ts';
import { makeId } from '../core/ids.ts';
import type { Review } from '../core/review.ts';
import { limits } from '../limits.ts';
import type { Clock, Mutation, Outbox, Random } from '../ports.ts';
import type { Log } from '../telemetry/log.ts';

export interface OutboxPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly channels: readonly Channel[];
  readonly log: Pick<Log, 'failed'>;
}

const ID_BYTES = 10;

/** What has to be told, as rows for the change that it tells of. */
export function outboxOf({ clock, random, channels, log }: OutboxPorts): Outbox {
  const destinations = (channel: Channel, review: Review, notice: Notice): readonly string[] => {
    try {
      const all = [...new Set(channel.route(review, notice))];
      return all.filter((each) => each !== '' && each.length <= limits.destinationCharacters);
    } catch (error) {
      // A broken channel stops no judgment: the review can be decided everywhere else.
      log.failed({ where: `channel ${channel.name}`, error });
      return [];
    }
  };
  const delivery = (channel: string, destination: string, review: Review, notice: Notice): Delivery => {
    const atMs = clock.nowMs();
    return {
      id: makeId('dlv', atMs, random.bytes(ID_BYTES)),
      channel,
      destination,
      review: review.id,
      revision: review.revision,
      notice,
      atMs,
      attempts: 0,
      // At once, however the clock is set meanwhile.
      notBeforeMs: 0,
      state: 'waiting',
      problem: '',
    };
  };
  return {
    tell: (review, notice) =>
      channels.flatMap((channel) =>
        destinations(channel, review, notice).map((destination): Mutation => {
          return { kind: 'delivery.add', delivery: delivery(channel.name, destination, review, notice) };
        }),
      ),
  };
}
