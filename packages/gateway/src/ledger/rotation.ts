import { keyEntry } from '../core/custody-entries.ts';
import { noticeEntry } from '../core/entry.ts';
import type { Person } from '../core/identity.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Clock, Store } from '../ports.ts';
import type { Log } from '../telemetry/log.ts';
import { LedgerError } from './error.ts';
import { readHandovers } from './handovers.ts';
import { vkeyOf, type LedgerKeys } from './keys.ts';
import type { Publisher } from './publisher.ts';

export interface RotationPorts {
  readonly store: Store;
  readonly keys: LedgerKeys;
  readonly publisher: Publisher;
  readonly clock: Clock;
  readonly log: Pick<Log, 'ledgerFailed'>;
}

export interface Rotated {
  readonly index: number;
  readonly previous: string;
  readonly vkey: string;
}

/**
 * Call at start, before anything is published. A crash may have left the next key made and not named by the log, which
 * then goes, or named and not in use, which then follows.
 */
export async function finishRotation(store: Store, keys: LedgerKeys): Promise<void> {
  const next = await keys.custody.next();
  if (next === null) return;
  const last = (await readHandovers(store)).at(-1);
  if (last?.handover.next !== (await vkeyOf(next, keys.origin))) return keys.custody.discardNext();
  await keys.custody.adoptNext();
  await keys.reload();
}

/**
 * Makes the next key and hands over to it: the hand-over is durable before the key is used, and nothing is published in
 * between. The key before is destroyed then. Resolves when a checkpoint by the next key covers the hand-over.
 */
export async function rotateKey(
  by: Person,
  { store, keys, publisher, clock, log }: RotationPorts,
): Promise<Result<Rotated, 'key.not_rotatable' | 'ledger.unavailable'>> {
  const previous = keys.vkey;
  let index = -1;
  try {
    await publisher.handOver(async () => {
      await keys.custody.discardNext();
      const handover = await keys.handOver(await keys.custody.makeNext());
      const atMs = clock.nowMs();
      const entries = [keyEntry(handover, atMs), noticeEntry('key.rotated', { by: by.name }, atMs)];
      const committed = await store.commit({ mutations: [{ kind: 'key.handOver' }], entries });
      if (!committed.ok) throw new LedgerError('log.inconsistent', committed.error.code);
      index = committed.value.firstIndex;
      return index;
    });
    await publisher.publishNow();
    return ok({ index, previous, vkey: keys.vkey });
  } catch (error) {
    log.ledgerFailed({ error });
    return err(index < 0 ? 'key.not_rotatable' : 'ledger.unavailable');
  }
}
