import type { Duplex } from 'node:stream';

const NOTHING = Buffer.alloc(0);

/**
 * Bytes that a handshake waits for, in order. The source is read only when a reader waits for more than there is, so a
 * peer that sends ahead fills no memory beyond the stream's own buffer.
 */
export class Inbox {
  readonly #pull: () => void;
  #held: Buffer = NOTHING;
  #hasEnded = false;
  #waiting: { readonly count: number; readonly resolve: (bytes: Buffer | null) => void } | null = null;

  /** `pull` feeds what the source has, now or later. */
  constructor(pull: () => void) {
    this.#pull = pull;
  }

  get isWaiting(): boolean {
    return this.#waiting !== null;
  }

  /** Bytes that have come and haven't been taken. */
  get available(): number {
    return this.#held.length;
  }

  /** The first byte of what is there; the caller has waited for it. */
  get firstByte(): number | undefined {
    return this.#held[0];
  }

  /** Keeps a copy. */
  feed(chunk: Buffer): void {
    this.#held = Buffer.concat([this.#held, chunk]);
    this.#serve();
  }

  /** The source is gone: waiting readers, and all later ones, get null. */
  end(): void {
    this.#hasEnded = true;
    this.#serve();
  }

  /** Exactly `count` bytes, taken; null when the source ends before. One reader at a time. */
  async take(count: number): Promise<Buffer | null> {
    if (!(await this.has(count))) return null;
    const bytes = this.#held.subarray(0, count);
    // An empty view would keep the memory that it is a view of.
    this.#held = count === this.#held.length ? NOTHING : this.#held.subarray(count);
    return bytes;
  }

  /** Waits until `count` bytes are there, and leaves them; false when the source ends before. */
  async has(count: number): Promise<boolean> {
    const held = await new Promise<Buffer | null>((resolve) => {
      this.#waiting = { count, resolve };
      this.#serve();
    });
    return held !== null;
  }

  /** Everything that is there, taken. */
  takeAll(): Buffer {
    const bytes = this.#held;
    this.#held = NOTHING;
    return bytes;
  }

  #serve(): void {
    const waiting = this.#waiting;
    if (waiting === null) return;
    const isServed = this.#held.length >= waiting.count;
    if (!isServed && !this.#hasEnded) return this.#pull();
    this.#waiting = null;
    waiting.resolve(isServed ? this.#held : null);
  }
}

/**
 * An inbox over a stream, and a function that lets go of it: afterwards the stream is as if nobody had listened, and
 * flows when somebody listens to 'data'; what `takeAll` gives comes first.
 */
export function inboxOf(stream: Duplex): { readonly inbox: Inbox; readonly release: () => void } {
  const pull = (): void => {
    const chunk = stream.read() as Buffer | null;
    if (chunk !== null) inbox.feed(chunk);
  };
  const inbox = new Inbox(pull);
  const onReadable = () => inbox.isWaiting && pull();
  const onEnd = () => inbox.end();
  stream.on('readable', onReadable);
  // An error is followed by 'close'; the listener keeps it from being thrown.
  for (const event of ['end', 'error', 'close']) stream.on(event, onEnd);
  const release = () => {
    stream.off('readable', onReadable);
    for (const event of ['end', 'error', 'close']) stream.off(event, onEnd);
  };
  return { inbox, release };
}
