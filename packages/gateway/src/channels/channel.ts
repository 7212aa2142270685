import type { Delivery, Notice } from '../core/delivery.ts';
import type { GroupCard } from '../core/group-card.ts';
import type { DeliveryId, ReviewId } from '../core/ids.ts';
import type { Review } from '../core/review.ts';
import type { Directory, ReviewDesk, Shown } from '../ports.ts';
import type { Rate } from '../core/budget.ts';
import type { SentMessage } from '../core/delivery.ts';

/** What a delivery is about, as it is when it is sent; a delivery itself only refers to it. */
export interface DeliveryView {
  readonly review: Review;
  /** Which votes stand, and the digest that a vote from this surface has to carry. */
  readonly shown: Shown;
  /** Where a person opens the review, and can always decide. */
  readonly url: string;
  /** What this destination shows of the review already; null: nothing (yet, or any more). */
  readonly message: SentMessage | null;
  readonly nowMs: number;
}

/**
 * How one attempt ended. `problem`: one line for the operator in the channel's own words and codes, in ASCII: never the
 * platform's text, a secret, or anything of the action.
 */
export type Sending =
  /**
   * It is there. `reference`: the platform's name of the message that shows the review as the view has it; null where
   * this delivery made none (an event, a line in a thread), and what was shown before stays known.
   */
  | { readonly kind: 'sent'; readonly reference: string | null }
  /** Not now. `retryAfterMs`: how long the platform wants to be left alone by this destination; null: it didn't say. */
  | { readonly kind: 'later'; readonly retryAfterMs: number | null; readonly problem: string }
  /** Never, however often it is tried: the room is gone, the payload is refused. It becomes a dead letter. */
  | { readonly kind: 'failed'; readonly problem: string };

/** Many reviews that one message stands for, as they are when it is sent. */
export interface GroupView {
  /** Stays, over changes, attempts and restarts: the channel hands it on where the platform can tell by it. */
  readonly id: DeliveryId;
  readonly destination: string;
  readonly card: GroupCard;
  /** The platform's name of the message, which is to be changed; null: there is none. */
  readonly reference: string | null;
  /** The reviews that `card.call` calls people to; only some of them where they are many. */
  readonly called: readonly Review[];
  readonly nowMs: number;
}

/**
 * For channels that people read: where more reviews wait for a destination than it can take, one message stands for many
 * of them (core/crowding.ts), without anything to decide with. Channels for programs have none: they are told each event.
 */
export interface Grouping {
  /** How often one destination is sent something. More than the burst that wait are a crowd. */
  readonly pace: Rate;
  /** How often messages are changed, in all destinations together; null: not limited by itself. */
  readonly changes: Rate | null;
  /** The least time between two messages, or two changes of one, that stand for many. */
  readonly everyMs: number;
  /** One attempt, as `deliver` is. Where `shows` is `events`, each is a message of its own. */
  deliver(view: GroupView, signal: AbortSignal): Promise<Sending>;
}

/** What a channel does with what people do there. Every judgment goes through the desk (law 10). */
export interface Inbound {
  readonly desk: ReviewDesk;
  readonly directory: Directory;
  review(id: ReviewId): Promise<Review | null>;
}

/**
 * A way to tell people, or systems, outside of the gateway about reviews, and perhaps to hear from them.
 *
 * What is to be told is decided when a review changes: `route` names the destinations, and one delivery for each is kept
 * in the very transaction of the change. So a crash loses nothing. Deliveries of one review to one destination are sent
 * in order, one destination is sent one at a time, and a delivery that fails is tried again with a growing wait until it
 * arrives or is given up (a dead letter, which an operator can send again).
 *
 * A delivery may arrive more than once: the gateway can die between the platform's answer and its own record of it. The
 * delivery's id is then the same, and the channel hands it on where the platform can tell (an idempotency key, an id in
 * the payload).
 */
export interface Channel {
  /** Unique, and stable over restarts: deliveries that wait name it. */
  readonly name: string;
  /**
   * `state`: each destination shows one message a review, kept up to date. A change that a message shows already isn't
   * sent, and neither is a reminder of a review that is over. `events`: each delivery counts, none is left out.
   */
  readonly shows: 'state' | 'events';
  /** How often `deliver` is called, for all destinations together. */
  readonly pace: Rate;
  /** Absent: each delivery goes by itself, whatever waits. */
  readonly grouping?: Grouping;

  /**
   * The destinations that are to hear of this; none: []. Called for every change of a review, before it is durable, on the
   * path of whoever makes it: pure over configuration and directory, quick, and it never throws. A destination is at most
   * `limits.destinationCharacters` long and no secret.
   */
  route(review: Review, notice: Notice): readonly string[];

  /**
   * One attempt. `signal` aborts when it has taken `limits.deliveryMs` or the gateway stops: an answer that comes later is
   * not looked at. It makes its text from the view, escapes the agent's words for its surface and labels them (law 9),
   * shows no secret and no classified value (law 8), and offers no approval of what it can't show whole (law 6). A
   * rejection counts as `later`. A `close` or `update` without a message shows the review as it is.
   */
  deliver(delivery: Delivery, view: DeliveryView, signal: AbortSignal): Promise<Sending>;

  /** Problems of its set-up, each in one line with the way out; none: []. Tells nobody anything. */
  check(signal: AbortSignal): Promise<readonly string[]>;

  /** Called once, before the first delivery. A platform that can't be reached is no reason to reject: it tries again. */
  start(inbound: Inbound): Promise<void>;

  /** Called once, after the last delivery. Resolves when nothing of it is left running. */
  close(): Promise<void>;
}
