import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 15;
const longestMs = 6_000;

/** What `look` finds, when it finds something; an error that says what was waited for when it doesn't. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  mostMs = longestMs,
): Promise<T> {
  const deadline = performance.now() + mostMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await sleep(pollMs);
  }
}
