/** What a sample of one column says of it. */
import { card } from './cards.ts';
import { email, phone } from './contact.ts';
import { look, type Detector } from './detector.ts';
import { iban } from './iban.ts';
import { nationalIds } from './national-ids.ts';
import { randomToken, secrets } from './secrets.ts';

/** Every detector, in the order in which findings are shown. */
export const detectors: readonly Detector[] = [
  card,
  iban,
  email,
  phone,
  ...nationalIds,
  ...secrets,
  randomToken,
];

/** Counts, and nothing of the values. */
export interface ColumnFinding {
  readonly detector: string;
  readonly title: string;
  readonly class: string;
  /** Values with at least one that holds. */
  readonly values: number;
  /** Values that were looked at: neither null nor empty. */
  readonly of: number;
  /** How sure it is that the shape is no chance, from 0 to 1. */
  readonly confidence: number;
}

/** Where fewer of those with the shape hold, the shape is chance: one in ten of any digits passes Luhn. */
const LEAST_SHARE_THAT_HOLDS = 0.5;
/** Fewer finds than these say nothing, unless one is enough (`alone`). */
const LEAST_VALUES = 3;
const Z_95 = 1.96;

/** Wilson's lower bound, at 95 %: what a share is at least, given how few were looked at. */
export function atLeast(successes: number, trials: number): number {
  if (trials === 0) return 0;
  const share = successes / trials;
  const square = (Z_95 * Z_95) / trials;
  const middle = share + square / 2;
  const spread = Z_95 * Math.sqrt((share * (1 - share) + square / 4) / trials);
  return Math.max(0, (middle - spread) / (1 + square));
}

interface Tally {
  values: number;
  candidates: number;
  matches: number;
}

/** Takes values one at a time, and keeps counts of them alone. */
export class ColumnProfile {
  readonly #tallies = new Map<Detector, Tally>();
  #of = 0;

  add(value: string): void {
    if (value.trim() === '') return;
    this.#of += 1;
    for (const detector of detectors) {
      const { candidates, matches } = look(detector, value);
      if (candidates === 0) continue;
      const tally = this.#tallies.get(detector) ?? { values: 0, candidates: 0, matches: 0 };
      this.#tallies.set(detector, tally);
      tally.values += matches > 0 ? 1 : 0;
      tally.candidates += candidates;
      tally.matches += matches;
    }
  }

  findings(): readonly ColumnFinding[] {
    const of = this.#of;
    return [...this.#tallies]
      .filter(([{ alone }, { values, candidates, matches }]) => {
        const enough = values >= (alone ? 1 : LEAST_VALUES);
        return enough && matches >= candidates * LEAST_SHARE_THAT_HOLDS;
      })
      .map(([detector, { values, candidates, matches }]) => ({
        detector: detector.name,
        title: detector.title,
        class: detector.class,
        values,
        of,
        confidence: detector.alone ? 1 : Math.round(atLeast(matches, candidates) * 100) / 100,
      }))
      .sort((one, other) => detectorAt(one.detector) - detectorAt(other.detector));
  }
}

const detectorAt = (name: string): number => detectors.findIndex((each) => each.name === name);
