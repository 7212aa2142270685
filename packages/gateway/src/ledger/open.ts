import type { ActionId } from '../core/ids.ts';
import type { Person } from '../core/identity.ts';
import type { Clock, Hashing, Random, Store } from '../ports.ts';
import type { Log } from '../telemetry/log.ts';
import { eraseSubject, type EraseAsk } from './erase.ts';
import { LedgerError } from './error.ts';
import { KeyToken, type TokenOptions } from './key-token.ts';
import { openKeys, type LedgerKeys } from './keys.ts';
import { Publisher } from './publisher.ts';
import { Mirror, type MirrorStatus } from './mirror.ts';
import { PublicFolder } from './public-folder.ts';
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
  /** The folder in which the log is published as files; null: in none. */
  readonly published: string | null;
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
  const mirror = mirrorOf(options, keys);
  const publisher = new Publisher({ ...options, keys, witnesses, published: () => mirror?.wake() });
  await publisher.start();
  try {
    await confirm(publisher);
    await mirror?.start();
  } catch (error) {
    await publisher.close();
    throw error;
  }
  return {
    origin,
    get vkey(): string {
      return keys.vkey;
    },
    /** How far the folder is; null where there is none. */
    get mirror(): MirrorStatus | null {
      return mirror?.status ?? null;
    },
    publishNow: () => publisher.publishNow(),
    receipt: (action: ActionId) => makeReceipt(action, { store, keys, publisher }),
    erase: (ask: EraseAsk) => eraseSubject(ask, options),
    rotate: (by: Person) => rotateKey(by, { store, keys, publisher, clock, log }),
    close: async () => {
      await publisher.close();
      await mirror?.close();
    },
  };
}

function mirrorOf(options: LedgerOptions, keys: LedgerKeys): Mirror | null {
  const { published, directory: state } = options;
  return published === null
    ? null
    : new Mirror({ ...options, keys, state, folder: new PublicFolder(published) });
}

async function confirm(publisher: Publisher): Promise<void> {
  try {
    await publisher.confirm();
  } catch (error) {
    // Their absence is reported, and keeps nobody from working; their contradiction does.
    if (!(error instanceof LedgerError && error.code === 'witness.away')) throw error;
  }
}
