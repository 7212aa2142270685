/** The part of the composition root that is about channels: who is told of reviews, and through what. */
import type { Channel, Inbound } from './channels/channel.ts';
import { outboxOf } from './outbox/outbox.ts';
import { Sender, waking } from './outbox/sender.ts';
import type { Clock, Directory, Outbox, Random, ReviewDesk, Store } from './ports.ts';
import type { Log } from './telemetry/log.ts';

export interface ChannelsPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: Store;
  readonly publicUrl: string;
  readonly log: Log;
  readonly channels: readonly Channel[];
}

export interface RunningChannels {
  /** To be used in place of the one that was handed in: it wakes those who send. */
  readonly store: Store;
  readonly outbox: Outbox;
  /** Starts the channels, then sends what an earlier process left. Resolves with what ends both. */
  readonly start: (desk: ReviewDesk, directory: Directory) => Promise<() => Promise<void>>;
}

/** Nothing is sent before `start`; what is committed until then waits in the store. */
export function openChannels(ports: ChannelsPorts): RunningChannels {
  const { channels, log } = ports;
  let running: Sender | undefined;
  const store = waking(ports.store, (channel, destination) => running?.wake(channel, destination));
  return {
    store,
    outbox: outboxOf(ports),
    start: async (desk, directory) => {
      const inbound: Inbound = { desk, directory, review: (id) => store.read('review', { id }) };
      for (const channel of channels) {
        // Reviews stay decidable elsewhere, and its deliveries wait.
        await channel.start(inbound).catch((error: unknown) => {
          log.failed({ where: `channel ${channel.name}`, error });
        });
      }
      const sender = (running = new Sender({ ...ports, store, desk }));
      await sender.start();
      return async () => {
        await sender.close();
        for (const channel of channels) await channel.close();
      };
    },
  };
}
