import type { z } from 'zod';
import { ChannelCheck, ChannelList, Delivery, DeliveryPage } from './contract/index.ts';
import type { DeliveryFilter } from './client-asks.ts';
import { query } from './query.ts';
import type { Init } from './transport.ts';

type Ask = <T>(schema: z.ZodType<T>, path: string, init?: Init) => Promise<T>;

/** The part of the API that is about telling people outside: `client.channels`. For people alone. */
export class ChannelsClient {
  readonly #json: Ask;

  /** @param ask sends, and parses the answer. */
  constructor(ask: Ask) {
    this.#json = ask;
  }

  list(): Promise<ChannelList> {
    return this.#json(ChannelList, '/v1/channels');
  }

  /** What is wrong with the set-up of each channel; nobody is told anything. */
  check(): Promise<ChannelCheck> {
    return this.#json(ChannelCheck, '/v1/channels/check', { method: 'POST', body: {} });
  }

  deliveries(filter: DeliveryFilter = {}): Promise<DeliveryPage> {
    return this.#json(DeliveryPage, `/v1/deliveries${query({ ...filter })}`);
  }

  /** Sends a dead letter again, with its old id. */
  replay(id: string): Promise<Delivery> {
    const path = `/v1/deliveries/${encodeURIComponent(id)}/replay`;
    return this.#json(Delivery, path, { method: 'POST', body: {} });
  }
}
