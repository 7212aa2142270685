import { TILE_WIDTH, changedTiles, leafInput, nodeInput, verifyLog } from '@sallyport/verifier';
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { LedgerKeys } from '../../src/ledger/keys.ts';
import { verifyEd25519 } from '../../src/ledger/ed25519.ts';
import type { Store } from '../../src/ports.ts';

const sha256 = (data: Uint8Array): Uint8Array => createHash('sha256').update(data).digest();

/** The hashes of one level of tiles, out of those of the level below: complete subtrees only. */
function levelAbove(hashes: readonly Uint8Array[]): Uint8Array[] {
  let row = hashes.slice(0, hashes.length - (hashes.length % TILE_WIDTH));
  for (let width = TILE_WIDTH; width > 1; width /= 2) {
    row = Array.from({ length: row.length / 2 }, (_, at) =>
      sha256(nodeInput(row[2 * at]!, row[2 * at + 1]!)),
    );
  }
  return row;
}

const joined = (hashes: readonly Uint8Array[]): string => Buffer.concat(hashes).toString('hex');

/**
 * Re-verifies the whole log by other means than those that wrote it: dense indices, leaf hashes, every tile, signature
 * and root of the checkpoint, and the rules. Call after every step. Returns how many entries the checkpoint covers.
 */
export async function checkLog(store: Store, keys: LedgerKeys): Promise<number> {
  const size = await store.read('size', {});
  const rows = await store.read('entries', { from: 0, limit: size + 1 });
  expect(rows.map(({ index }) => index)).toEqual(Array.from({ length: size }, (_, index) => index));
  const leafHashes = rows.map(({ leaf }) => sha256(leafInput(Buffer.from(leaf))));
  expect(Buffer.from(await store.read('leafHashes', { from: 0, limit: size })).toString('hex')).toBe(
    joined(leafHashes),
  );
  const checkpoint = await store.read('checkpoint', {});
  if (checkpoint === null) return 0;
  expect(checkpoint.size).toBeLessThanOrEqual(size);
  const report = await verifyLog({
    entries: rows,
    checkpoint: checkpoint.note,
    earlier: [],
    trustedKey: keys.vkey,
    hash: sha256,
    verify: verifyEd25519,
  });
  expect(report.findings).toEqual([]);
  expect(report.covered).toBe(checkpoint.size);
  const levels = [leafHashes.slice(0, checkpoint.size)];
  for (const { level, index, width } of changedTiles(0, checkpoint.size)) {
    levels[level] ??= levelAbove(levels[level - 1]!);
    const tile = await store.read('tile', { level, index });
    const expected = levels[level].slice(index * TILE_WIDTH, index * TILE_WIDTH + width);
    expect(Buffer.from(tile!.hashes).toString('hex'), `tile ${level}/${index}`).toBe(joined(expected));
  }
  return checkpoint.size;
}
