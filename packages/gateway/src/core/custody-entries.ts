import { canonicalize, type Handover } from '@sallyport/verifier';
import { entry, sealValues, type SealedEntry, type Sealing } from './entry.ts';
import { subjectOf, type ErasedSubject } from './subject.ts';

export interface Erasure {
  readonly by: string;
  readonly identity: string;
  readonly subject: ErasedSubject;
  /** The person's own words. */
  readonly reason: string;
}

/** Somebody's values are erased. The reason is beside the leaf; it is of the person who gave it. */
export function erasureEntry(
  { by, identity, subject, reason }: Erasure,
  atMs: number,
  sealing: Sealing,
): SealedEntry {
  const { aside, commitment } = sealValues({ text: reason }, sealing);
  const leaf = canonicalize({
    action: null,
    at: atMs,
    commitment,
    erasure: { by, identity, subject: { kind: subject.kind, name: subject.name } },
    kind: 'erasure',
    version: 1,
  });
  return entry('erasure', { action: null, atMs }, leaf, {
    aside,
    subject: subjectOf({ agent: '', onBehalfOf: by }),
  });
}

/** The log's key names the next one, and signs that it does. */
export function keyEntry({ previous, next, signature }: Handover, atMs: number): SealedEntry {
  const key = { next, previous, signature };
  const leaf = canonicalize({ action: null, at: atMs, key, kind: 'key', version: 1 });
  return entry('key', { action: null, atMs }, leaf, null);
}
