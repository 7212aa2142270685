import { nameAt, objectAt, wordAt } from './leaf-members.ts';
import type { JsonObject } from './leaf-members.ts';

/** Somebody's values were erased: what was beside earlier entries of this subject is there no more. */
export interface ErasureRecord {
  /** The person who had it done. */
  readonly by: string;
  readonly subject: { readonly kind: 'agent' | 'person'; readonly name: string };
}

export function erasureOf(leaf: JsonObject): ErasureRecord {
  const erasure = objectAt(leaf, 'erasure');
  const subject = objectAt(erasure, 'subject');
  const kind = wordAt(subject, 'kind', ['agent', 'person']);
  return { by: nameAt(erasure, 'by'), subject: { kind, name: nameAt(subject, 'name') } };
}
