import { describe, expect, it } from 'vitest';
import { encodeProof, parseProof, parseVkey, verifyProof } from './index.ts';
import { leafHash, logKey, makeLog, makeProof, sha256, testKey, verify } from '../test/support.ts';

const entries = Array.from({ length: 7 }, (_, at) => ({ leaf: `{"at":${at}}`, aside: null }));
const log = makeLog(entries);
const key = (await parseVkey(logKey.vkey, sha256))!;
const trust = { key, hash: sha256, verify };
const proof = await makeProof(log, 4);

describe('a proof', () => {
  it('is written in the lines of C2SP tlog-proof', () => {
    const hash = Buffer.alloc(32, 1);
    const written = encodeProof({
      index: 5,
      hashes: [hash],
      checkpoint: 'note\n',
      extra: Uint8Array.of(255),
    });
    expect(written).toBe(`c2sp.org/tlog-proof@v1\nextra /w==\nindex 5\n${hash.toString('base64')}\n\nnote\n`);
    expect(encodeProof({ index: 0, hashes: [], checkpoint: 'note\n', extra: null })).toBe(
      'c2sp.org/tlog-proof@v1\nindex 0\n\nnote\n',
    );
  });

  it('comes back as it was written', () => {
    for (const extra of [null, Uint8Array.of(), Uint8Array.of(1, 2, 3)]) {
      const parts = { index: 3, hashes: [new Uint8Array(32).fill(2)], checkpoint: log.checkpoint, extra };
      expect(parseProof(encodeProof(parts))).toEqual(parts);
    }
  });

  it('of every entry verifies, also in a tree of one', async () => {
    for (const [index, { leaf }] of entries.entries()) {
      const verified = await verifyProof(await makeProof(log, index), leafHash(leaf), trust);
      expect(verified).toMatchObject({ ok: true, index, checkpoint: { size: 7 } });
    }
    const single = makeLog(entries.slice(0, 1));
    expect((await verifyProof(await makeProof(single, 0), leafHash('{"at":0}'), trust)).ok).toBe(true);
  });

  it('does not fit another entry', async () => {
    expect(await verifyProof(proof, leafHash('{"at":5}'), trust)).toEqual({
      ok: false,
      code: 'proof.not_included',
    });
  });

  it('under a checkpoint of somebody else is refused', async () => {
    const other = await parseVkey((await testKey('other.example', new Uint8Array(32).fill(3))).vkey, sha256);
    const refused = await verifyProof(proof, leafHash('{"at":4}'), { ...trust, key: other! });
    expect(refused).toEqual({ ok: false, code: 'note.unknown_signer' });
  });

  it.each([
    ['another header', proof.replace('@v1', '@v2')],
    ['no index', proof.replace('index 4\n', '')],
    ['an index with a leading zero', proof.replace('index 4', 'index 04')],
    ['a negative index', proof.replace('index 4', 'index -1')],
    ['an index beyond 2^53 - 1', proof.replace('index 4', 'index 9007199254740992')],
    ['extra data that is not base64', proof.replace('index 4', 'extra !\nindex 4')],
    ['extra data twice', proof.replace('index 4', 'extra AQ==\nextra AQ==\nindex 4')],
    ['extra data after the index', proof.replace('index 4', 'index 4\nextra AQ==')],
    ['a hash of 31 bytes', proof.replace('index 4', `index 4\n${Buffer.alloc(31).toString('base64')}`)],
    [
      '54 hashes',
      proof.replace('index 4', `index 4${`\n${Buffer.alloc(32).toString('base64')}`.repeat(54)}`),
    ],
    ['Windows line ends', proof.replaceAll('\n', '\r\n')],
    ['no checkpoint', 'c2sp.org/tlog-proof@v1\nindex 4\n'],
    ['nothing', ''],
    ['two megabytes', `${proof}${'x'.repeat(2_000_000)}`],
  ])('with %s is malformed', async (_, text) => {
    expect(await verifyProof(text, leafHash('{"at":4}'), trust)).toEqual({
      ok: false,
      code: 'proof.malformed',
    });
  });
});
