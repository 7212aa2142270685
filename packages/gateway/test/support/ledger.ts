import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noticeEntry } from '../../src/core/entry.ts';
import { openKeys } from '../../src/ledger/keys.ts';
import type { LedgerKeys } from '../../src/ledger/keys.ts';
import { finishRotation } from '../../src/ledger/rotation.ts';
import { Publisher } from '../../src/ledger/publisher.ts';
import type { Store } from '../../src/ports.ts';
import { hashing } from '../../src/system.ts';
import { createFakeClock } from './fake-clock.ts';
import type { FakeClock } from './fake-clock.ts';

/** A directory that the function it comes with removes. */
export function temporaryDirectory(): { readonly directory: string; readonly remove: () => void } {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-test-'));
  return {
    directory,
    remove: () => {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export interface TestLedger {
  readonly store: Store;
  readonly keys: LedgerKeys;
  readonly clock: FakeClock;
  readonly publisher: Publisher;
  readonly failures: unknown[];
}

/** A publisher over a store, started, with a clock that the test moves. */
export async function startLedger(
  store: Store,
  directory: string,
  origin = 'log.example',
): Promise<TestLedger> {
  const keys = await openKeys({ directory, origin });
  await finishRotation(store, keys);
  const clock = createFakeClock();
  const failures: unknown[] = [];
  const log = {
    checkpointPublished: () => undefined,
    ledgerFailed: ({ error }: { readonly error: unknown }) => void failures.push(error),
  };
  const publisher = new Publisher({ store, keys, clock, hashing, log });
  await publisher.start();
  return { store, keys, clock, publisher, failures };
}

/** Appends so many notices, and waits until they are durable. */
export async function appendNotices(store: Store, count: number): Promise<void> {
  let done: Promise<void> = Promise.resolve();
  for (let at = 0; at < count; at++) done = store.append(noticeEntry('test', { number: String(at) }, 1)).done;
  await done;
}
