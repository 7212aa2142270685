/** Entries or hashes of a full tile (C2SP tlog-tiles). */
export const tileWidth = 256;
const hashBytes = 32;

/** `level` null: a bundle of entries. `width` below 256: a partial tile. */
export interface TilePath {
  readonly level: number | null;
  readonly index: number;
  readonly width: number;
}

const shape = /^(entries|[0-5]?\d|6[0-3])\/((?:x\d{3}\/)*\d{3})(?:\.p\/([1-9]\d{0,2}))?$/;

/** What follows `tile/` in C2SP tlog-tiles: `0/x001/234`, `entries/000.p/5`; undefined where it is not canonical. */
export function parseTilePath(path: string): TilePath | undefined {
  const match = shape.exec(path);
  const [, level, groups, partial] = match ?? [];
  if (level === undefined || groups === undefined || /^0\d/.test(level) || /^x000\//.test(groups))
    return undefined;
  const width = partial === undefined ? tileWidth : Number(partial);
  const index = Number(groups.replaceAll(/[x/]/g, ''));
  if (!Number.isSafeInteger(index * tileWidth) || (partial !== undefined && width >= tileWidth))
    return undefined;
  return { level: level === 'entries' ? null : Number(level), index, width };
}

/** Entries, each behind its length in 16 bits, big-endian. */
export function encodeBundle(leaves: readonly string[]): Uint8Array<ArrayBuffer> {
  const encoded = leaves.map((leaf) => Buffer.from(leaf, 'utf8'));
  const bundle = Buffer.alloc(encoded.reduce((total, leaf) => total + 2 + leaf.length, 0));
  let at = 0;
  for (const leaf of encoded) {
    at = bundle.writeUInt16BE(leaf.length, at);
    at += leaf.copy(bundle, at);
  }
  return new Uint8Array(bundle);
}

/** The first `width` hashes; undefined where the tile has fewer. */
export function sliceHashes(hashes: Uint8Array, width: number): Uint8Array<ArrayBuffer> | undefined {
  return hashes.length < width * hashBytes
    ? undefined
    : new Uint8Array(hashes.subarray(0, width * hashBytes));
}
