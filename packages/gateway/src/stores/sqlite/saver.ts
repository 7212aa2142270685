import type { Batch } from './batch.ts';
import { OVERHEAD_BYTES } from './journal-format.ts';
import type { Journal } from './journal.ts';

export interface SaverOwner {
  /** So many entries are durable, and those who wait for them have been told. */
  saved(entries: number): void;
  /** Whatever had to wait for a record on its way may go on. */
  free(): void;
  /** The medium failed; returns what everybody is told. */
  failed(error: unknown): Error;
}

/** Makes the entries of batches durable in the journal, one record at a time. */
export class Saver {
  readonly #journal: Journal;
  readonly #owner: SaverOwner;
  #isClosed = false;
  /** Whose record is on its way to the journal in another thread. */
  writing: Batch | null = null;
  /** The log's size with all that is durable. */
  size: number;

  constructor(journal: Journal, size: number, owner: SaverOwner) {
    this.#journal = journal;
    this.size = size;
    this.#owner = owner;
  }

  /** What can be saved in one record. */
  get mostBytes(): number {
    return this.#journal.mostBytes;
  }

  /** The database has the log up to this size, durably. */
  applied(size: number): void {
    this.#journal.free(size);
  }

  /** What is not saved of the batch; false where it is not durable yet: it has to wait, or has begun. */
  save(batch: Batch): boolean {
    if (this.writing !== null) return false;
    const room = this.#journal.roomFor(OVERHEAD_BYTES + batch.unsavedBytes);
    if (room === 'none') return false;
    // The half that is full ends with a part of this batch, or of one before it.
    if (room === 'other') batch.closeForCommit();
    return this.#journal.isQuick ? this.#saveHere(batch) : this.#saveAway(batch);
  }

  #saveHere(batch: Batch): boolean {
    const record = batch.unsavedRecord(this.size);
    const flush = batch.save();
    try {
      this.#journal.append(record);
    } catch (error) {
      flush.fail(this.#owner.failed(error));
      return false;
    }
    this.size += record.run.count;
    flush.settle();
    this.#owner.saved(record.run.count);
    return true;
  }

  #saveAway(batch: Batch): false {
    const record = batch.unsavedRecord(this.size);
    const flush = batch.save();
    this.writing = batch;
    // Who asks must not wait for all that is added meanwhile.
    if (batch.hasReaders) batch.isClosed = true;
    this.#journal.appendAway(record, (error) => {
      this.writing = null;
      // Closed meanwhile, the file was left to this write; a failure told to the owner closes it by itself.
      const isLeftToUs = this.#isClosed;
      if (error !== null || isLeftToUs) {
        flush.fail(this.#owner.failed(error));
        if (isLeftToUs) this.#journal.close();
        return;
      }
      this.size += record.run.count;
      flush.settle();
      this.#owner.saved(record.run.count);
      this.#owner.free();
    });
    return false;
  }

  close(): void {
    this.#isClosed = true;
    if (this.writing === null) this.#journal.close();
  }
}
