import { expect, it } from 'vitest';
import { longLog, makeFolder, readerOf } from '../test/folder.ts';
import { logKey, sha256, utf8, verify } from '../test/support.ts';
import { encodeBundle, orFullTiles, verifyFolder } from './index.ts';

const read = orFullTiles(
  readerOf(
    new Map([
      ['tile/0/000', new Uint8Array(256 * 32).map((_, at) => at / 32)],
      ['tile/entries/000', encodeBundle([utf8('a'), utf8('bc'), utf8('d')])],
      ['tile/entries/001', utf8('x')],
      ['tile/0/001.p/1', new Uint8Array(32)],
      ['tile/0/001', new Uint8Array(256 * 32).fill(9)],
    ]),
  ),
);

it('a partial tile that was dropped is the beginning of the full one', async () => {
  const hashes = await read('tile/0/000.p/3');
  expect(hashes).toEqual(new Uint8Array(96).map((_, at) => at / 32));
});

it('a partial bundle that was dropped is the first entries of the full one', async () => {
  expect(await read('tile/entries/000.p/2')).toEqual(encodeBundle([utf8('a'), utf8('bc')]));
});

it('a partial tile that is there is read as it is, and what is nowhere stays missing', async () => {
  expect(await read('tile/0/001.p/1')).toEqual(new Uint8Array(32));
  expect(await read('tile/0/002.p/1')).toBeUndefined();
  expect(await read('tile/0/002')).toBeUndefined();
  expect(await read('checkpoint')).toBeUndefined();
});

it('a full bundle that is none is not made one', async () => {
  expect(await read('tile/entries/001.p/1')).toEqual(utf8('x'));
});

it('a folder verifies that grew and dropped its partial tiles since its checkpoint was read', async () => {
  const before = await makeFolder(longLog(300));
  const after = await makeFolder(longLog(600));
  // Its full tile does not exist yet, so that the partial one stays.
  for (const kept of ['checkpoint', 'tile/1/000.p/1']) after.set(kept, before.get(kept) ?? utf8(''));
  const trust = { trustedKey: logKey.vkey, policy: null, earlier: [] };
  const report = await verifyFolder({ read: readerOf(after), hash: sha256, verify, ...trust });
  expect(report.findings).toEqual([]);
  expect(report).toMatchObject({ ok: true, until: 311 });
});
