import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeAddCheckpoint, parseAddCheckpoint } from './index.ts';

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const note = 'log.example\n1\nAAAA\n\n— log.example AAAA\n';

it('is read as it was written', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.array(hash, { maxLength: 63 }), (oldSize, proof) => {
      expect(parseAddCheckpoint(encodeAddCheckpoint({ oldSize, proof, note }))).toEqual({
        oldSize,
        proof,
        note,
      });
    }),
  );
});

it.each([
  ['nothing', ''],
  ['no empty line', 'old 1\n'],
  ['no old size', `AAAA\n\n${note}`],
  ['a size with a leading zero', `old 01\n\n${note}`],
  ['a negative size', `old -1\n\n${note}`],
  ['a hash that is too short', `old 1\nAAAA\n\n${note}`],
  ['a hash that is no base64', `old 1\n${'!'.repeat(44)}\n\n${note}`],
  ['64 lines of proof', encodeAddCheckpoint({ oldSize: 1, proof: Array(64).fill(new Uint8Array(32)), note })],
])('refuses %s', (_, body) => {
  expect(parseAddCheckpoint(body)).toBeUndefined();
});

it('never throws', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      parseAddCheckpoint(text);
      parseAddCheckpoint(`old 1\n${text}`);
    }),
  );
});
