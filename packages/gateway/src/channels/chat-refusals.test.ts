import { beforeEach, describe, expect, test } from 'vitest';
import { createFakeClock, type FakeClock } from '../../test/support/fake-clock.ts';
import type { ReviewId } from '../core/ids.ts';
import { ChatRefusals } from './chat-refusals.ts';

const REVIEW: ReviewId = 'rev_01hzzzzzzzzzzzzzzzzzzzzzzz';
const MINUTE_MS = 60_000;

let clock: FakeClock;
let entries: (readonly [string | null, ReviewId | null, number])[];
let isAway: boolean;
let failures: number;
let refusals: ChatRefusals<string>;

beforeEach(() => {
  clock = createFakeClock(1_700_000_000_000);
  entries = [];
  isAway = false;
  failures = 0;
  refusals = new ChatRefusals<string>({
    accountOf: (actor) => actor,
    clock,
    limits: { chatRefusedMs: MINUTE_MS, chatRefusedAccounts: 3 },
    record: async (actor, review, times) => {
      if (isAway) throw new Error('away');
      entries.push([actor, review, times]);
    },
    log: { failed: () => (failures += 1) },
  });
});

const clicks = async (actor: string, times: number): Promise<void> => {
  for (let count = 0; count < times; count++) await refusals.record(actor, REVIEW);
};

describe('whoever isn’t let in', () => {
  test('is in the ledger at once, and with a thousand clicks in a minute twice, with their number', async () => {
    await clicks('U0ZOE', 1_000);
    expect(entries).toEqual([['U0ZOE', REVIEW, 1]]);
    clock.advance(MINUTE_MS);
    expect(entries.slice(1)).toEqual([['U0ZOE', null, 999]]);
  });

  test('who clicked once has one entry, and the next minute begins anew', async () => {
    await clicks('U0ZOE', 1);
    clock.advance(MINUTE_MS);
    await clicks('U0ZOE', 1);
    expect(entries).toEqual([
      ['U0ZOE', REVIEW, 1],
      ['U0ZOE', REVIEW, 1],
    ]);
  });

  test('keeps nobody else out of the ledger; beyond a number of accounts they are counted together', async () => {
    for (const actor of ['a', 'b', 'c', 'd', 'e', 'd', 'a']) await clicks(actor, 1);
    expect(entries).toEqual([
      ['a', REVIEW, 1],
      ['b', REVIEW, 1],
      ['c', REVIEW, 1],
      [null, null, 1],
    ]);
    clock.advance(MINUTE_MS);
    expect(entries.slice(4)).toEqual([
      ['a', null, 1],
      [null, null, 2],
    ]);
  });

  test('is counted when the gateway stops', async () => {
    await clicks('U0ZOE', 5);
    await refusals.close();
    expect(entries).toEqual([
      ['U0ZOE', REVIEW, 1],
      ['U0ZOE', null, 4],
    ]);
  });

  test('while nothing can be recorded no click counts as recorded, and what was counted is in the log', async () => {
    isAway = true;
    await expect(refusals.record('U0ZOE', REVIEW)).rejects.toThrow('away');
    isAway = false;
    await clicks('U0ZOE', 2);
    expect(entries).toEqual([['U0ZOE', REVIEW, 1]]);
    isAway = true;
    clock.advance(MINUTE_MS);
    await new Promise(setImmediate);
    expect(failures).toBe(1);
  });
});
