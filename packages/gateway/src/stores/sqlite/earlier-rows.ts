/**
 * Reviews and standing grants as earlier releases wrote them, made whole. What is filled in gives nothing: no time in
 * which votes would count, no signature, no rendering that anybody was shown.
 */
import type { Database, Statement } from 'better-sqlite3';

type Members = Readonly<Record<string, unknown>>;

const DEMAND: Members = {
  escalation: [],
  rejections: 1,
  remindersMs: [],
  calendar: null,
  // Should policy ask for one by now, the approval no longer meets it (stage 7 compares the demands).
  passkeyFromRisk: null,
  excluded: [],
};
/** `passkey`: without it a vote would pass for a signed one; `retractedAtMs`: for one that was taken back. */
const VOTE: Members = { rendering: '', passkey: null, retractedAtMs: null };
const REVIEW: Members = { questions: [], preview: null, supersedes: null };

const list = (value: unknown): readonly Members[] => (Array.isArray(value) ? (value as Members[]) : []);

const wholeVotes = (votes: unknown): readonly Members[] =>
  list(votes).map((vote) => ({ ...VOTE, identity: vote['person'], ...vote }));

/** What was asked, and whether the release that wrote it knew everybody who is a party to it. */
function wholeSubject(subject: Members): { readonly subject: Members; readonly knowsParties: boolean } {
  const requester = subject['requester'] as Members;
  const demands = list(subject['demands']).map((demand) => ({ ...DEMAND, ...demand }));
  const whole = { ...subject, requester: { parties: [], ...requester }, demands };
  return { subject: whole, knowsParties: Array.isArray(requester['parties']) };
}

/** Without a schedule no vote counts (core/electorate.ts), and the desk ends what is pending (`isVotable`). */
function scheduleOf(row: Members, knowsParties: boolean): readonly unknown[] {
  return knowsParties ? list(row['schedule']) : [];
}

function wholeReview(review: Members): Members {
  const { subject, knowsParties } = wholeSubject(review['subject'] as Members);
  const schedule = scheduleOf(review, knowsParties);
  const announced = { announcedUntilMs: review['expiresAtMs'] };
  return { ...REVIEW, ...announced, ...review, subject, schedule, votes: wholeVotes(review['votes']) };
}

function wholeStanding(grant: Members): Members {
  const { subject: sample, knowsParties } = wholeSubject(grant['sample'] as Members);
  const schedule = scheduleOf(grant, knowsParties);
  return { ...grant, sample, schedule, votes: wholeVotes(grant['votes']) };
}

interface Row {
  readonly id: string;
  readonly json: string;
}

/** A page at a time, so that a long record fits into memory. */
interface Table {
  readonly page: Statement<[string], Row>;
  readonly replace: Statement<[string, string]>;
}

function rewrite({ page, replace }: Table, whole: (row: Members) => Members): void {
  let after = '';
  for (let rows = page.all(after); rows.length > 0; rows = page.all(after)) {
    for (const { id, json } of rows) {
      const rewritten = JSON.stringify(whole(JSON.parse(json) as Members));
      if (rewritten !== json) replace.run(rewritten, id);
      after = id;
    }
  }
}

/** Within the transaction that brings the schema up to date. */
export function completeRows(database: Database): void {
  const reviews = database.prepare<[string], Row>(
    'SELECT id, review AS json FROM reviews WHERE id > ? ORDER BY id LIMIT 500',
  );
  const standings = database.prepare<[string], Row>(
    'SELECT id, standing AS json FROM standings WHERE id > ? ORDER BY id LIMIT 500',
  );
  const replaceReview = database.prepare('UPDATE reviews SET review = ? WHERE id = ?');
  const replaceStanding = database.prepare('UPDATE standings SET standing = ? WHERE id = ?');
  rewrite({ page: reviews, replace: replaceReview }, wholeReview);
  rewrite({ page: standings, replace: replaceStanding }, wholeStanding);
}
