/** How people decide: what is kept of each decision, and the figures that are made of it. Pure. */
import type { ReviewId } from './ids.ts';
import type { Vote } from './review.ts';

/** One decision of one person, as it was made; taking it back later changes nothing of it. */
export interface Judgment {
  readonly review: ReviewId;
  readonly identity: string;
  readonly person: string;
  readonly kind: Vote['kind'];
  readonly openedAtMs: number;
  readonly atMs: number;
  /** How much there was to read (reading.ts). */
  readonly words: number;
}

/** As a store keeps it: with when the review was first shown to that person; null: the gateway didn't show it. */
export interface KeptJudgment extends Judgment {
  readonly shownAtMs: number | null;
  /** Its review was a canary, and that was said since. */
  readonly canary: boolean;
}

/** How fast a decision may be before it counts as made without reading. */
export interface Pace {
  readonly wordsPerMinute: number;
  readonly minimumReadingMs: number;
}

/** How one person decided over a span of time. */
export interface ReviewerFigures {
  readonly identity: string;
  /** The account that they used last. */
  readonly person: string;
  readonly decided: number;
  readonly approved: number;
  /** From the opening to the decision; of an even number the lower one of the two in the middle. */
  readonly medianDecideMs: number;
  /** From when it was first shown to that person, or opened. */
  readonly medianReadMs: number;
  /** Decisions sooner than reading allows. */
  readonly hasty: number;
  /** Of the decisions, those on canaries that are known as such, and how many of those approved. */
  readonly canaries: number;
  readonly canariesApproved: number;
  readonly lastAtMs: number;
}

const MINUTE_MS = 60_000;

/** What reading so much takes at least. */
export const readingMs = (words: number, { wordsPerMinute, minimumReadingMs }: Pace): number =>
  Math.max(minimumReadingMs, (words * MINUTE_MS) / wordsPerMinute);

/** The time that the person had for it. A clock that was set back in between counts as none. */
export function readMs({ openedAtMs, shownAtMs, atMs }: KeptJudgment): number {
  return Math.max(0, atMs - Math.max(openedAtMs, shownAtMs ?? openedAtMs));
}

interface Sum {
  person: string;
  lastAtMs: number;
  approved: number;
  hasty: number;
  canaries: number;
  canariesApproved: number;
  readonly decideMs: number[];
  readonly readMs: number[];
}

/** The figures of each person, by identity, in the order of the identities. */
export function figuresOf(judgments: Iterable<KeptJudgment>, pace: Pace): readonly ReviewerFigures[] {
  const sums = new Map<string, Sum>();
  for (const judgment of judgments) {
    let sum = sums.get(judgment.identity);
    if (sum === undefined) sums.set(judgment.identity, (sum = emptySum()));
    add(sum, judgment, pace);
  }
  return [...sums]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([identity, { person, lastAtMs, decideMs, readMs: timesToRead, ...counts }]) => ({
      identity,
      person,
      decided: decideMs.length,
      ...counts,
      medianDecideMs: median(decideMs),
      medianReadMs: median(timesToRead),
      lastAtMs,
    }));
}

const emptySum = (): Sum => ({
  person: '',
  lastAtMs: -Infinity,
  approved: 0,
  hasty: 0,
  canaries: 0,
  canariesApproved: 0,
  decideMs: [],
  readMs: [],
});

function add(sum: Sum, judgment: KeptJudgment, pace: Pace): void {
  const { atMs, canary, openedAtMs, kind, person, words } = judgment;
  const tookMs = readMs(judgment);
  sum.decideMs.push(Math.max(0, atMs - openedAtMs));
  sum.readMs.push(tookMs);
  if (kind === 'approve') sum.approved += 1;
  if (tookMs < readingMs(words, pace)) sum.hasty += 1;
  if (canary) sum.canaries += 1;
  if (canary && kind === 'approve') sum.canariesApproved += 1;
  if (atMs >= sum.lastAtMs) [sum.lastAtMs, sum.person] = [atMs, person];
}

const median = (values: readonly number[]): number =>
  Float64Array.from(values).sort()[Math.floor((values.length - 1) / 2)] ?? 0;
