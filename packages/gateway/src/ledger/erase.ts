import { erasureEntry } from '../core/custody-entries.ts';
import type { Person } from '../core/identity.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { ErasedSubject } from '../core/subject.ts';
import type { Clock, Hashing, Random, Store } from '../ports.ts';

const SALT_BYTES = 16;

export interface ErasePorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly hashing: Hashing;
  readonly random: Random;
}

export interface EraseAsk {
  readonly subject: ErasedSubject;
  readonly by: Person;
  readonly reason: string;
}

export type EraseRefusal =
  | { readonly code: 'erasure.reason_required' | 'erasure.unknown_subject' | 'ledger.unavailable' }
  /** `by`: ids of what is not over. */
  | { readonly code: 'erasure.in_use'; readonly by: readonly string[] };

/**
 * Erases every value of a subject, and records that it did, in one transaction: the record comes before the keys go.
 * Resolves when the keys are destroyed, with the index of the record. Proofs are not touched: leaves hold commitments.
 */
export async function eraseSubject(
  { subject, by, reason }: EraseAsk,
  { store, clock, hashing, random }: ErasePorts,
): Promise<Result<{ readonly index: number; readonly atMs: number }, EraseRefusal>> {
  if (reason.trim() === '') return err({ code: 'erasure.reason_required' });
  const atMs = clock.nowMs();
  const { sha256Base64url } = hashing;
  const sealing = { salt: hashing.base64url(random.bytes(SALT_BYTES)), sha256Base64url };
  const entry = erasureEntry({ by: by.name, identity: by.identity, subject, reason }, atMs, sealing);
  try {
    const mutations = [{ kind: 'subject.erase', subject, atMs } as const];
    const committed = await store.commit({ mutations, entries: [entry] });
    if (committed.ok) return ok({ index: committed.value.firstIndex, atMs });
    const { error } = committed;
    if (error.code === 'subject.in_use') return err({ code: 'erasure.in_use', by: error.by });
    return err({ code: 'erasure.unknown_subject' });
  } catch {
    // Fails closed: nothing is said to be erased.
    return err({ code: 'ledger.unavailable' });
  }
}
