/** What totals of the store say of reads that a run before this one let through. */
import { flowOf, type Flow } from '../core/situation.ts';
import type { DatasetUsage } from '../core/usage.ts';
import type { UsageRow } from '../stores/store.ts';

const HOUR_MS = 3_600_000;

export interface Recalled {
  readonly agent: string;
  readonly target: string;
  readonly flow: Flow;
  /** No earlier than it was: totals know the hour alone. */
  readonly atMs: number;
}

/** Whatever came of it: a read that failed, or of which nobody knows, may have shown something. */
export function recallOf({ shape, hourMs }: UsageRow, nowMs: number): Recalled {
  // Written by ourselves, from `canonicalDatasets`.
  const datasets = JSON.parse(shape.datasets) as readonly DatasetUsage[];
  const flow = flowOf({ reach: 'none' }, datasets);
  return { agent: shape.agent, target: shape.target, flow, atMs: Math.min(nowMs, hourMs + HOUR_MS - 1) };
}
