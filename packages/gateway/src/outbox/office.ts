import type { Channel } from '../channels/channel.ts';
import type { Delivery } from '../core/delivery.ts';
import type { DeliveryId } from '../core/ids.ts';
import { err, ok } from '../core/result.ts';
import { limits } from '../limits.ts';
import type { CheckedChannel, Clock, DeliveryDesk, Reads, Store } from '../ports.ts';
import type { Log } from '../telemetry/log.ts';

export interface OfficePorts {
  readonly clock: Clock;
  readonly store: Store;
  readonly channels: readonly Channel[];
  readonly wake: (channel: string, destination: string) => void;
  readonly log: Pick<Log, 'failed' | 'deliveryReplayed'>;
}

export class DeliveryOffice implements DeliveryDesk {
  readonly #ports: OfficePorts;

  constructor(ports: OfficePorts) {
    this.#ports = ports;
  }

  async overview(): ReturnType<DeliveryDesk['overview']> {
    const { store, channels } = this.#ports;
    const destinations = await store.read('deliveryQueues', {});
    return { channels: channels.map(({ name }) => name), destinations };
  }

  list(ask: Reads['deliveries']['ask']): Promise<readonly Delivery[]> {
    return this.#ports.store.read('deliveries', ask);
  }

  check(): Promise<readonly CheckedChannel[]> {
    return Promise.all(this.#ports.channels.map((channel) => this.#check(channel)));
  }

  async #check(channel: Channel): Promise<CheckedChannel> {
    const { clock, log } = this.#ports;
    const { name } = channel;
    const late = new AbortController();
    const seconds = limits.deliveryMs / 1_000;
    const overdue = new Promise<readonly string[]>((resolve) => {
      const problem = `${name}: no answer within ${seconds} seconds; look whether the platform is reachable`;
      late.signal.addEventListener('abort', () => resolve([problem]));
    });
    const cancel = clock.after(limits.deliveryMs, () => late.abort());
    try {
      return { channel: name, problems: await Promise.race([channel.check(late.signal), overdue]) };
    } catch (error) {
      log.failed({ where: `channel ${name}`, error });
      return { channel: name, problems: [`${name}: the check failed; the log says where`] };
    } finally {
      cancel();
    }
  }

  async replay(id: DeliveryId, by: string): ReturnType<DeliveryDesk['replay']> {
    const { clock, store, wake, log } = this.#ports;
    try {
      const mutation = { kind: 'delivery.replay', id, atMs: clock.nowMs() } as const;
      const before = await store.read('delivery', { id });
      const committed = await store.commit({ mutations: [mutation], entries: [] });
      if (before === null) return err('delivery.not_found');
      if (!committed.ok)
        return err(committed.error.code === 'delivery.waiting' ? committed.error.code : 'delivery.not_found');
      log.deliveryReplayed({ delivery: id, channel: before.channel, person: by });
      wake(before.channel, before.destination);
      return ok({ ...before, attempts: 0, notBeforeMs: mutation.atMs, state: 'waiting' });
    } catch {
      return err('ledger.unavailable');
    }
  }
}
