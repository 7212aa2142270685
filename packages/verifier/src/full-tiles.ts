import { decodeBundle, encodeBundle } from './bundle.ts';
import type { ReadFile } from './folder-tiles.ts';
import { HASH_BYTES } from './hash.ts';

const PARTIAL = /^(tile\/(entries|\d+)\/.+)\.p\/(\d+)$/;

/**
 * Reads the beginning of the full tile, or of the full bundle, where a partial one is not there: a log may drop those
 * once the full one exists, while somebody reads it (C2SP tlog-tiles, "Partial Tiles").
 */
export function orFullTiles(read: ReadFile): ReadFile {
  return async (path) => {
    const bytes = await read(path);
    const [, full, level, width] = PARTIAL.exec(path) ?? [];
    if (bytes !== undefined || full === undefined) return bytes;
    const whole = await read(full);
    if (whole === undefined || level !== 'entries') return whole?.subarray(0, Number(width) * HASH_BYTES);
    const entries = decodeBundle(whole);
    return entries === undefined ? whole : encodeBundle(entries.slice(0, Number(width)));
  };
}
