import { countAt, nameAt } from './leaf-members.ts';
import type { JsonObject } from './leaf-members.ts';

/** What a gateway says of itself in a heartbeat. */
export interface HeartbeatRecord {
  /** One run of one gateway. */
  readonly gateway: string;
  /** Counts from 0 within that run, without a gap. */
  readonly beat: number;
  /** Entries that this run has seen durable in the log: they are all before this one. */
  readonly entries: number;
  readonly periodMs: number;
}

export function heartbeatRecordOf(value: JsonObject): HeartbeatRecord {
  return {
    gateway: nameAt(value, 'gateway'),
    beat: countAt(value, 'beat'),
    entries: countAt(value, 'entries'),
    periodMs: countAt(value, 'periodMs'),
  };
}
