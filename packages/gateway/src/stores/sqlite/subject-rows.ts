import { NO_SUBJECT, type Subject } from '../../core/subject.ts';

/** Which row of the database a subject has, as far as the worker has told. A row stays, whatever is erased. */
export class SubjectRows {
  readonly #most: number;
  readonly #rows = new Map<Subject, number>();

  constructor(most: number) {
    this.#most = most;
  }

  of(subject: Subject | undefined): number | undefined {
    return this.#rows.get(subject ?? NO_SUBJECT);
  }

  learn(subjects: readonly Subject[], rows: readonly number[]): void {
    if (this.#rows.size >= this.#most) this.#rows.clear();
    subjects.forEach((subject, at) => {
      const row = rows[at];
      if (row !== undefined) this.#rows.set(subject, row);
    });
  }
}
