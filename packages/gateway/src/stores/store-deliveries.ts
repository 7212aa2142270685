/** The part of the contract of stores that is about deliveries (spec/channels.md). */
import type { Delivery, DeliveryState, SentMessage } from '../core/delivery.ts';
import type { DeliveryId, ReviewId } from '../core/ids.ts';
import type { MessageGroup } from '../core/message-group.ts';

export type DeliveryMutation =
  /** A new id, behind everything that waits for the same destination already. */
  | { readonly kind: 'delivery.add'; readonly delivery: Delivery }
  /**
   * Removes a delivery that is over: it has arrived, or nobody need hear of it any more. `message`, where there is one, is
   * from now on what that destination shows of the review. Nothing where the delivery is gone.
   */
  | { readonly kind: 'delivery.end'; readonly id: DeliveryId; readonly message: SentMessage | null }
  /** The delivery keeps its place and waits. Nothing where it is gone or dead. */
  | {
      readonly kind: 'delivery.retry';
      readonly id: DeliveryId;
      readonly attempts: number;
      readonly notBeforeMs: number;
      readonly problem: string;
    }
  /** Gives a delivery up: it is kept as a dead letter. Of all of them the `most` that were given up last are. */
  | {
      readonly kind: 'delivery.bury';
      readonly id: DeliveryId;
      readonly attempts: number;
      readonly problem: string;
      readonly atMs: number;
      readonly most: number;
    }
  /** A dead letter waits again, in its old place, as if it had never been tried. `delivery.missing`, `delivery.waiting`. */
  | { readonly kind: 'delivery.replay'; readonly id: DeliveryId; readonly atMs: number }
  /** Writes a group as it is from now on: a new one, behind those of its destination, or in place of what it was. */
  | { readonly kind: 'group.put'; readonly group: MessageGroup };

export type DeliveryConflict = 'delivery.missing' | 'delivery.waiting';

/** What one destination is owed. */
export interface DeliveryQueue {
  readonly channel: string;
  readonly destination: string;
  readonly waiting: number;
  readonly dead: number;
}

export interface DeliveryReads {
  delivery: { ask: { readonly id: DeliveryId }; answer: Delivery | null };
  /** Of one state, in the order in which they were added; `after` is the id after which the page starts. */
  deliveries: {
    ask: {
      readonly state: DeliveryState;
      readonly channel: string | null;
      readonly limit: number;
      readonly after: DeliveryId | null;
    };
    answer: readonly Delivery[];
  };
  /** Destinations with deliveries that wait or are dead, in the order of their names. */
  deliveryQueues: { ask: Record<never, never>; answer: readonly DeliveryQueue[] };
  /**
   * What is to be sent to one destination: of the deliveries that wait, each the first of its review, the one that was
   * added first and may be sent at `atMs`. One that would have to wait for more than `longestMs` may be sent too: no wait
   * is that long, so a clock was set. `nextAtMs`: when another look is due; null: nothing waits. It costs the same
   * whatever else waits, was sent or was given up, and counts no further than it is asked to.
   */
  nextDelivery: {
    ask: DueAsk & {
      /** How far the crowd is counted; 0: not at all. */
      readonly countTo: number;
      /** `new`: cards are what is first heard of a review. `all`: they are whatever calls nobody. */
      readonly cards: 'new' | 'all';
    };
    answer: {
      readonly delivery: Delivery | null;
      readonly message: SentMessage | null;
      readonly nextAtMs: number | null;
      /** Of those that may be sent; `new`: `urgencyOf` 1, and no message there; `all`: 0 or 1. */
      readonly cards: number;
      /** Of those that may be sent: what people are called by (`urgencyOf` 2). */
      readonly calls: number;
    };
  };
  /** All that may be sent, in the same order, with what is shown there. */
  dueDeliveries: {
    ask: DueAsk & { readonly limit: number };
    answer: readonly { readonly delivery: Delivery; readonly message: SentMessage | null }[];
  };
  messageGroup: { ask: { readonly id: DeliveryId }; answer: MessageGroup | null };
  /** The one that was added last for the destination. */
  lastGroup: {
    ask: { readonly channel: string; readonly destination: string };
    answer: MessageGroup | null;
  };
  /** Reviews that the group counts as pending, those that were opened first, first. */
  groupPending: {
    ask: { readonly id: DeliveryId; readonly limit: number };
    answer: readonly ReviewId[];
  };
}

export interface DueAsk {
  readonly channel: string;
  readonly destination: string;
  readonly atMs: number;
  readonly longestMs: number;
  /** What is urgent (`urgencyOf`) comes first; otherwise all is in the order in which it was added. */
  readonly urgentFirst: boolean;
}
