import { canonicalize, parseCanonical } from './canonical.ts';
import type { JsonValue } from './canonical.ts';
import { isObject, Malformed, countAt, nameAt, objectAt } from './leaf-members.ts';

export const EXPORT_VERSION = 'sallyport/export/v1';
const MAX_MANIFEST_CHARACTERS = 65_536;

/** Unix milliseconds; null: not bounded there. An entry fits where `since` ≤ its time < `until`. */
export interface ExportQuery {
  readonly since: number | null;
  readonly until: number | null;
}

/** What an export says of itself (spec/ledger.md, "Exports"). No signature covers it: a verifier counts for itself. */
export interface Manifest {
  readonly origin: string;
  /** The size of the checkpoint beside it. */
  readonly size: number;
  readonly query: ExportQuery;
  /** The folder holds the entries `from` ≤ index < `until`: whole bundles, from the first that fits to the last. */
  readonly from: number;
  readonly until: number;
  /** Entries that fit the query, and those of the folder by kind, which are more where a bundle has others too. */
  readonly fitting: number;
  readonly kinds: Readonly<Record<string, number>>;
}

/** With a newline at its end. */
export function encodeManifest({ origin, size, query, from, until, fitting, kinds }: Manifest): string {
  const { since, until: before } = query;
  const counts = { fitting, kinds: { ...kinds } };
  const text = canonicalize({
    counts,
    from,
    origin,
    query: { since, until: before },
    size,
    until,
    version: EXPORT_VERSION,
  });
  return `${text}\n`;
}

function timeAt(value: Readonly<Record<string, JsonValue>>, name: string): number | null {
  return value[name] === null ? null : countAt(value, name);
}

function kindsOf(value: Readonly<Record<string, JsonValue>>): Record<string, number> {
  return Object.fromEntries(Object.keys(value).map((kind) => [kind, countAt(value, kind)]));
}

/** Strict: undefined for what `encodeManifest` does not write, and for a range that the log does not have. */
export function decodeManifest(text: string): Manifest | undefined {
  const parsed = parseCanonical(text.endsWith('\n') ? text.slice(0, -1) : text, MAX_MANIFEST_CHARACTERS);
  if (!parsed.ok || !isObject(parsed.value) || parsed.value['version'] !== EXPORT_VERSION) return undefined;
  try {
    const value = parsed.value;
    const query = objectAt(value, 'query');
    const counts = objectAt(value, 'counts');
    const manifest: Manifest = {
      origin: nameAt(value, 'origin'),
      size: countAt(value, 'size'),
      query: { since: timeAt(query, 'since'), until: timeAt(query, 'until') },
      from: countAt(value, 'from'),
      until: countAt(value, 'until'),
      fitting: countAt(counts, 'fitting'),
      kinds: kindsOf(objectAt(counts, 'kinds')),
    };
    const isRange = manifest.from <= manifest.until && manifest.until <= manifest.size;
    return isRange && encodeManifest(manifest).trimEnd() === text.trimEnd() ? manifest : undefined;
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

/** Whether an entry of that time is what was asked for. */
export function fits({ since, until }: ExportQuery, at: number): boolean {
  return (since === null || at >= since) && (until === null || at < until);
}
