import type { BreakGlassSubject, BreakGlassUse, Closing } from './break-glass.ts';
import { OPEN, erase, type ClassesOf, type Sensitive } from './classes.ts';
import type { Grant, GrantBinding, GrantState } from './grant.ts';
import type { Answer, PasskeyProof, Question, Review, ReviewState, ReviewSubject, Vote } from './review.ts';
import type { Risk, Signal } from './risk.ts';
import type { StandingGrant, StandingState, StandingTerms } from './standing.ts';
import type { Declared, Submission, SubmissionState } from './submission.ts';

const TEXT: Sensitive = { erased: '' };
const LIST: Sensitive = { erased: [] };
const RECORD: Sensitive = { erased: {} };
const NOTHING: Sensitive = { erased: null };
/** A digest without a salt can be searched for by whoever can guess what it is of, so it is as sensitive as that. */
const DIGEST: Sensitive = { erased: '0'.repeat(64) };

const signal: ClassesOf<Signal> = { name: OPEN, weight: OPEN, explanation: TEXT };
const risk: ClassesOf<Risk> = { score: OPEN, signals: [signal] };

export const subjectClasses: ClassesOf<ReviewSubject> = {
  action: OPEN,
  digest: DIGEST,
  commitment: OPEN,
  salt: TEXT,
  requester: OPEN,
  target: OPEN,
  command: TEXT,
  parameters: LIST,
  preconditions: RECORD,
  operation: OPEN,
  title: TEXT,
  datasets: OPEN,
  functions: OPEN,
  rowLimit: OPEN,
  unknown: LIST,
  risk: { members: risk },
  reasons: OPEN,
  policies: OPEN,
  demands: OPEN,
  statedTask: TEXT,
  holding: LIST,
};

const voteClasses: ClassesOf<Vote> = {
  person: OPEN,
  identity: OPEN,
  kind: OPEN,
  reason: TEXT,
  digest: DIGEST,
  // Salted (rendering.ts), and in the ledger.
  rendering: OPEN,
  atMs: OPEN,
  channel: OPEN,
  // What was signed names the digest.
  passkey: NOTHING,
  retractedAtMs: OPEN,
  rights: OPEN,
};

const answer: ClassesOf<Answer> = { by: OPEN, kind: OPEN, text: TEXT, atMs: OPEN, channel: OPEN };
const question: ClassesOf<Question> = {
  id: OPEN,
  by: OPEN,
  to: OPEN,
  text: TEXT,
  atMs: OPEN,
  channel: OPEN,
  answer: { members: answer },
};
const reviewState: ClassesOf<ReviewState> = {
  status: OPEN,
  resolvedAtMs: OPEN,
  grant: OPEN,
  by: OPEN,
  reason: TEXT,
};

const canary: ClassesOf<NonNullable<Review['canary']>> = { flaw: TEXT, atMs: OPEN };

export const reviewClasses: ClassesOf<Review> = {
  id: OPEN,
  subject: { members: subjectClasses },
  openedAtMs: OPEN,
  schedule: OPEN,
  announcedUntilMs: OPEN,
  expiresAtMs: OPEN,
  votes: [voteClasses],
  questions: [question],
  preview: NOTHING,
  supersedes: OPEN,
  // Of some, the digest of the action; of all, of the command without its values.
  shape: DIGEST,
  revision: OPEN,
  state: { members: reviewState },
  erasedAtMs: OPEN,
  canary: { members: canary },
};

const binding: ClassesOf<GrantBinding> = { digest: DIGEST, agent: OPEN, target: OPEN, environment: OPEN };
const grantState: ClassesOf<GrantState> = { status: OPEN, atMs: OPEN, action: OPEN };

export const grantClasses: ClassesOf<Grant> = {
  id: OPEN,
  review: OPEN,
  binding: { members: binding },
  issuedAtMs: OPEN,
  expiresAtMs: OPEN,
  state: { members: grantState },
};

const terms: ClassesOf<StandingTerms> = {
  agent: OPEN,
  onBehalfOf: OPEN,
  target: OPEN,
  operation: OPEN,
  template: DIGEST,
  preconditions: RECORD,
  fields: LIST,
  datasets: OPEN,
  functions: OPEN,
  maxUses: OPEN,
  maxRowsPerUse: OPEN,
  maxRows: OPEN,
  validFromMs: OPEN,
  validUntilMs: OPEN,
};
const standingState: ClassesOf<StandingState> = { status: OPEN, atMs: OPEN, by: OPEN, reason: TEXT };

export const standingClasses: ClassesOf<StandingGrant> = {
  id: OPEN,
  review: OPEN,
  terms: { members: terms },
  digest: DIGEST,
  commitment: OPEN,
  sample: { members: subjectClasses },
  proposedBy: OPEN,
  reason: TEXT,
  proposedAtMs: OPEN,
  schedule: OPEN,
  votesUntilMs: OPEN,
  votes: [voteClasses],
  uses: OPEN,
  revision: OPEN,
  state: { members: standingState },
  erasedAtMs: OPEN,
};

const declared: ClassesOf<Declared> = {
  operation: OPEN,
  command: TEXT,
  datasets: OPEN,
  statedTask: TEXT,
  supersedes: OPEN,
};
const submissionState: ClassesOf<SubmissionState> = {
  status: OPEN,
  review: OPEN,
  use: OPEN,
  atMs: OPEN,
  // The gateway's and the policies' words.
  refusal: OPEN,
  action: OPEN,
  token: OPEN,
  outcome: OPEN,
};

export const submissionClasses: ClassesOf<Submission> = {
  id: OPEN,
  requester: OPEN,
  target: OPEN,
  declared: { members: declared },
  openedAtMs: OPEN,
  deadlineMs: OPEN,
  keptUntilMs: OPEN,
  revision: OPEN,
  state: { members: submissionState },
  erasedAtMs: OPEN,
};

const breakGlassSubject: ClassesOf<BreakGlassSubject> = {
  action: OPEN,
  digest: DIGEST,
  commitment: OPEN,
  salt: TEXT,
  requester: OPEN,
  target: OPEN,
  declared: { members: declared },
  preconditions: RECORD,
  operation: OPEN,
  // The operation's name as declared.
  title: OPEN,
  datasets: OPEN,
  unknown: LIST,
  risk: { members: risk },
  policies: OPEN,
};
/** What was signed names the digest; which passkey signed is in the ledger. */
const proof: ClassesOf<PasskeyProof> = {
  passkey: OPEN,
  publicKey: OPEN,
  authenticatorData: TEXT,
  clientDataJSON: TEXT,
  signature: TEXT,
  nonce: TEXT,
  expiresAtMs: OPEN,
};
const closing: ClassesOf<Closing> = {
  person: OPEN,
  identity: OPEN,
  finding: OPEN,
  text: TEXT,
  channel: OPEN,
  atMs: OPEN,
};

export const breakGlassClasses: ClassesOf<BreakGlassUse> = {
  id: OPEN,
  person: OPEN,
  identity: OPEN,
  subject: { members: breakGlassSubject },
  reason: TEXT,
  // Salted (break-glass-entry.ts), and in the ledger.
  rendering: OPEN,
  channel: OPEN,
  openedAtMs: OPEN,
  passkey: { members: proof },
  grant: OPEN,
  remindedAtMs: OPEN,
  revision: OPEN,
  closing: { members: closing },
  erasedAtMs: OPEN,
};

// The tables name every field of the type, so what they leave is of the type again.
export const erasedReview = (review: Review, erasedAtMs: number): Review =>
  erase({ ...review, erasedAtMs }, reviewClasses) as unknown as Review;
export const erasedGrant = (grant: Grant): Grant => erase(grant, grantClasses) as unknown as Grant;
export const erasedStanding = (grant: StandingGrant, erasedAtMs: number): StandingGrant =>
  erase({ ...grant, erasedAtMs }, standingClasses) as unknown as StandingGrant;
export const erasedSubmission = (submission: Submission, erasedAtMs: number): Submission =>
  erase({ ...submission, erasedAtMs }, submissionClasses) as unknown as Submission;
export const erasedBreakGlass = (use: BreakGlassUse, erasedAtMs: number): BreakGlassUse =>
  erase({ ...use, erasedAtMs }, breakGlassClasses) as unknown as BreakGlassUse;
