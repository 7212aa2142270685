import type { OnReadOpts, Socket } from 'node:net';

/**
 * Takes one read's bytes. `done`: nothing refers to them any more, and the next read goes into the same memory. `kept`:
 * something does (a queue, a socket that has not written them yet), and the next read gets memory of its own.
 */
export type ChunkHandler = (chunk: Buffer) => 'done' | 'kept';

/** What one read brings at most; Node's own buffers have this size. */
const readBytes = 65_536;

/**
 * Reads into memory that is used again, which on a long result halves the work of a read and leaves nothing to collect.
 * Until somebody listens, what is read goes through the socket's stream, so that a start reads it as usual.
 */
export class DirectReads {
  readonly onread: OnReadOpts = {
    buffer: () => this.#memory,
    callback: (count) => this.#receive(count),
  };
  #memory = Buffer.allocUnsafeSlow(readBytes);
  #socket: Socket | undefined;
  #handler: ChunkHandler | undefined;

  /** The socket that was opened with `onread`. */
  attach(socket: Socket): void {
    this.#socket = socket;
  }

  /** What the stream still holds comes first. The socket flows from here on; `pause` and `resume` work as ever. */
  listen(handler: ChunkHandler): void {
    const held = this.#socket?.read() as Buffer | null | undefined;
    this.#handler = handler;
    if (held !== null && held !== undefined) handler(held);
    this.#socket?.resume();
  }

  /** False stops reading until the stream asks for more. */
  #receive(count: number): boolean {
    const chunk = this.#memory.subarray(0, count);
    if (this.#handler === undefined) return this.#socket?.push(Buffer.from(chunk)) ?? false;
    if (this.#handler(chunk) === 'kept') this.#memory = Buffer.allocUnsafeSlow(readBytes);
    return true;
  }
}

/** The same contract over a stream that has no such reads. */
export function listenToStream(socket: Socket, handler: ChunkHandler): void {
  socket.on('data', (chunk: Buffer) => void handler(chunk));
  socket.resume();
}
