/**
 * What a destination is sent next: one message for one review, one for many, or nothing yet. Pure. Where more reviews
 * wait than the platform lets through, they are shown together; single messages come back when it has room for all.
 */

/** What is first in line. */
export type Head =
  /** The first that is heard of a review. */
  | 'card'
  /** More people are called to a review that has no message of its own. */
  | 'call'
  /** Something about a review that a group's message stands for. */
  | 'member'
  /** Everything that goes by itself: a change of a message of its own, a question, an answer. */
  | 'own';

export interface Crowd {
  readonly head: Head;
  /** How many wait that nothing was heard of yet, and how many that people are called to; either may be cut at a bound. */
  readonly cards: number;
  readonly calls: number;
  /** How many may wait to be sent one by one. */
  readonly most: number;
  /** Until one more can be sent, and until as many as ever can. */
  readonly waitMs: number;
  readonly wholeInMs: number;
  /** A group took something in, and the destination hasn't had room for everything since. */
  readonly isFlood: boolean;
  /** Until the message of a group may be sent or changed again. */
  readonly groupInMs: number;
}

export type CrowdStep =
  | { readonly kind: 'alone' }
  /** `calls`: those who are called are among them. */
  | { readonly kind: 'together'; readonly calls: boolean }
  | { readonly kind: 'wait'; readonly waitMs: number };

/** It never says `wait` for nothing, and never for longer than the rate and the interval of groups need. */
export function nextStep(crowd: Crowd): CrowdStep {
  const { head, cards, calls, most, isFlood, wholeInMs } = crowd;
  if (head === 'member') return together(crowd, false);
  if (head === 'call') return calls > most ? together(crowd, true) : alone(crowd);
  if (head === 'own') return alone(crowd);
  if (cards > most) return together(crowd, false);
  // Otherwise the first few of a flood’s every second would stand alone between those that don’t.
  return isFlood && wholeInMs > 0 ? { kind: 'wait', waitMs: wholeInMs } : alone(crowd);
}

const alone = ({ waitMs }: Crowd): CrowdStep => (waitMs > 0 ? { kind: 'wait', waitMs } : { kind: 'alone' });

function together({ waitMs, groupInMs }: Crowd, calls: boolean): CrowdStep {
  const longestMs = Math.max(waitMs, groupInMs);
  return longestMs > 0 ? { kind: 'wait', waitMs: longestMs } : { kind: 'together', calls };
}
