/** The part of the composition root that is about channels: who is told of reviews, and through what. */
import type { Channel, Inbound } from '../channels/channel.ts';
import { EmailChannel } from '../channels/email/channel.ts';
import { TerminalChannel } from '../channels/terminal/channel.ts';
import { printToTerminal } from '../channels/terminal/print.ts';
import { WebhookChannel } from '../channels/webhook/channel.ts';
import type { ChannelsConfiguration, Configuration } from '../config/configuration.ts';
import { DeliveryOffice } from '../outbox/office.ts';
import { outboxOf } from '../outbox/outbox.ts';
import { Sender, waking } from '../outbox/sender.ts';
import type { Clock, DeliveryDesk, Directory, Outbox, Random, ReviewDesk, Store } from '../ports.ts';
import type { Log } from '../telemetry/log.ts';

export interface ChannelsPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: Store;
  readonly publicUrl: string;
  readonly log: Log;
  readonly configuration: Pick<Configuration, 'channels' | 'people'>;
  /** Those that need more than their options: chats. */
  readonly chats: readonly Channel[];
}

export interface RunningChannels {
  /** To be used in place of the one that was handed in: it wakes those who send. */
  readonly store: Store;
  readonly outbox: Outbox;
  readonly deliveries: DeliveryDesk;
  /** Starts the channels, then sends what an earlier process left. Resolves with what ends both. */
  readonly start: (desk: ReviewDesk, directory: Directory) => Promise<() => Promise<void>>;
}

/** Every channel: a row in this array is all that the gateway knows of it. */
const channelsOf = ({
  channels: { terminal, webhooks, email },
  people,
}: ChannelsPorts['configuration']): readonly Channel[] => [
  ...(terminal ? [new TerminalChannel(printToTerminal)] : []),
  ...(webhooks.length === 0 ? [] : [webhookChannel(webhooks)]),
  ...(email === null ? [] : [emailChannel(email, people)]),
];

const webhookChannel = (webhooks: ChannelsConfiguration['webhooks']): Channel =>
  new WebhookChannel({
    endpoints: webhooks.map(({ secrets, ...webhook }) => ({
      ...webhook,
      secrets: secrets.map((secret) => secret.reveal()),
    })),
  });

function emailChannel(
  { server, from, recipients }: NonNullable<ChannelsConfiguration['email']>,
  people: Configuration['people'],
): Channel {
  const password = server.password?.reveal() ?? null;
  return new EmailChannel({
    server: { ...server, password },
    from: { name: 'Sallyport', address: from },
    recipients,
    addresses: new Map(
      people.flatMap(({ email, person }) =>
        email === null || person.disabled ? [] : [[person.name, email]],
      ),
    ),
  });
}

/** Nothing is sent before `start`; what is committed until then waits in the store. */
export function openChannels(ports: ChannelsPorts): RunningChannels {
  const { log } = ports;
  const channels = [...channelsOf(ports.configuration), ...ports.chats];
  let running: Sender | undefined;
  const wake = (channel: string, destination: string): void => running?.wake(channel, destination);
  const store = waking(ports.store, wake);
  return {
    store,
    outbox: outboxOf({ ...ports, channels }),
    deliveries: new DeliveryOffice({ ...ports, channels, store, wake }),
    start: async (desk, directory) => {
      const inbound: Inbound = { desk, directory, review: (id) => store.read('review', { id }) };
      for (const channel of channels) {
        // Reviews stay decidable elsewhere, and its deliveries wait.
        await channel.start(inbound).catch((error: unknown) => {
          log.failed({ where: `channel ${channel.name}`, error });
        });
      }
      const sender = (running = new Sender({ ...ports, channels, store, desk }));
      await sender.start();
      return async () => {
        await sender.close();
        for (const channel of channels) await channel.close();
      };
    },
  };
}
