import type { Database } from 'better-sqlite3';
import { HEAD_BYTES, INTENT, OUTCOME, kindOf } from './arena.ts';

/** How many bundles are read at a time. */
const STRIDE = 32;

interface HeadsRow {
  readonly first_index: number;
  readonly count: number;
  readonly high_action: string;
  readonly heads: Buffer;
}

export interface SearchBounds {
  /** Nothing at or beyond this index. */
  readonly end: number;
  /** No intent in a bundle whose greatest action id is beyond this. */
  readonly highest: string;
  /** No outcome more than so many entries behind the intent. */
  readonly outcomeWithin: number;
}

/** The indices of an action's intent and outcome, as far as they are there and not indexed. */
export function findPlainEntries(database: Database, action: string, bounds: SearchBounds): number[] {
  const select = database.prepare<[number, number], HeadsRow>(
    'SELECT first_index, count, high_action, heads FROM bundles WHERE first_index >= ? ORDER BY first_index LIMIT ?',
  );
  const id = Buffer.from(action, 'latin1');
  const found: number[] = [];
  let next = firstBundle(database, action, bounds.end);
  while (next < bounds.end) {
    const rows = select.all(next, STRIDE);
    for (const row of rows) {
      if (isBeyond(row, found[0], bounds)) return found;
      addMatches(row, id, bounds.end, found);
      if (found.length === 2) return found;
    }
    next += rows.reduce((sum, { count }) => sum + count, 0);
  }
  return found;
}

/** Whether neither the intent nor, once that is found, the outcome can be in this bundle or behind it. */
function isBeyond(row: HeadsRow, intent: number | undefined, bounds: SearchBounds): boolean {
  if (intent === undefined) return row.high_action > bounds.highest;
  return row.first_index > intent + bounds.outcomeWithin;
}

/** `found`: the index of the intent, then that of the outcome. */
function addMatches(row: HeadsRow, id: Buffer, end: number, found: number[]): void {
  for (const ordinal of ordinalsOf(row.heads, id)) {
    const index = row.first_index + ordinal;
    const isNext = kindOf(row.heads, ordinal) === (found.length === 0 ? INTENT : OUTCOME);
    if (isNext && found.length < 2 && index < end) found.push(index);
  }
}

/** The first bundle up to which an id as great as this has been seen: none of the action's entries is before it. */
function firstBundle(database: Database, action: string, size: number): number {
  const select = database.prepare<[number], Pick<HeadsRow, 'first_index' | 'count' | 'high_action'>>(
    'SELECT first_index, count, high_action FROM bundles WHERE first_index <= ? ORDER BY first_index DESC LIMIT 1',
  );
  let low = 0;
  let high = size;
  while (low < high) {
    const row = select.get(Math.floor((low + high) / 2));
    if (row === undefined) return 0;
    if (row.high_action >= action) high = row.first_index;
    else low = row.first_index + row.count;
  }
  return low;
}

function ordinalsOf(heads: Buffer, id: Buffer): number[] {
  const ordinals: number[] = [];
  for (let at = heads.indexOf(id); at >= 0; at = heads.indexOf(id, at + 1)) {
    if (at % HEAD_BYTES === 0) ordinals.push(at / HEAD_BYTES);
  }
  return ordinals;
}
