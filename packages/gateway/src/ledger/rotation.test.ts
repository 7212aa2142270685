import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyLog, webCryptoVerifier } from '@sallyport/verifier';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkLog } from '../../test/support/check-log.ts';
import { appendNotices, startLedger, temporaryDirectory } from '../../test/support/ledger.ts';
import type { TestLedger } from '../../test/support/ledger.ts';
import type { Person } from '../core/identity.ts';
import { MemoryMedium } from '../stores/memory/medium.ts';
import { createMemoryStore } from '../stores/memory/store.ts';
import type { KeyCustody } from './key-custody.ts';
import { rotateKey } from './rotation.ts';

let medium: MemoryMedium;
let home: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  medium = new MemoryMedium();
  home = temporaryDirectory();
});
afterEach(() => home.remove());

const sam = { kind: 'person', name: 'sam', identity: 'sam' } as Person;
const start = (): Promise<TestLedger> => startLedger(createMemoryStore({ medium }), home.directory);
const rotate = (ledger: TestLedger) =>
  rotateKey(sam, { ...ledger, log: { ledgerFailed: ({ error }) => void ledger.failures.push(error) } });

/** What somebody with this key says of the log. */
async function codesFor({ store }: TestLedger, trustedKey: string): Promise<string[]> {
  const entries = await store.read('entries', { from: 0, limit: 10_000 });
  const checkpoint = (await store.read('checkpoint', {}))?.note ?? '';
  const report = await verifyLog({ entries, checkpoint, earlier: [], trustedKey, ...webCryptoVerifier() });
  return report.findings.map(({ code }) => code);
}

test('whoever trusts the first key verifies the log through any number of hand-overs', async () => {
  const ledger = await start();
  const first = ledger.keys.vkey;
  const seen = [first];
  for (let round = 0; round < 3; round++) {
    await appendNotices(ledger.store, 3);
    const rotated = await rotate(ledger);
    expect(rotated).toMatchObject({ ok: true, value: { previous: seen.at(-1), vkey: ledger.keys.vkey } });
    seen.push(ledger.keys.vkey);
    await appendNotices(ledger.store, 300);
    await ledger.publisher.publishNow();
    for (const key of seen) expect(await codesFor(ledger, key)).toEqual([]);
  }
  expect(new Set(seen).size).toBe(4);
  await ledger.publisher.close();
  const again = await start();
  expect(again.keys.vkey).toBe(seen.at(-1));
  await appendNotices(again.store, 1);
  await again.publisher.publishNow();
  expect(await checkLog(again.store, again.keys)).toBeGreaterThan(900);
  expect(await codesFor(again, first)).toEqual([]);
});

test('the key before is on the disk no more', async () => {
  const ledger = await start();
  const pem = readFileSync(join(home.directory, 'ledger-key.pem'));
  await rotate(ledger);
  for (const name of readdirSync(home.directory))
    expect(readFileSync(join(home.directory, name)).includes(pem.subarray(40, 80)), name).toBe(false);
});

test.each([
  ['before the next key is made', 'makeNext', 'key.not_rotatable', 'before'],
  ['when it is made and not named', 'sign', 'key.not_rotatable', 'before'],
  ['when it is named and not in use', 'adoptNext', 'ledger.unavailable', 'after'],
] as const)('a crash %s leaves a log that goes on with one key', async (_, point, code, then) => {
  const ledger = await start();
  await appendNotices(ledger.store, 5);
  const first = ledger.keys.vkey;
  const { custody } = ledger.keys;
  if (point === 'sign') {
    ledger.keys.handOver = () => Promise.reject(new Error('killed'));
  } else {
    (custody as { -readonly [K in keyof KeyCustody]: unknown })[point] = () =>
      Promise.reject(new Error('killed'));
  }
  expect(await rotate(ledger)).toEqual({ ok: false, error: code });
  await appendNotices(ledger.store, 5);
  // Named and not in use: nothing may be signed, by either key.
  if (then === 'after') await expect(ledger.publisher.publishNow()).rejects.toThrow('killed');
  else await ledger.publisher.publishNow();
  await ledger.publisher.close();
  const again = await start();
  expect(again.keys.vkey === first).toBe(then === 'before');
  expect(existsSync(join(home.directory, 'ledger-key.next.pem'))).toBe(false);
  await appendNotices(again.store, 5);
  await again.publisher.publishNow();
  expect(await codesFor(again, first)).toEqual([]);
  expect(await codesFor(again, again.keys.vkey)).toEqual([]);
});

test('a published checkpoint by the key before is gone on from, and the next one covers the hand-over', async () => {
  const ledger = await start();
  await appendNotices(ledger.store, 5);
  const first = ledger.keys.vkey;
  const publishNow = ledger.publisher.publishNow.bind(ledger.publisher);
  ledger.publisher.publishNow = () => Promise.reject(new Error('killed'));
  expect(await rotate(ledger)).toEqual({ ok: false, error: 'ledger.unavailable' });
  void publishNow;
  await ledger.publisher.close();
  const again = await start();
  await appendNotices(again.store, 1);
  await again.publisher.publishNow();
  expect(await codesFor(again, first)).toEqual([]);
});
