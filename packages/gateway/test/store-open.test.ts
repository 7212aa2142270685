import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Store } from '../src/ports.ts';
import { openSqliteStore } from '../src/stores/sqlite/store.ts';
import { sampleEntry } from '../src/stores/compliance-samples.ts';
import { startStoreChild } from './support/child.ts';
import { temporaryDirectory } from './support/ledger.ts';

let home: ReturnType<typeof temporaryDirectory>;
const stores: Store[] = [];
beforeEach(() => {
  home = temporaryDirectory();
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  home.remove();
});

const file = (): string => join(home.directory, 'store.db');
async function open(directory = home.directory): Promise<Store> {
  const store = await openSqliteStore({ directory, walBytes: 1 << 18 });
  stores.push(store);
  return store;
}

/** Leaves a store with one entry behind. */
async function fill(leaf = '{"some":"entry"}'): Promise<void> {
  const store = await open();
  await store.append(sampleEntry('notice', null, { leaf })).done;
  await store.close();
}

test('a state directory that another process has open is refused, with the way out', async () => {
  const store = await open();
  const child = startStoreChild({ directory: home.directory, mode: 'open' });
  await child.ended;
  expect(child.reports).toEqual([{ error: 'store.locked' }]);
  await expect(open()).rejects.toThrow(/store\.locked: .*stop it/);
  await store.append(sampleEntry('notice', null)).done;
});

test('files are for their owner only, and so is a directory that is made', async () => {
  const directory = join(home.directory, 'state');
  const store = await open(directory);
  await store.append(sampleEntry('notice', null)).done;
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  expect(readdirSync(directory).length).toBeGreaterThan(1);
  for (const name of readdirSync(directory))
    expect(statSync(join(directory, name)).mode & 0o777, name).toBe(0o600);
});

test('a store of a later release is refused and left as it is', async () => {
  await fill();
  const database = new Database(file());
  database.pragma('user_version = 99');
  database.close();
  const before = readFileSync(file());
  await expect(open()).rejects.toThrow(/store\.newer: .*start a newer release/);
  expect(readFileSync(file()).equals(before)).toBe(true);
});

test.each([
  ['a file of something else', () => Buffer.from('not a database at all '.repeat(400))],
  ['a header that was overwritten', () => readFileSync(file()).fill(7, 0, 100)],
  ['a file that was cut off', () => readFileSync(file()).subarray(0, 8192 * 3)],
  [
    'an entry that was edited',
    () => Buffer.from(readFileSync(file(), 'latin1').replace('"some":"entry"', '"some":"other"'), 'latin1'),
  ],
])('%s is refused', async (_, damage) => {
  await fill();
  writeFileSync(file(), damage());
  await expect(open()).rejects.toMatchObject({ code: 'store.corrupt' });
});

test('a database of another program is refused and not written to', async () => {
  const database = new Database(file());
  database.exec('CREATE TABLE theirs (x)');
  database.close();
  const before = readFileSync(file());
  await expect(open()).rejects.toThrow('store.corrupt: the file is not a store of Sallyport');
  expect(readFileSync(file()).equals(before)).toBe(true);
});

test('a directory that cannot be written is refused', async () => {
  writeFileSync(join(home.directory, 'plain'), '');
  await expect(open(join(home.directory, 'plain', 'state'))).rejects.toMatchObject({ code: 'store.failed' });
  expect(existsSync(join(home.directory, 'plain', 'state'))).toBe(false);
});
