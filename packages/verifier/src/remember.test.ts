import { expect, it } from 'vitest';
import type { VerifySignature } from './note.ts';
import { rememberLast } from './remember.ts';

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);

it('a signature that was just verified is not verified again, and any other is', async () => {
  const asked: string[] = [];
  const verify: VerifySignature = (key, message, signature) => {
    asked.push([key, message, signature].join(' '));
    return message[0] === 1;
  };
  const remembering = rememberLast(verify);
  expect(await remembering(bytes(9), bytes(1), bytes(7))).toBe(true);
  expect(await remembering(bytes(9), bytes(1), bytes(7))).toBe(true);
  expect(asked).toEqual(['9 1 7']);
  // What differs in any of the three is asked for, and its answer is its own.
  expect(await remembering(bytes(9), bytes(2), bytes(7))).toBe(false);
  expect(await remembering(bytes(9), bytes(2), bytes(7))).toBe(false);
  expect(await remembering(bytes(8), bytes(2), bytes(7))).toBe(false);
  expect(await remembering(bytes(8), bytes(1), bytes(7))).toBe(true);
  expect(await remembering(bytes(8), bytes(1), bytes(6))).toBe(true);
  expect(asked).toEqual(['9 1 7', '9 2 7', '8 2 7', '8 1 7', '8 1 6']);
});
