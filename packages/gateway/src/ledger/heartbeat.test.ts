import { decodeLeaf } from '@sallyport/verifier';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { checkLog } from '../../test/support/check-log.ts';
import { appendNotices, startLedger, temporaryDirectory } from '../../test/support/ledger.ts';
import type { TestLedger } from '../../test/support/ledger.ts';
import { createMemoryStore } from '../stores/memory/store.ts';
import { random } from '../system.ts';
import { HEARTBEAT_PERIOD_MS, HeartbeatWriter } from './heartbeat.ts';

let home: ReturnType<typeof temporaryDirectory>;
let ledger: TestLedger;

beforeEach(async () => {
  home = temporaryDirectory();
  ledger = await startLedger(createMemoryStore(), home.directory);
});
afterEach(async () => {
  await ledger.publisher.close();
  home.remove();
});

const ofRun = (): HeartbeatWriter => {
  const { store, clock, failures } = ledger;
  const log = { ledgerFailed: ({ error }: { readonly error: unknown }) => void failures.push(error) };
  const writer = new HeartbeatWriter({ store, clock, random, log });
  writer.start();
  return writer;
};

/** One period, until what it set off is written or has failed. */
const pass = async (): Promise<void> => {
  const settled = async (): Promise<number> => (await beats()).length + ledger.failures.length;
  const before = await settled();
  ledger.clock.advance(HEARTBEAT_PERIOD_MS);
  await vi.waitFor(async () => expect(await settled()).toBe(before + 1), { timeout: 10_000, interval: 2 });
};

const beats = async () => {
  const rows = await ledger.store.read('entries', { from: 0, limit: 1_000 });
  return rows.flatMap(({ leaf, index }) => {
    const decoded = decodeLeaf(leaf);
    return decoded.ok && decoded.leaf.kind === 'heartbeat' ? [{ index, ...decoded.leaf.heartbeat }] : [];
  });
};

test('a gateway says once a minute that it lives, and what it saw; each start counts anew', async () => {
  const first = ofRun();
  await pass();
  await appendNotices(ledger.store, 5);
  await pass();
  await first.close();
  const second = ofRun();
  await pass();
  await second.close();
  const told = await beats();
  expect(told.map(({ index, beat, entries }) => ({ index, beat, entries }))).toEqual([
    { index: 0, beat: 0, entries: 0 },
    { index: 6, beat: 1, entries: 6 },
    { index: 7, beat: 0, entries: 7 },
  ]);
  expect(new Set(told.map(({ gateway }) => gateway)).size).toBe(2);
  await ledger.publisher.publishNow();
  expect(await checkLog(ledger.store, ledger.keys)).toBe(8);
});

test('a closed one says nothing more', async () => {
  const writer = ofRun();
  await writer.close();
  ledger.clock.advance(HEARTBEAT_PERIOD_MS * 3);
  await appendNotices(ledger.store, 1);
  expect(await beats()).toEqual([]);
});

test('a beat that was not durable is not counted, and the next one tries', async () => {
  const { store, failures } = ledger;
  const append = store.append.bind(store);
  store.append = () => ({ done: Promise.reject(new Error('the disk is full')), index: 0 }) as never;
  const writer = ofRun();
  await pass();
  expect(failures).toHaveLength(1);
  store.append = append;
  await pass();
  await writer.close();
  expect(await beats()).toMatchObject([{ beat: 0 }]);
});

test('a store that lost what was durable shows in the next beat', async () => {
  await appendNotices(ledger.store, 9);
  const writer = ofRun();
  await pass();
  const read = ledger.store.read.bind(ledger.store);
  ledger.store.read = ((kind: string, ask: never) =>
    kind === 'size' ? 3 : read(kind as never, ask)) as never;
  await pass();
  await writer.close();
  ledger.store.read = read;
  expect(await beats()).toMatchObject([{ entries: 9 }, { entries: 9 }]);
});
