import { connectUpstream, type Upstream, type UpstreamOptions } from '../wire/upstream.ts';
import { terminateMessage } from '../wire/frontend.ts';
import type { Slot, Slots } from './slots.ts';

export interface LinkHandlers {
  /** The connection to the target stands; before any of its data. */
  connected(upstream: Upstream): void;
  /** `kept` where something refers to the chunk after the call. */
  data(chunk: Buffer): 'done' | 'kept';
  /** It can't be opened (then it was sent nothing), or is gone. Called once a connection; not after `close()`. */
  lost(message: string, wasOpen: boolean): void;
  /** The target takes no more for now, or does again. */
  saturated(isSaturated: boolean): void;
  /** Another session waits for a connection: this one may give its own away, if nothing is lost by it. */
  mayYield(): void;
}

/** One session's connection to its target: opened when it is first needed or soon will be, fed in batches. */
export class Link {
  readonly #slots: Slots;
  readonly #options: UpstreamOptions;
  readonly #handlers: LinkHandlers;
  #state: 'closed' | 'opening' | 'open' = 'closed';
  #upstream: Upstream | undefined;
  #slot: Slot | undefined;
  #queue: Buffer[] = [];
  #generation = 0;

  constructor(slots: Slots, options: UpstreamOptions, handlers: LinkHandlers) {
    this.#slots = slots;
    this.#options = options;
    this.#handlers = handlers;
  }

  get upstream(): Upstream | undefined {
    return this.#upstream;
  }

  /** Queues a message; it goes at the next `flush`. */
  send(frame: Buffer): void {
    this.#queue.push(frame);
  }

  /** Whether something waits that the target hasn't been sent. */
  get unsent(): boolean {
    return this.#queue.length > 0;
  }

  flush(): void {
    if (this.#queue.length === 0) return;
    this.open();
    const socket = this.#upstream?.socket;
    if (socket === undefined) return;
    const [only] = this.#queue;
    const bytes = this.#queue.length === 1 && only !== undefined ? only : Buffer.concat(this.#queue);
    this.#queue = [];
    if (!socket.write(bytes)) this.#handlers.saturated(true);
  }

  /** Opens the connection, where there is none, ahead of what will be sent. */
  open(): void {
    if (this.#state === 'closed') void this.#connect();
  }

  async #connect(): Promise<void> {
    this.#state = 'opening';
    const generation = ++this.#generation;
    try {
      const slot = await this.#slots.acquire(() => this.#handlers.mayYield());
      if (generation !== this.#generation) return slot.release();
      this.#slot = slot;
      const upstream = await connectUpstream(this.#options);
      if (generation !== this.#generation) {
        upstream.socket.destroy();
        return slot.release();
      }
      this.#attach(upstream);
    } catch (error) {
      if (generation === this.#generation) this.#lose(error instanceof Error ? error.message : String(error));
    }
  }

  #attach(upstream: Upstream): void {
    this.#upstream = upstream;
    this.#state = 'open';
    const { socket } = upstream;
    const generation = this.#generation;
    const lost = (): void => {
      if (generation === this.#generation) this.#lose('The target closed the connection.');
    };
    socket.on('drain', () => this.#handlers.saturated(false));
    socket.on('error', lost);
    socket.on('close', lost);
    this.#handlers.connected(upstream);
    if (upstream.rest.length > 0) this.#handlers.data(upstream.rest);
    upstream.listen((chunk) => this.#handlers.data(chunk));
    this.flush();
  }

  #lose(message: string): void {
    const wasOpen = this.#state === 'open';
    this.#reset();
    this.#handlers.lost(message, wasOpen);
  }

  #reset(): void {
    this.#generation++;
    this.#upstream?.socket.destroy();
    this.#upstream = undefined;
    this.#slot?.release();
    this.#slot = undefined;
    this.#queue = [];
    this.#state = 'closed';
  }

  /** Ends the connection in the target's own way; a later `flush` opens another. */
  close(): void {
    if (this.#state === 'open') this.#upstream?.socket.end(terminateMessage);
    const socket = this.#upstream?.socket;
    this.#upstream = undefined;
    this.#reset();
    // A target that doesn't answer the end must not keep the socket.
    socket?.once('error', () => undefined).destroySoon();
  }
}
