import { expect, it } from 'vitest';
import { encodeBundle, parseTilePath, sliceHashes } from './tiles.ts';

it.each([
  ['0/000', { level: 0, index: 0, width: 256 }],
  ['0/x001/x234/067', { level: 0, index: 1_234_067, width: 256 }],
  ['63/005.p/1', { level: 63, index: 5, width: 1 }],
  ['entries/x001/000.p/255', { level: null, index: 1_000, width: 255 }],
])('the path %s is a tile', (path, tile) => {
  expect(parseTilePath(path)).toEqual(tile);
});

it.each([
  '',
  '0',
  '0/0',
  '0/0000',
  '00/000',
  '64/000',
  '0/x000/001',
  '0/000.p/0',
  '0/000.p/256',
  '0/000.p/01',
  '0/000/../001',
  'entries/000/',
  'ENTRIES/000',
  `0/${'x999/'.repeat(6)}999`,
])('the path "%s" is none', (path) => {
  expect(parseTilePath(path)).toBeUndefined();
});

it('a bundle holds each entry behind its length in bytes', () => {
  expect([...encodeBundle(['a', 'é'])]).toEqual([0, 1, 97, 0, 2, 0xc3, 0xa9]);
});

it('a tile gives no more hashes than it has', () => {
  const hashes = new Uint8Array(64).fill(1);
  expect([sliceHashes(hashes, 2)?.length, sliceHashes(hashes, 3)]).toEqual([64, undefined]);
});
