import { HASH_BYTES, emptyEdge, formatCheckpoint, tileSubtrees } from '@sallyport/verifier';
import type { ReadTile, Tile, TileEdge } from '@sallyport/verifier';
import type { Clock, Hashing, Store } from '../ports.ts';
import type { Log } from '../telemetry/log.ts';
import type { LedgerKeys } from './keys.ts';
import { grow, readPublished, sha256Of, tilesOf } from './tree.ts';
import type { Witnesses } from './witnesses.ts';

/** A second at most lies between an entry and its checkpoint; this is what publishing itself leaves of it. */
const PERIOD_MS = 750;
/** Entries between two checkpoints while catching up, so that a change of tiles stays small: 2 MiB. */
const STEP_ENTRIES = 65_536;

export interface PublisherOptions {
  readonly store: Store;
  readonly keys: LedgerKeys;
  readonly clock: Clock;
  readonly hashing: Hashing;
  readonly log: Pick<Log, 'checkpointPublished' | 'ledgerFailed'>;
  /** Absent: nobody cosigns. */
  readonly witnesses?: Witnesses;
  /** Called behind each publication of this process; must return at once and not throw. Absent: nobody wants to know. */
  readonly published?: () => void;
}

/**
 * Works what is durable in the log into its tree, and signs that. Tiles and the checkpoint that needs them are one
 * change of the store, so a reader never sees the one without the others. After a crash it goes on from what is
 * published, as it does after every publication.
 */
export class Publisher {
  readonly hashing: Hashing;
  readonly #options: PublisherOptions;
  #edge: TileEdge = emptyEdge;
  #running: Promise<void> = Promise.resolve();
  /** The publication that begins when the running one ends; whoever asks meanwhile shares it. */
  #next: Promise<void> | null = null;
  #cancel: (() => void) | null = null;
  /** The next checkpoint covers the hand-over to the key in use, or it would be by the wrong one. */
  #leastSize = 0;
  /** A hand-over is in the log, and its key is not in use: nothing may be signed until the next start. */
  #halted: Error | null = null;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.hashing = options.hashing;
  }

  /** Call once, before anything else. Rejects with a `LedgerError` where the published log can't be gone on from. */
  async start(): Promise<void> {
    const { edge, leastSize } = await readPublished(this.#options);
    this.#edge = edge;
    this.#leastSize = leastSize;
    this.#arm();
  }

  /** Resolves when everything that was durable at the call is covered by a published checkpoint. */
  publishNow(): Promise<void> {
    this.#next ??= this.#running
      // Its own callers were told of its failure; this one tries for itself.
      .catch(() => undefined)
      .then(() => {
        this.#next = null;
        this.#running = this.#publish();
        return this.#running;
      });
    return this.#next;
  }

  /**
   * Publishes what there is with the key in use, then calls `record`, which makes the hand-over durable and resolves with
   * its index, then goes on with the next key. Nothing else is published meanwhile. Rejects as `record` does.
   */
  handOver(record: () => Promise<number>): Promise<void> {
    const running = this.#running
      .catch(() => undefined)
      .then(async () => {
        await this.#publish();
        const index = await record();
        try {
          await this.#options.keys.custody.adoptNext();
          await this.#options.keys.reload();
          this.#leastSize = index + 1;
        } catch (error) {
          this.#halted = error instanceof Error ? error : new Error(String(error));
          throw error;
        }
      });
    this.#running = running.catch(() => undefined);
    return running;
  }

  /** Ends the timer, and waits for what is under way. Publishes nothing more by itself. */
  async close(): Promise<void> {
    this.#cancel?.();
    this.#cancel = null;
    await (this.#next ?? this.#running).catch(() => undefined);
  }

  #arm(): void {
    this.#cancel = this.#options.clock.after(PERIOD_MS, () => {
      this.#arm();
      // The store doesn't recover, and the gateway refuses all work then; the log says so as long as that lasts.
      this.publishNow().catch((error: unknown) => {
        this.#options.log.ledgerFailed({ error });
      });
    });
  }

  async #publish(): Promise<void> {
    const { store, log } = this.#options;
    if (this.#halted !== null) throw this.#halted;
    const size = await store.read('size', {});
    if (size <= this.#edge.size) return;
    while (this.#edge.size < size) {
      const step = Math.max(this.#edge.size + STEP_ENTRIES, this.#leastSize);
      await this.#publishUpTo(Math.min(size, step));
    }
    log.checkpointPublished({ size });
    this.#options.published?.();
  }

  /** By those who answer. What they are asked about is durable, and is published next or not at all. */
  async #cosigned(note: string, size: number, tiles: readonly Tile[]): Promise<string> {
    const { store, witnesses } = this.#options;
    if (witnesses === undefined) return note;
    const fresh = new Map(tiles.map((tile) => [`${tile.level}/${tile.index}`, tile.hashes]));
    const stored = tilesOf(store);
    const read: ReadTile = async (level, index, width) =>
      fresh.get(`${level}/${index}`)?.subarray(0, width * HASH_BYTES) ?? stored(level, index, width);
    const readSubtree = tileSubtrees(size, read, sha256Of(this.hashing));
    return witnesses.cosign({ note, size, readSubtree });
  }

  /**
   * Call at start, behind `start`: asks the witnesses about the log as it is, with nothing added. Rejects with
   * `witness.refused` where one knows a longer log, or another one.
   */
  async confirm(): Promise<void> {
    const published = await this.#options.store.read('checkpoint', {});
    await this.publishNow();
    if (published !== null && published.size === this.#edge.size)
      await this.#cosigned(published.note, published.size, []);
  }

  async #publishUpTo(size: number): Promise<void> {
    const { store, keys, clock } = this.#options;
    const { edge, tiles, root } = await grow(this.#edge, size, store, this.hashing);
    const text = formatCheckpoint({ origin: keys.origin, size, root, extensions: [] });
    const signed = await keys.signNote(text);
    const note = await this.#cosigned(signed, size, tiles);
    const checkpoint = { size, note, atMs: clock.nowMs() };
    const published = await store.commit({
      mutations: [{ kind: 'checkpoint.publish', tiles, checkpoint }],
      entries: [],
    });
    // Stale: another replica published more; go on from there.
    this.#edge = published.ok ? edge : (await readPublished(this.#options)).edge;
  }
}
