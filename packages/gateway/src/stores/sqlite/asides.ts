import { asideBytesOf, subjectAt } from './arena.ts';
import type { Subjects } from './subjects.ts';
import type { Vault } from './vault.ts';

/** The subject's row and the length of what is sealed, before it. */
const SEGMENT_HEAD_BYTES = 8;

const nameOf = (firstIndex: number, subject: number): string => `asides ${firstIndex} ${subject}`;

/** Of a run: asides in clear where they are to be sealed, segments where they are to be opened. */
interface Asides {
  readonly heads: Buffer;
  readonly asides: Buffer;
  readonly count: number;
}

/**
 * The asides of one row of the database: for each subject one segment, in which its asides lie one behind the other. One
 * encryption for all of a subject's entries costs little more than one for each of them would.
 */
export function sealAsides(run: Asides, firstIndex: number, subjects: Subjects, vault: Vault): Buffer {
  const bySubject = new Map<number, Buffer[]>();
  let at = 0;
  for (let ordinal = 0; ordinal < run.count; ordinal++) {
    const bytes = asideBytesOf(run.heads, ordinal);
    if (bytes < 0) continue;
    const subject = subjectAt(run.heads, ordinal);
    const own = bySubject.get(subject);
    const aside = run.asides.subarray(at, (at += bytes));
    if (own === undefined) bySubject.set(subject, [aside]);
    else own.push(aside);
  }
  return Buffer.concat(
    [...bySubject].flatMap(([subject, own]) => {
      const plain = Buffer.concat(own);
      const sealed = vault.seal(subjects.slotOf(subject), plain, nameOf(firstIndex, subject));
      plain.fill(0);
      const head = Buffer.alloc(SEGMENT_HEAD_BYTES);
      head.writeUInt32LE(subject);
      head.writeUInt32LE(sealed.length, 4);
      return [head, sealed];
    }),
  );
}

/** The aside of each entry; null where there is none, and where its key was destroyed. */
export function openAsides(run: Asides, firstIndex: number, vault: Vault): (string | null)[] {
  const segments = new Map<number, { readonly plain: Buffer | null; at: number }>();
  for (let at = 0; at + SEGMENT_HEAD_BYTES <= run.asides.length;) {
    const subject = run.asides.readUInt32LE(at);
    const from = at + SEGMENT_HEAD_BYTES;
    at = from + run.asides.readUInt32LE(at + 4);
    const plain = vault.open(run.asides.subarray(from, at), nameOf(firstIndex, subject));
    segments.set(subject, { plain, at: 0 });
  }
  return Array.from({ length: run.count }, (_, ordinal) => {
    const bytes = asideBytesOf(run.heads, ordinal);
    const segment = bytes < 0 ? undefined : segments.get(subjectAt(run.heads, ordinal));
    if (segment === undefined || segment.plain === null) return null;
    const { at } = segment;
    segment.at += bytes;
    return segment.plain.toString('utf8', at, segment.at);
  });
}
