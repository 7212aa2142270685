/** The parts of a card (card.ts). */
import type { Standing } from './electorate.ts';

export interface CardFact {
  readonly label: string;
  readonly value: string;
}

/** True: names, counts and our own words alone, so that it may stand where nothing can be erased. */
interface Plain {
  readonly plain?: true;
}

export type CardSection =
  /** What the gateway established. */
  | (Plain & { readonly kind: 'facts'; readonly title: string; readonly facts: readonly CardFact[] })
  | (Plain & {
      readonly kind: 'list';
      readonly title: string;
      readonly note: string;
      readonly items: readonly string[];
    })
  /** To be shown in a fixed-width font, line for line, whole or not at all. */
  | { readonly kind: 'code'; readonly title: string; readonly note: string; readonly text: string }
  /** Somebody's own words, which nobody checked: never among what the gateway established (law 9). */
  | { readonly kind: 'words'; readonly title: string; readonly note: string; readonly text: string };

export interface CardView {
  /** The digest of what is shown (rendering.ts). */
  readonly rendering: string;
  readonly standings: readonly Standing[];
  readonly nowMs: number;
  /** Without a slash at its end. */
  readonly publicUrl: string;
}
