import type { BreakGlassUse } from '../../core/break-glass.ts';
import type { Classes } from '../../core/classes.ts';
import type { Grant, GrantBinding } from '../../core/grant.ts';
import {
  breakGlassClasses,
  erasedBreakGlass,
  erasedGrant,
  erasedReview,
  erasedStanding,
  erasedSubmission,
  grantClasses,
  reviewClasses,
  standingClasses,
  submissionClasses,
} from '../../core/record-classes.ts';
import type { Review } from '../../core/review.ts';
import type { StandingGrant } from '../../core/standing.ts';
import type { Submission } from '../../core/submission.ts';
import { bindingOf } from './binding.ts';

/** The tables of the state whose records hold values of a subject. */
interface SealedTable {
  readonly classes: Classes;
  /** What is left of a record. */
  readonly erased: (record: object, atMs: number) => object;
  /** All of them. */
  readonly all: string;
  /** Takes what is open, what is sealed, the subject, and the id. */
  readonly seal: string;
  /** Those of the subjects in the list. */
  readonly ofSubjects: string;
  /** Takes what is left, and the id. */
  readonly replace: string;
}

export type SealedTableName = 'reviews' | 'grants' | 'standings' | 'submissions' | 'break_glass';

export const sealedTables: Readonly<Record<SealedTableName, SealedTable>> = {
  reviews: {
    classes: reviewClasses,
    erased: (record, atMs) => erasedReview(record as Review, atMs),
    all: 'SELECT id, review AS open FROM reviews',
    seal: 'UPDATE reviews SET review = ?, sealed = ?, subject = ? WHERE id = ?',
    ofSubjects:
      'SELECT id, review AS open, sealed FROM reviews WHERE sealed IS NOT NULL AND subject IN (SELECT value FROM json_each(?))',
    replace: "UPDATE reviews SET review = ?, sealed = NULL, shape = '' WHERE id = ?",
  },
  grants: {
    classes: grantClasses,
    erased: (record) => erasedGrant(record as Grant),
    all: 'SELECT id, "grant" AS open FROM grants',
    seal: 'UPDATE grants SET "grant" = ?, sealed = ?, subject = ? WHERE id = ?',
    ofSubjects:
      'SELECT id, "grant" AS open, sealed FROM grants WHERE sealed IS NOT NULL AND subject IN (SELECT value FROM json_each(?))',
    replace: 'UPDATE grants SET "grant" = ?, sealed = NULL WHERE id = ?',
  },
  standings: {
    classes: standingClasses,
    erased: (record, atMs) => erasedStanding(record as StandingGrant, atMs),
    all: 'SELECT id, standing AS open FROM standings',
    seal: 'UPDATE standings SET standing = ?, sealed = ?, subject = ? WHERE id = ?',
    ofSubjects:
      'SELECT id, standing AS open, sealed FROM standings WHERE sealed IS NOT NULL AND subject IN (SELECT value FROM json_each(?))',
    replace: 'UPDATE standings SET standing = ?, sealed = NULL WHERE id = ?',
  },
  submissions: {
    classes: submissionClasses,
    erased: (record, atMs) => erasedSubmission(record as Submission, atMs),
    all: 'SELECT id, submission AS open FROM submissions',
    seal: 'UPDATE submissions SET submission = ?, sealed = ?, subject = ? WHERE id = ?',
    ofSubjects:
      'SELECT id, submission AS open, sealed FROM submissions WHERE sealed IS NOT NULL AND subject IN (SELECT value FROM json_each(?))',
    replace: 'UPDATE submissions SET submission = ?, sealed = NULL WHERE id = ?',
  },
  break_glass: {
    classes: breakGlassClasses,
    erased: (record, atMs) => erasedBreakGlass(record as BreakGlassUse, atMs),
    all: 'SELECT id, use AS open FROM break_glass',
    seal: 'UPDATE break_glass SET use = ?, sealed = ?, subject = ? WHERE id = ?',
    ofSubjects:
      'SELECT id, use AS open, sealed FROM break_glass WHERE sealed IS NOT NULL AND subject IN (SELECT value FROM json_each(?))',
    replace: 'UPDATE break_glass SET use = ?, sealed = NULL WHERE id = ?',
  },
};

/** Those that are found by a binding. */
interface IndexedTable {
  readonly binding: (record: object) => GrantBinding;
  /** Those that can be. `sealed` is null in a store that an earlier release wrote. */
  readonly live: string;
  /** Takes the stand-in, and the id. */
  readonly index: string;
}

export const indexedTables: readonly IndexedTable[] = [
  {
    binding: (record) => bindingOf(record as Review),
    live: "SELECT id, review AS open, sealed FROM reviews WHERE status = 'pending'",
    index: 'UPDATE reviews SET binding = ? WHERE id = ?',
  },
  {
    binding: (record) => (record as Grant).binding,
    live: "SELECT id, \"grant\" AS open, sealed FROM grants WHERE status = 'live' AND binding <> ''",
    index: 'UPDATE grants SET binding = ? WHERE id = ?',
  },
];
