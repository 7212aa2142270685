import type { ActionId } from '../core/ids.ts';
import type { Person } from '../core/identity.ts';
import type { Clock, Hashing, Random, Store } from '../ports.ts';
import type { Log } from '../telemetry/log.ts';
import { eraseSubject, type EraseAsk } from './erase.ts';
import { LedgerError } from './error.ts';
import { KeyToken, type TokenOptions } from './key-token.ts';
import { openKeys } from './keys.ts';
import { Publisher } from './publisher.ts';
import { makeReceipt } from './receipt.ts';
import { finishRotation, rotateKey } from './rotation.ts';
import { Witnesses, type WitnessPolicy } from './witnesses.ts';

export interface LedgerOptions {
  /** The state directory. */
  readonly directory: string;
  readonly origin: string;
  /** Null: the key is in a file of the state directory. */
  readonly token: Pick<TokenOptions, 'module' | 'token' | 'pin'> | null;
  readonly witnesses: WitnessPolicy;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly hashing: Hashing;
  readonly log: Log;
}

export type Ledger = Awaited<ReturnType<typeof openLedger>>;

/**
 * The log over the store's entries. Adds nothing to it: rejects with a `LedgerError`, and leaves everything as it is,
 * where what is there can't be gone on from.
 */
export async function openLedger(options: LedgerOptions) {
  const { directory, origin, token, store, clock, random, log } = options;
  const custody = token === null ? {} : { custody: new KeyToken({ directory, ...token, random }) };
  const keys = await openKeys({ directory, origin, ...custody });
  await finishRotation(store, keys);
  const witnesses = await Witnesses.open(options.witnesses, { clock, log, fetch });
  const publisher = new Publisher({ ...options, keys, witnesses });
  await publisher.start();
  await publisher.confirm().catch((error: unknown) => {
    // Their absence is reported, and keeps nobody from working; their contradiction does.
    if (!(error instanceof LedgerError && error.code === 'witness.away')) throw error;
  });
  return {
    origin,
    get vkey(): string {
      return keys.vkey;
    },
    publishNow: () => publisher.publishNow(),
    receipt: (action: ActionId) => makeReceipt(action, { store, keys, publisher }),
    erase: (ask: EraseAsk) => eraseSubject(ask, options),
    rotate: (by: Person) => rotateKey(by, { store, keys, publisher, clock, log }),
    close: () => publisher.close(),
  };
}
