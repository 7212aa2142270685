import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { noticeEntry } from '../../core/entry.ts';
import { HEAD_BYTES, USAGE_FIELDS } from './arena.ts';
import { OVERHEAD_BYTES, lengthOf, type JournalRecord } from './journal-format.ts';
import { prepareJournal, recoverJournal } from './journal-recovery.ts';
import { Journal } from './journal.ts';
import { openSqliteStore } from './store.ts';

const BYTES = 1 << 16;
const KEY = Buffer.alloc(32, 7);
let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sallyport-journal-'));
  path = join(directory, 'journal');
});
afterEach(() => rmSync(directory, { recursive: true }));

const record = (firstIndex: number, count: number, text = 'leaf'): JournalRecord => ({
  firstIndex,
  run: {
    heads: Buffer.alloc(count * HEAD_BYTES, firstIndex % 251),
    leaves: Buffer.from(text.repeat(count)),
    asides: Buffer.from(`aside ${firstIndex.toString()}`),
    count,
  },
  usages: Float64Array.from({ length: USAGE_FIELDS }, (_, at) => firstIndex + at),
});

function open(bytes = BYTES): Journal {
  prepareJournal(path, bytes);
  return new Journal(path, () => 0, KEY);
}

/** `applied`: how much of the log the database has before each record. */
function write(records: readonly JournalRecord[], applied: readonly number[] = []): void {
  const journal = open();
  for (const [at, one] of records.entries()) {
    journal.free(applied[at] ?? 0);
    expect(journal.roomFor(lengthOf(one))).not.toBe('none');
    journal.append(one);
  }
  journal.close();
}

const recovered = (size: number): readonly JournalRecord[] => recoverJournal(path, size, KEY);

describe('what an earlier process left', () => {
  test('comes back whole and in order', () => {
    const records = [record(0, 3), record(3, 1), record(4, 20)];
    write(records);
    expect(recovered(0)).toEqual(records);
  });
  test('comes back whatever the sizes of its records, longer than what is read at a time among them', () => {
    const sizes = fc.array(fc.constantFrom(10, 10_000, 90_000, 262_000, 300_000), { maxLength: 4 });
    fc.assert(
      fc.property(sizes, (lengths) => {
        const records = lengths.map((length, at) => record(at, 1, 'x'.repeat(length)));
        const journal = open(1 << 22);
        for (const one of records) {
          expect(journal.roomFor(lengthOf(one))).toBe('here');
          journal.append(one);
        }
        journal.close();
        const found = recovered(0);
        expect(found.map(({ firstIndex }) => firstIndex)).toEqual(
          records.map(({ firstIndex }) => firstIndex),
        );
        expect(found.every(({ run }, at) => run.leaves.equals(records[at]?.run.leaves ?? run.heads))).toBe(
          true,
        );
        rmSync(path);
      }),
      { numRuns: 20 },
    );
  });
  test('comes back from where the database ends', () => {
    write([record(0, 3), record(3, 1), record(4, 2)]);
    expect(recovered(3).map((one) => one.firstIndex)).toEqual([3, 4]);
    expect(recovered(6)).toEqual([]);
  });
  test('records of an earlier round don’t come back behind those of a later one', () => {
    write([record(0, 4), record(4, 4), record(8, 4), record(12, 1)], [0, 0, 0, 12]);
    expect(recovered(12).map((one) => one.firstIndex)).toEqual([12]);
  });
  test('comes back from both halves of the file, in order, whichever was written last', () => {
    const wide = (index: number): JournalRecord => record(index, 1, 'x'.repeat(BYTES / 8));
    write([0, 1, 2, 3, 4, 5].map(wide));
    expect(recovered(0)).toHaveLength(6);
    write([0, 1, 2, 3, 4, 5, 6, 7].map(wide), [0, 0, 0, 0, 0, 0, 3, 3]);
    expect(recovered(3).map((one) => one.firstIndex)).toEqual([3, 4, 5, 6, 7]);
    expect(recovered(8)).toEqual([]);
  });
  test('a record that a crash cut short, or a bit that changed, ends what comes back', () => {
    const records = [record(0, 3), record(3, 2), record(5, 2)];
    write(records);
    const whole = readFileSync(path);
    const used = whole.findLastIndex((byte) => byte !== 0);
    fc.assert(
      fc.property(fc.nat(used), fc.nat(7), (at, bit) => {
        const damaged = Buffer.from(whole);
        damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
        writeFileSync(path, damaged);
        const found = recovered(0);
        expect(found.length).toBeLessThan(records.length);
        expect(found).toEqual(records.slice(0, found.length));
      }),
      { numRuns: 200 },
    );
  });
  test('holds no aside that can be read, and opens by its own key only', () => {
    write([record(0, 1)]);
    expect(readFileSync(path).includes('aside')).toBe(false);
    expect(() => recoverJournal(path, 0, Buffer.alloc(32, 8))).toThrow(/store\.other_key: .*restore/);
  });
  test('random bytes are nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 500 }), (bytes) => {
        writeFileSync(path, bytes);
        expect(recovered(0)).toEqual([]);
        prepareJournal(path, BYTES);
        expect(recovered(0)).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });
});

describe('a full half', () => {
  /** What a disk writes at once, so that it takes as much with the page cache and past it. */
  const UNIT_BYTES = 512;
  const part = (index: number): JournalRecord => {
    const small = record(index, 1);
    return { ...small, run: { ...small.run, leaves: Buffer.alloc(UNIT_BYTES - lengthOf(small)) } };
  };
  /** Three of them in each half. */
  const BYTES_OF_SIX = 6 * UNIT_BYTES;
  const fill = (journal: Journal, from: number): string[] => {
    const said: string[] = [];
    for (let index = from; said.at(-1) !== 'none'; index++) {
      said.push(journal.roomFor(lengthOf(part(index))));
      if (said.at(-1) !== 'none') journal.append(part(index));
    }
    return said;
  };

  test('is followed by the other one, and both are full until the database has what is in one', () => {
    const journal = open(BYTES_OF_SIX);
    expect(fill(journal, 0)).toEqual(['here', 'here', 'here', 'other', 'here', 'here', 'none']);
    journal.free(2);
    expect(journal.roomFor(UNIT_BYTES)).toBe('none');
    journal.free(3);
    expect(fill(journal, 6)).toEqual(['other', 'here', 'here', 'none']);
    journal.close();
  });

  test('starts anew where the database has everything', () => {
    const journal = open(BYTES_OF_SIX);
    journal.append(part(0));
    journal.free(1);
    expect(fill(journal, 1)).toEqual(['here', 'here', 'here', 'other', 'here', 'here', 'none']);
    journal.close();
  });

  test('has no room for what is larger than a half', () => {
    const journal = open(BYTES_OF_SIX);
    expect(journal.roomFor(journal.mostBytes + OVERHEAD_BYTES)).toBe('here');
    expect(journal.roomFor(journal.mostBytes + OVERHEAD_BYTES + 1)).toBe('none');
    journal.close();
  });
});

describe('where to wait for the disk', () => {
  /** Each look at the clock is so much later than the one before. */
  const slow = (ms: number): Journal => {
    prepareJournal(path, BYTES);
    let nowMs = 0;
    return new Journal(path, () => (nowMs += ms), KEY);
  };

  test('a quick disk is waited for where the entries are made', () => {
    const journal = slow(0.2);
    for (let index = 0; index < 50; index++) journal.append(record(index, 1));
    expect(journal.isQuick).toBe(true);
    journal.close();
  });

  test('a slow disk is waited for elsewhere, and looked at again after a while', async () => {
    const journal = slow(20);
    journal.append(record(0, 1));
    expect(journal.isQuick).toBe(true);
    for (let index = 1; index < 8; index++) journal.append(record(index, 1));
    expect(journal.isQuick).toBe(false);
    for (let index = 8; !journal.isQuick; index++) {
      journal.free(index);
      journal.roomFor(lengthOf(record(index, 1)));
      await new Promise<void>((resolve, reject) => {
        journal.appendAway(record(index, 1), (error) => (error === null ? resolve() : reject(error)));
      });
      if (index === 9) expect(recovered(9).map((one) => one.firstIndex)).toEqual([9]);
    }
    journal.close();
  });
});

test('a store that gets a larger journal takes over both halves of the one that it had', async () => {
  const folder = join(directory, 'store');
  const first = await openSqliteStore({ directory: folder, walBytes: BYTES });
  const entry = (n: number) => ({ ...noticeEntry('x', { n: n.toString() }, 1), aside: 'x'.repeat(8_000) });
  for (let n = 0; n < 6; n++) await first.append(entry(n)).done;
  // As a crash leaves it.
  const crashed = join(directory, 'crashed');
  cpSync(folder, crashed, { recursive: true });
  await first.close();
  const second = await openSqliteStore({ directory: crashed, walBytes: BYTES * 4 });
  const rows = await second.read('entries', { from: 0, limit: 10 });
  expect(rows.map(({ leaf }) => leaf)).toEqual([0, 1, 2, 3, 4, 5].map((n) => entry(n).leaf));
  await second.close();
});

describe('on a slow disk', () => {
  test('questions are answered while entries come without a pause, and see what came before them', async () => {
    let nowMs = 0;
    const monotonicMs = (): number => (nowMs += 20);
    const store = await openSqliteStore({
      directory: join(directory, 'store'),
      walBytes: 1 << 18,
      monotonicMs,
    });
    let isOver = false;
    let appended = 0;
    const caller = async (): Promise<void> => {
      while (!isOver) {
        appended += 1;
        void store.append({ ...noticeEntry('x', {}, 1) }).done;
        await new Promise(setImmediate);
      }
    };
    const done = caller();
    for (let question = 0; question < 4; question++) {
      const before = appended;
      expect(await store.read('size', {})).toBeGreaterThanOrEqual(before);
    }
    await store.commit({ mutations: [], entries: [noticeEntry('y', {}, 1)] });
    isOver = true;
    await done;
    expect(await store.read('size', {})).toBe(appended + 1);
    await store.close();
    // The caller leaves the worker little of a processor that others want, too.
  }, 60_000);
});

test('questions between large entries don’t keep the log from being moved', async () => {
  const store = await openSqliteStore({ directory: join(directory, 'store'), walBytes: 1 << 18 });
  const entry = { ...noticeEntry('x', {}, 1), aside: 'x'.repeat(60_000) };
  for (let count = 1; count <= 40; count++) {
    await store.append(entry).done;
    expect(await store.read('size', {})).toBe(count);
  }
  await store.close();
});
