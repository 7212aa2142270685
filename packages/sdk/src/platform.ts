/** What the sdk takes from the machine that it runs on, and nothing else does. */
export const nowMs = (): number => Date.now();

/** Cryptographic. */
export const drawBytes = (count: number): Uint8Array => crypto.getRandomValues(new Uint8Array(count));

export const drawKey = (): string => crypto.randomUUID();
