/** The part of ports.ts that is about telling people outside of the gateway (spec/channels.md). */
import type { Delivery, Notice } from './core/delivery.ts';
import type { DeliveryId } from './core/ids.ts';
import type { Result } from './core/result.ts';
import type { Review } from './core/review.ts';
import type { Mutation, Reads } from './stores/store.ts';

export type { Reads };

export interface Outbox {
  /**
   * What the change that makes the review what it is has to write besides, so that whoever is to know of it will: one
   * delivery a destination. `review` is as it is after the change. Never throws; [] where nobody is to be told.
   */
  tell(review: Review, notice: Notice): readonly Mutation[];
}

/** One channel, with what is wrong with its set-up: a line each, with the way out. */
export interface CheckedChannel {
  readonly channel: string;
  readonly problems: readonly string[];
}

type ReplayRefusal = 'delivery.not_found' | 'delivery.waiting' | 'ledger.unavailable';

/** For those who run the gateway: what is owed to whom, and sending again what was given up. */
export interface DeliveryDesk {
  overview(): Promise<{
    /** Names of the channels that there are. */
    readonly channels: readonly string[];
    readonly destinations: Reads['deliveryQueues']['answer'];
  }>;
  list(ask: Reads['deliveries']['ask']): Promise<readonly Delivery[]>;
  /** Tells nobody anything. Ends in time, whatever the platforms do. */
  check(): Promise<readonly CheckedChannel[]>;
  /** Resolves when it waits again, durably. @param by who asks for it. */
  replay(id: DeliveryId, by: string): Promise<Result<Delivery, ReplayRefusal>>;
}
