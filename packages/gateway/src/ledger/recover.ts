import { outcomeEntry, type UsageShape } from '../core/entry.ts';
import { parseId } from '../core/ids.ts';
import type { Clock, Mutation, Outbox, Store } from '../ports.ts';

export interface RecoverPorts {
  readonly store: Store;
  readonly clock: Clock;
  /** Left out: nobody outside is told. */
  readonly outbox?: Outbox;
  /** What an intent's leaf says that it uses. Left out: it counts nowhere. */
  readonly usageOf?: (leaf: string) => UsageShape | null;
}

const UNKNOWN = { status: 'unknown', rows: 0, bytes: 0, durationMs: 0, code: 'gateway.crashed' } as const;

/**
 * Call at start, before anything is accepted. An intent without an outcome may have been performed: it becomes
 * `unknown`, is counted as a use of its data, and is never run again by itself. Resolves with how many there were, when that is durable. A crash in
 * between leaves the rest for the next start.
 */
export async function recover({ store, clock, outbox, usageOf }: RecoverPorts): Promise<number> {
  const open = await store.read('openIntents', {});
  const recorded = open.map(async ({ action, index }) => {
    const [intent] = await store.read('entries', { from: index, limit: 1 });
    const leaf = intent?.leaf ?? '{}';
    const mutations = outbox === undefined ? [] : await toTell(leaf, store, outbox);
    const entry = outcomeEntry(action, clock.nowMs(), UNKNOWN, usageOf?.(leaf) ?? null);
    if (mutations.length === 0) await store.append(entry).done;
    else await store.commit({ mutations, entries: [entry] });
  });
  await Promise.all(recorded);
  return open.length;
}

/** Those who were told of the review behind an intent hear what came of it, too. */
async function toTell(leaf: string, store: Store, outbox: Outbox): Promise<readonly Mutation[]> {
  const { review: named } = JSON.parse(leaf) as { readonly review?: unknown };
  const id = typeof named === 'string' ? parseId('rev', named) : undefined;
  const review = id === undefined ? null : await store.read('review', { id });
  return review === null ? [] : outbox.tell(review, { kind: 'outcome', status: 'unknown', rows: 0 });
}
