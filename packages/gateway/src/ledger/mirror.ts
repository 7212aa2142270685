import { HASH_BYTES, TILE_WIDTH, changedTiles, tilePath } from '@sallyport/verifier';
import type { TileCoordinates } from '@sallyport/verifier';
import { limits } from '../limits.ts';
import type { CheckpointRow, Clock } from '../ports.ts';
import type { Log } from '../telemetry/log.ts';
import { LedgerError } from './error.ts';
import { bundleOf } from './export.ts';
import { checkHeld, refuseStateFolder, vkeyAt, type MirrorCheckPorts } from './mirror-check.ts';
import type { PublicFolder } from './public-folder.ts';
import { tilesOf } from './tree.ts';

export interface MirrorOptions extends MirrorCheckPorts {
  readonly folder: PublicFolder;
  /** The state folder, which is not to be served. */
  readonly state: string;
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Pick<Log, 'mirrorFailed' | 'mirrorRecovered'>;
}

export interface MirrorStatus {
  /** Of the checkpoint that the folder has; 0 where this run has not seen one there. */
  readonly size: number;
  /** Why it is behind: a code of the file system, or of a `LedgerError`. Null: it is not known to be. */
  readonly failure: string | null;
}

/** `unopened` until `start`; `waiting` for the next try behind a failure. */
type Phase = 'unopened' | 'idle' | 'running' | 'waiting' | 'closed';

const CHECKPOINT = 'checkpoint';
const VKEY = 'vkey';

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'failed';

/**
 * Keeps the published log as files, in the paths of C2SP tlog-tiles, for a web server that knows nothing of it. Reads
 * what is published from the store, so that it keeps nobody waiting and catches up by the way that it always goes. The
 * checkpoint comes last, so that whoever reads it finds its tiles.
 */
export class Mirror {
  readonly #options: MirrorOptions;
  #phase: Phase = 'unopened';
  #isWanted = false;
  #isClosing = false;
  #running: Promise<void> = Promise.resolve();
  /** What this run has put there, with everything below it. */
  #last: CheckpointRow | null = null;
  #size = 0;
  #failure: string | null = null;
  #retryMs: number = limits.mirrorRetryFirstMs;
  #cancel: (() => void) | null = null;

  constructor(options: MirrorOptions) {
    this.#options = options;
  }

  get status(): MirrorStatus {
    return { size: this.#size, failure: this.#failure };
  }

  /**
   * Call once, behind the publisher's start. Rejects with a `LedgerError` where the folder is not this log's to write; a
   * folder that can't be read or written keeps nobody from starting. Does not wait for what has to be written.
   */
  async start(): Promise<void> {
    try {
      await this.#held(await this.#options.store.read('checkpoint', {}));
    } catch (error) {
      if (error instanceof LedgerError) throw error;
      return this.#fail(error);
    }
    this.#phase = 'idle';
    this.wake();
  }

  /** Something was published. Returns at once. */
  wake(): void {
    this.#isWanted = true;
    if (this.#phase !== 'idle') return;
    this.#phase = 'running';
    this.#running = this.#run();
  }

  /** Waits for the last checkpoint to be there, unless the folder fails or lacks much: the next start goes on. */
  async close(): Promise<void> {
    this.#cancel?.();
    this.#isClosing = true;
    this.wake();
    await this.#running;
    this.#phase = 'closed';
  }

  async #run(): Promise<void> {
    while (this.#isWanted) {
      this.#isWanted = false;
      try {
        await this.#catchUp();
      } catch (error) {
        return this.#fail(error);
      }
    }
    this.#phase = 'idle';
  }

  #fail(error: unknown): void {
    const { clock, log } = this.#options;
    // Whatever is there now is looked at anew.
    this.#last = null;
    this.#failure = codeOf(error);
    this.#phase = 'waiting';
    log.mirrorFailed({ code: this.#failure, covered: this.#size });
    if (this.#isClosing) return;
    this.#cancel = clock.after(this.#retryMs, () => {
      this.#phase = 'idle';
      this.wake();
    });
    this.#retryMs = Math.min(this.#retryMs * 2, limits.mirrorRetryMs);
  }

  async #catchUp(): Promise<void> {
    const row = await this.#options.store.read('checkpoint', {});
    const held = await this.#held(row);
    if (row === null) return;
    if (held !== null && held.note !== this.#last?.note && !(await this.#fill(held.size))) return;
    if (held?.note !== row.note && !(await this.#publish(held?.size ?? 0, row))) return;
    await this.#name(row.size);
    this.#last = row;
    this.#size = row.size;
    if (this.#failure !== null) this.#options.log.mirrorRecovered({ covered: row.size });
    this.#failure = null;
    this.#retryMs = limits.mirrorRetryFirstMs;
  }

  /** What the folder has, if it is this log's; null where it has none. */
  async #held(published: CheckpointRow | null): Promise<{ size: number; note: string } | null> {
    const { folder, state } = this.#options;
    await refuseStateFolder(folder.directory, state);
    await folder.open();
    const note = (await folder.read(CHECKPOINT))?.toString('utf8');
    if (note === undefined) return null;
    if (note === this.#last?.note) return this.#last;
    const { size } = await checkHeld({ note, directory: folder.directory }, published, this.#options);
    this.#size = size;
    return { size, note };
  }

  /** What is missing below the checkpoint that is there, and what a crash left of partial tiles. False: it gave up. */
  async #fill(size: number): Promise<boolean> {
    const tiles = changedTiles(0, size);
    for (const [at, tile] of tiles.entries()) {
      if (this.#isTooMuch(tiles.length - at)) return false;
      if (!(await this.#has(tile))) await this.#put(tile);
      await this.#dropPartial(tile);
    }
    await this.#options.folder.settle();
    return true;
  }

  /** False: it gave up, and nothing but tiles was written. */
  async #publish(from: number, { size, note }: CheckpointRow): Promise<boolean> {
    const { folder } = this.#options;
    const tiles = changedTiles(from, size);
    for (const [at, tile] of tiles.entries()) {
      if (this.#isTooMuch(tiles.length - at)) return false;
      await this.#put(tile);
    }
    if (from === 0) await this.#name(size);
    await folder.settle();
    await folder.put(CHECKPOINT, Buffer.from(note));
    await folder.settle();
    for (const tile of tiles) await this.#dropPartial(tile);
    return true;
  }

  /** After the checkpoint: from the key before, the hand-over leads to the one that signs; not the other way round. */
  async #name(size: number): Promise<void> {
    const { folder } = this.#options;
    await folder.put(VKEY, Buffer.from(`${await vkeyAt(size, this.#options)}\n`));
    await folder.settle();
  }

  #isTooMuch(left: number): boolean {
    return this.#isClosing && left > limits.mirrorTilesAtClose;
  }

  async #has({ level, index, width }: TileCoordinates): Promise<boolean> {
    const { folder } = this.#options;
    if ((await folder.bytes(tilePath(level, index, width))) !== width * HASH_BYTES) return false;
    return level > 0 || ((await folder.bytes(tilePath('entries', index, width))) ?? 0) > 0;
  }

  async #put({ level, index, width }: TileCoordinates): Promise<void> {
    const { folder, store } = this.#options;
    await folder.put(tilePath(level, index, width), await tilesOf(store)(level, index, width));
    if (level === 0) await folder.put(tilePath('entries', index, width), await bundleOf(store, index, width));
  }

  /** A full tile takes the place of its partial ones (C2SP tlog-tiles, "Partial Tiles"), which would be many. */
  async #dropPartial({ level, index, width }: TileCoordinates): Promise<void> {
    if (width < TILE_WIDTH) return;
    const { folder } = this.#options;
    await folder.remove(`${tilePath(level, index)}.p`);
    if (level === 0) await folder.remove(`${tilePath('entries', index)}.p`);
  }
}
