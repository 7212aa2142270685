import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { clock, hashing, random } from './system.ts';

test('random bytes are new each time, of any length, across the ends of the pool', () => {
  const seen = new Set<string>();
  for (let round = 0; round < 3000; round++) {
    const bytes = random.bytes(10);
    expect(bytes).toHaveLength(10);
    seen.add(Buffer.from(bytes).toString('hex'));
  }
  expect(seen.size).toBe(3000);
  const large = random.bytes(20_000);
  expect(large).toHaveLength(20_000);
  expect(new Set(large.subarray(19_000)).size).toBeGreaterThan(100);
});

test('the caller owns what it gets: writing to it changes no later bytes', () => {
  const first = random.bytes(16);
  first.fill(0);
  expect(random.bytes(16).some((byte) => byte !== 0)).toBe(true);
});

test('hashes are SHA-256 in each form', () => {
  const expected = createHash('sha256').update('sally');
  expect(hashing.sha256Hex('sally')).toBe(expected.copy().digest('hex'));
  expect(hashing.sha256Base64url(Buffer.from('sally'))).toBe(expected.copy().digest('base64url'));
  expect(hashing.base64url(Uint8Array.of(9, 251, 255).subarray(1))).toBe('-_8');
  expect(Buffer.from(hashing.sha256('sally')).equals(expected.digest())).toBe(true);
});

test('the clock runs a callback once, later, unless it is cancelled', async () => {
  const ran: string[] = [];
  const cancel = clock.after(1, () => ran.push('cancelled'));
  cancel();
  await new Promise<void>((resolve) => {
    clock.after(5, () => {
      ran.push('kept');
      resolve();
    });
    setTimeout(() => undefined, 50);
  });
  expect(ran).toEqual(['kept']);
  expect(clock.monotonicMs()).toBeGreaterThan(0);
  expect(Math.abs(clock.nowMs() - Date.now())).toBeLessThan(1000);
});
