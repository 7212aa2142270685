/** What a proposal is replayed over: the newest attempts of the ledger. */
import type { Limits } from '../../limits.ts';
import type { Clock, Store } from '../../ports.ts';

export interface RecordPorts {
  readonly clock: Clock;
  readonly store: Store;
  readonly limits: Pick<Limits, 'replaySpanMs' | 'policyReplayEntries'>;
}

export interface RecordedLeaves {
  readonly sinceMs: number;
  readonly complete: boolean;
  /** Newest first. */
  readonly leaves: readonly string[];
}

/** Entries of one question: what is between two of them is a turn for traffic. */
const STRIDE = 256;

export async function recordedLeaves({ clock, store, limits }: RecordPorts): Promise<RecordedLeaves> {
  const sinceMs = clock.nowMs() - limits.replaySpanMs;
  const size = await store.read('size', {});
  const lowest = Math.max(0, size - limits.policyReplayEntries);
  const leaves: string[] = [];
  let until = size;
  let isWhole = false;
  while (until > lowest && !isWhole) {
    const from = Math.max(lowest, until - STRIDE);
    const rows = await store.read('entries', { from, limit: until - from });
    isWhole = rows.some((row) => row.atMs < sinceMs);
    for (const { kind, leaf } of rows.toReversed())
      if (kind === 'decision' || kind === 'intent') leaves.push(leaf);
    until = from;
  }
  return { sinceMs, complete: isWhole || lowest === 0, leaves };
}
