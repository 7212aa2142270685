/** What somebody outside of the gateway is told of a review, and how that stands. Pure. */
import type { OutcomeStatus } from './execution.ts';
import type { DeliveryId, ReviewId } from './ids.ts';

/** What happened to a review. It refers to the review, and holds nothing of what that is about (law 8). */
export type Notice =
  | { readonly kind: 'open' }
  /** `vote`: which of the review's votes was cast or taken back, counted from 0. */
  | { readonly kind: 'update'; readonly change: 'voted' | 'retracted'; readonly vote: number }
  | { readonly kind: 'update'; readonly change: 'previewed' }
  /** The review is as it was, and others may decide on it: a right was handed over, or that has ended. No event. */
  | { readonly kind: 'update'; readonly change: 'entitled' }
  /** Nobody has met these demands (indexes), and a reminder is due. */
  | { readonly kind: 'remind'; readonly demands: readonly number[] }
  /** From now on the people of this step of this demand's escalation count too. */
  | { readonly kind: 'escalate'; readonly demand: number; readonly step: number }
  /** `question`: its id within the review. */
  | { readonly kind: 'question' | 'answer'; readonly question: number }
  /** The review is over. */
  | { readonly kind: 'close' }
  /** What was approved has run, or nobody knows (`unknown`). */
  | { readonly kind: 'outcome'; readonly status: OutcomeStatus; readonly rows: number };

/** `dead`: given up, and kept until somebody sends it again. */
export type DeliveryState = 'waiting' | 'dead';

/** One notice on its way to one destination of one channel. */
export interface Delivery {
  /** The same at every attempt, after a restart and a replay: a receiver drops what it has seen. */
  readonly id: DeliveryId;
  readonly channel: string;
  /** In the channel's own words: a room, a person's address, the name of an endpoint. */
  readonly destination: string;
  readonly review: ReviewId;
  /** The review's, of which the notice tells. */
  readonly revision: number;
  readonly notice: Notice;
  readonly atMs: number;
  /** Attempts that failed. */
  readonly attempts: number;
  readonly notBeforeMs: number;
  readonly state: DeliveryState;
  /** Why the last attempt failed; empty where none has. */
  readonly problem: string;
}

/** What one destination shows of one review. */
export interface SentMessage {
  /** The platform's own name for the message. */
  readonly reference: string;
  /** The review's revision that it shows. */
  readonly revision: number;
}

/** Where a channel keeps one message up to date, a change that is shown already need not be sent. */
export const isShown = ({ notice, revision }: Delivery, message: SentMessage | null): boolean =>
  ((notice.kind === 'update' && notice.change !== 'entitled') || notice.kind === 'close') &&
  message !== null &&
  message.revision >= revision;

/** A retry's wait: doubled each time, up to the longest; half of it is fixed and half by chance, so that few meet. */
export function backOffMs(
  attempts: number,
  { firstMs, longestMs }: { readonly firstMs: number; readonly longestMs: number },
  chance: number,
): number {
  const wholeMs = Math.min(longestMs, firstMs * 2 ** Math.min(attempts - 1, 30));
  return Math.round(wholeMs * (0.5 + chance / 2));
}
