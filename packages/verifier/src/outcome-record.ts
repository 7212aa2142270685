import { countAt, numberAt, objectAt, textAt, wordAt } from './leaf-members.ts';
import type { JsonObject } from './leaf-members.ts';

/** What came of an action that was sent (spec/ledger.md). `unknown`: nobody can say whether it took effect. */
export interface OutcomeRecord {
  readonly kind: 'outcome';
  readonly outcome: {
    readonly status: 'succeeded' | 'failed' | 'refused' | 'unknown';
    readonly rows: number;
    readonly bytes: number;
    readonly durationMs: number;
    /** The target's own code, or a word of the gateway's. */
    readonly code: string;
  };
}

export function outcomeOf(leaf: JsonObject): OutcomeRecord {
  const outcome = objectAt(leaf, 'outcome');
  return {
    kind: 'outcome',
    outcome: {
      status: wordAt(outcome, 'status', ['succeeded', 'failed', 'refused', 'unknown']),
      rows: countAt(outcome, 'rows'),
      bytes: countAt(outcome, 'bytes'),
      durationMs: numberAt(outcome, 'durationMs'),
      code: textAt(outcome, 'code'),
    },
  };
}
