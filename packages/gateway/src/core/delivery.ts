/** What somebody outside of the gateway is told of a review, and how that stands. Pure. */
import type { OutcomeStatus } from './execution.ts';
import type { DeliveryId, ReviewId } from './ids.ts';
import type { Review, ReviewStatus } from './review.ts';

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
  /** The message is that of a group (message-group.ts), which counts the review under this; absent: the review's own. */
  readonly group?: { readonly id: DeliveryId; readonly counted: ReviewStatus };
}

/**
 * What goes first where not everything can be sent at once. 2: people are called, asked or answered. 1: it may be the
 * first that is heard of a review. 0: a change of what is known.
 */
export function urgencyOf({ kind }: Notice): 0 | 1 | 2 {
  if (kind === 'escalate' || kind === 'question' || kind === 'answer') return 2;
  return kind === 'open' || kind === 'remind' ? 1 : 0;
}

/** Where a channel keeps one message up to date, a change that is shown already need not be sent. */
export const isShown = ({ notice, revision }: Delivery, message: SentMessage | null): boolean =>
  ((notice.kind === 'update' && notice.change !== 'entitled') || notice.kind === 'close') &&
  message !== null &&
  message.revision >= revision;

/**
 * Where one message is kept up to date: it shows this already, or what would be said is no longer true. The message of a
 * group shows of each review whether it waits and how it ended, and nothing else.
 */
export function isNeedless(delivery: Delivery, { state }: Review, message: SentMessage | null): boolean {
  const { kind } = delivery.notice;
  const isCall = kind === 'remind' || kind === 'escalate';
  if (isCall && state.status !== 'pending') return true;
  if (message?.group === undefined) return isShown(delivery, message);
  if (kind === 'close') return message.group.counted === state.status;
  return kind === 'open' || kind === 'update' || kind === 'outcome';
}

/** A retry's wait: doubled each time, up to the longest; half of it is fixed and half by chance, so that few meet. */
export function backOffMs(
  attempts: number,
  { firstMs, longestMs }: { readonly firstMs: number; readonly longestMs: number },
  chance: number,
): number {
  const wholeMs = Math.min(longestMs, firstMs * 2 ** Math.min(attempts - 1, 30));
  return Math.round(wholeMs * (0.5 + chance / 2));
}
