import type { Mutation, StoreRefusal } from '../store.ts';
import type { MemoryMedium } from './medium.ts';

type Of<K extends Mutation['kind']> = Extract<Mutation, { readonly kind: K }>;

export function openCanary(
  medium: MemoryMedium,
  { canary, dueAtMs, nextDueAtMs, budget }: Of<'canary.open'>,
): StoreRefusal | null {
  if (medium.canaryPlan.get('only') !== dueAtMs) return { code: 'canary.not_due' };
  const recent = [...medium.canaries.values()].filter(({ openedAtMs }) => openedAtMs > budget.sinceMs);
  if (recent.length >= budget.most) return { code: 'canary.too_many' };
  medium.put(medium.canaryPlan, 'only', nextDueAtMs);
  medium.put(medium.canaries, canary.action, { ...canary, revealed: false });
  return null;
}

export function revealCanary(medium: MemoryMedium, { action }: Of<'canary.reveal'>): StoreRefusal | null {
  const known = medium.canaries.get(action);
  if (known === undefined || known.revealed) return { code: 'canary.missing' };
  medium.put(medium.canaries, action, { ...known, nonce: '', flaw: '', revealed: true });
  for (const [name, judgment] of [...medium.judgments])
    if (judgment.review === known.review) medium.put(medium.judgments, name, { ...judgment, canary: true });
  return null;
}
