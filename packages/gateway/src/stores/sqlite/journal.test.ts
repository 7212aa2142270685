import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { noticeEntry } from '../../core/entry.ts';
import { HEAD_BYTES, USAGE_FIELDS } from './arena.ts';
import { Journal, type JournalRecord } from './journal.ts';
import { openSqliteStore } from './store.ts';

const BYTES = 1 << 16;
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

function write(records: readonly JournalRecord[], restartBefore = -1): void {
  const journal = new Journal(path, BYTES);
  for (const [at, one] of records.entries()) {
    if (at === restartBefore) journal.restart();
    journal.append(one);
  }
  journal.close();
}

function recovered(size: number): readonly JournalRecord[] {
  const journal = new Journal(path, BYTES);
  const found = [...journal.recover(size)];
  journal.close();
  return found;
}

describe('what an earlier process left', () => {
  test('comes back whole and in order', () => {
    const records = [record(0, 3), record(3, 1), record(4, 20)];
    write(records);
    expect(recovered(0)).toEqual(records);
  });
  test('comes back from where the database ends', () => {
    write([record(0, 3), record(3, 1), record(4, 2)]);
    expect(recovered(3).map((one) => one.firstIndex)).toEqual([3, 4]);
    expect(recovered(6)).toEqual([]);
  });
  test('records of an earlier round don’t come back behind those of a later one', () => {
    write([record(0, 4), record(4, 4), record(8, 4), record(12, 1)], 3);
    expect(recovered(12).map((one) => one.firstIndex)).toEqual([12]);
  });
  test('a record that a crash cut short, or a bit that changed, ends what comes back', () => {
    const records = [record(0, 3), record(3, 2), record(5, 2)];
    write(records);
    const whole = readFileSync(path);
    const used = whole.lastIndexOf('aside 5') + 7 + USAGE_FIELDS * 8;
    fc.assert(
      fc.property(fc.nat(used - 1), fc.nat(7), (at, bit) => {
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
  test('random bytes are nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 500 }), (bytes) => {
        writeFileSync(path, bytes);
        expect(recovered(0)).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });
});

test('a full journal says so before it is written to', () => {
  const journal = new Journal(path, 4_096);
  let index = 0;
  while (journal.hasRoom(record(index, 1).run, 1)) journal.append(record(index++, 1));
  expect(index).toBeGreaterThan(10);
  journal.restart();
  expect(journal.hasRoom(record(index, 1).run, 1)).toBe(true);
  journal.close();
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
