import type { Card } from './card.ts';
import { parseId, type ReviewId } from './ids.ts';

/** What somebody was shown when they pressed a button: their vote is for this and nothing else (threat A4). */
export interface ShownValue {
  readonly review: ReviewId;
  readonly digest: string;
  readonly rendering: string;
}

export const valueOf = ({
  review,
  digest,
  rendering,
}: Pick<Card, 'review' | 'digest' | 'rendering'>): string => `${review} ${digest} ${rendering}`;

const DIGEST = /^[0-9a-f]{64}$/;

/** Undefined for anything that `valueOf` didn't make. */
export function parseValue(value: string): ShownValue | undefined {
  const [id = '', digest = '', rendering = '', ...more] = value.split(' ');
  const review = parseId('rev', id);
  if (review === undefined || more.length > 0) return undefined;
  return DIGEST.test(digest) && DIGEST.test(rendering) ? { review, digest, rendering } : undefined;
}
