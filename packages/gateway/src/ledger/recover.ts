import { outcomeEntry } from '../core/entry.ts';
import type { Clock, Store } from '../ports.ts';

export interface RecoverPorts {
  readonly store: Store;
  readonly clock: Clock;
}

/**
 * Call at start, before anything is accepted. An intent without an outcome may have been performed: it becomes
 * `unknown` and is never run again by itself. Resolves with how many there were, when that is durable. A crash in
 * between leaves the rest for the next start.
 */
export async function recover({ store, clock }: RecoverPorts): Promise<number> {
  const open = await store.read('openIntents', {});
  const unknown = { status: 'unknown', rows: 0, bytes: 0, durationMs: 0, code: 'gateway.crashed' } as const;
  const recorded = open.map(({ action }) => store.append(outcomeEntry(action, clock.nowMs(), unknown, null)));
  await Promise.all(recorded.map(({ done }) => done));
  return open.length;
}
