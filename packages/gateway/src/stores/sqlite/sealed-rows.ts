import { join, split, type Classes } from '../../core/classes.ts';
import type { Subject } from '../../core/subject.ts';
import { StoreError } from '../store.ts';
import type { Subjects } from './subjects.ts';
import type { Vault } from './vault.ts';

/** A record as it lies in a table: what is open as JSON, the rest sealed; null where nothing is sealed. */
export interface SealedRow {
  readonly open: string;
  readonly sealed: Buffer | null;
}

export interface WrittenRow extends SealedRow {
  readonly subject: number;
}

/** Takes records of the state apart by their classes, and seals what is sensitive under their subject's key. */
export class SealedRows {
  readonly subjects: Subjects;
  readonly #vault: Vault;

  constructor(subjects: Subjects, vault: Vault) {
    this.subjects = subjects;
    this.#vault = vault;
  }

  /** @param id by which the row is found: what is sealed is of no other row. */
  seal(id: string, record: object, classes: Classes, subject: Subject): WrittenRow {
    const row = this.subjects.rowOf(subject);
    const parts = split(record, classes);
    const plain = Buffer.from(JSON.stringify(parts.sealed));
    const sealed = this.#vault.seal(this.subjects.slotOf(row), plain, id);
    return { open: JSON.stringify(parts.open), sealed, subject: row };
  }

  /** What was written by `seal` was a value of the type, in the same store. */
  open<T>(id: string, { open, sealed }: SealedRow): T {
    const parts: unknown = JSON.parse(open);
    if (sealed === null) return parts as T;
    const plain = this.#vault.open(sealed, id);
    if (plain === null)
      throw new StoreError('store.corrupt', `the key of ${id} is gone, and it is not erased`);
    return join(parts, JSON.parse(plain.toString())) as T;
  }

  /** A value's stand-in, by which rows are found. */
  index(value: string): string {
    return this.#vault.indexOf(value);
  }
}
