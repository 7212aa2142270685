import { getRandomValues, hash } from 'node:crypto';
import type { Clock, Hashing, Random } from './ports.ts';

/** How much randomness is drawn at once: an id takes ten bytes, a system call costs as much as a hundred ids. */
const POOL_BYTES = 8192;

export const clock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
};

/** Bytes that were handed out are erased from the pool, so that a key is never in memory twice. */
function createRandom(): Random {
  const pool = new Uint8Array(POOL_BYTES);
  let used = POOL_BYTES;
  return {
    bytes(count) {
      if (count > POOL_BYTES) return drawInParts(count);
      if (used + count > POOL_BYTES) {
        getRandomValues(pool);
        used = 0;
      }
      const drawn = pool.slice(used, used + count);
      pool.fill(0, used, used + count);
      used += count;
      return drawn;
    },
  };
}

/** Web Cryptography §10.1.1: one call gives 65,536 bytes at most. */
function drawInParts(count: number): Uint8Array {
  const drawn = new Uint8Array(count);
  for (let at = 0; at < count; at += POOL_BYTES) getRandomValues(drawn.subarray(at, at + POOL_BYTES));
  return drawn;
}

export const hashing: Hashing = {
  sha256: (data) => hash('sha256', data, 'buffer'),
  sha256Hex: (data) => hash('sha256', data, 'hex'),
  sha256Base64url: (data) => hash('sha256', data, 'base64url'),
  base64url: (data) => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64url'),
};

/** The one source of randomness of the process. */
export const random: Random = createRandom();
