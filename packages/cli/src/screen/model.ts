import type { Review, ReviewStatus, ReviewSummary, BreakGlassSummary } from '@sallyport/sdk/contract';
import type { Style } from '../style.ts';
import type { Key } from './keys.ts';
import type { Line } from './line-editor.ts';

export interface Size {
  readonly width: number;
  readonly height: number;
}

export type Connection =
  { readonly state: 'connecting' | 'live' } | { readonly state: 'lost'; readonly message: string };

export interface Notice {
  readonly tone: 'good' | 'warning' | 'bad';
  readonly text: string;
}

/** The review that is open. */
export interface Card {
  readonly id: string;
  /** Null until it has been read. */
  readonly review: Review | null;
  /** Whether the digest is that of what is shown, computed on this side. */
  readonly isExact: boolean;
  /** All of it, folded to the width of the terminal. */
  readonly lines: readonly string[];
  /** The first line that is on the screen. */
  readonly top: number;
  /** Lines before this one have been on the screen, without a gap (law 6). */
  readonly seenTo: number;
  /** What is not as it was when the person last looked. */
  readonly changed: readonly string[];
}

export type Prompt =
  | { readonly kind: 'confirm' }
  | { readonly kind: 'reason' | 'filter'; readonly line: Line }
  | { readonly kind: 'question'; readonly line: Line; readonly to: 'agent' | 'sponsor' };

/** A review of the list. */
export interface Item {
  readonly summary: ReviewSummary;
  /** When it was seen to be over, by this side's count; null while it is pending. */
  readonly endedAtMs: number | null;
}

/** Everything that the screen shows and every key needs. */
export interface Model {
  readonly style: Style;
  readonly size: Size;
  /** The gateway's clock, as far as its last answer told it. */
  readonly nowMs: number;
  /** By how much it is ahead of this machine's. */
  readonly aheadMs: number;
  readonly connection: Connection;
  /** Whether the list is here; between a reset of the stream and its answer it is not. */
  readonly isListed: boolean;
  readonly items: ReadonlyMap<string, Item>;
  /** Heard of while the list was on its way: the answer may be older than that. */
  readonly touched: ReadonlySet<string>;
  readonly selected: string | null;
  readonly filter: string;
  /** Whether one review stands for all that look like it. */
  readonly folded: boolean;
  /** What the command line asked for; null: everything. */
  readonly only: { readonly status: ReviewStatus | null; readonly agent: string | null };
  readonly rings: boolean;
  readonly card: Card | null;
  readonly prompt: Prompt | null;
  readonly notice: Notice | null;
  /** An answer of the gateway is awaited to what the person did: until then, nothing is sent besides. */
  readonly busy: string | null;
  /** Reads that did not reach the gateway: they are tried again. */
  readonly owed: readonly Read[];
}

export type Act = 'approve' | 'reject' | 'ask' | 'retract';

export type Message =
  | { readonly kind: 'key'; readonly key: Key }
  | { readonly kind: 'tick'; readonly hereMs: number }
  | { readonly kind: 'resized'; readonly size: Size }
  | { readonly kind: 'connected' }
  | { readonly kind: 'lost'; readonly message: string }
  /** The stream begins anew: what happened before is in the list alone. */
  | { readonly kind: 'reset'; readonly at: string; readonly hereMs: number }
  | { readonly kind: 'happened'; readonly isOpening: boolean; readonly review: ReviewSummary }
  /** A person ran without approval, or that was reviewed. */
  | {
      readonly kind: 'glass';
      readonly event: 'opened' | 'reminded' | 'closed';
      readonly use: BreakGlassSummary;
    }
  | { readonly kind: 'listed'; readonly reviews: readonly ReviewSummary[] }
  | { readonly kind: 'loaded'; readonly review: Review; readonly isExact: boolean; readonly hereMs: number }
  | { readonly kind: 'done'; readonly act: Act; readonly review: Review; readonly isExact: boolean }
  /** It did not reach the gateway, or the gateway could not answer: the same may work later. */
  | { readonly kind: 'unread'; readonly read: Read; readonly message: string }
  /** `act` null: what was asked for could not be read. */
  | { readonly kind: 'refused'; readonly act: Act | null; readonly code: string; readonly message: string };

export type Read = { readonly kind: 'list' } | { readonly kind: 'load'; readonly id: string };

/** What the program is to do about it. */
export type Effect =
  | Read
  | { readonly kind: 'bell' | 'quit' | 'redraw' }
  | { readonly kind: 'retract'; readonly id: string }
  | { readonly kind: 'ask'; readonly id: string; readonly to: 'agent' | 'sponsor'; readonly text: string }
  | {
      readonly kind: 'vote';
      readonly review: Review;
      readonly vote: 'approve' | 'reject';
      readonly reason: string;
    };

export interface Step {
  readonly model: Model;
  readonly effects: readonly Effect[];
}

export const only = (model: Model): Step => ({ model, effects: [] });

export const initialModel = (given: Pick<Model, 'style' | 'size' | 'only' | 'rings'>): Model => ({
  ...given,
  nowMs: 0,
  aheadMs: 0,
  connection: { state: 'connecting' },
  isListed: false,
  items: new Map(),
  touched: new Set(),
  selected: null,
  filter: '',
  folded: false,
  card: null,
  prompt: null,
  notice: null,
  busy: null,
  owed: [],
});
