import type { PasskeyProof } from '@sallyport/verifier';
import type { Demand } from './decide.ts';
import type { ActionId, GrantId, ReviewId } from './ids.ts';
import type { Requester, Target } from './identity.ts';
import type { Parameter, Preconditions } from './action.ts';
import type { Preview } from './preview.ts';
import type { Risk } from './risk.ts';
import type { DemandSchedule } from './schedule.ts';
import type { DatasetUsage } from './usage.ts';
import type { FunctionReference } from './describe.ts';

export type { PasskeyProof };

/** One person's judgment. */
export interface Vote {
  readonly person: string;
  /** Who that person is, whatever account they use: one identity fills one seat. */
  readonly identity: string;
  readonly kind: 'approve' | 'reject';
  /** Required for a rejection; the person's own words. */
  readonly reason: string;
  /** The digest of the action that this person was shown. */
  readonly digest: string;
  /** SHA-256 of everything that this person was shown (rendering.ts), 64 lower-case hexadecimal digits. */
  readonly rendering: string;
  readonly atMs: number;
  /** The surface through which it came: `cli`, `api`, `console`, … */
  readonly channel: string;
  /** The passkey's signature over this vote (spec/vote.md); null: asserted by the channel alone. */
  readonly passkey: PasskeyProof | null;
  /** When its author took it back; null while it counts. */
  readonly retractedAtMs: number | null;
  /** Whose rights it counts with, by name, the voter's own among them if that is one; absent: their own alone. */
  readonly rights?: readonly string[];
}

/** A question to those who know what the action is for. Its answer changes nothing of the action. */
export interface Question {
  /** Counted from 1 within its review. */
  readonly id: number;
  readonly by: string;
  /** `agent`: to the agent where it waits; `sponsor`: to the person for whom it acts. */
  readonly to: 'agent' | 'sponsor';
  readonly text: string;
  readonly atMs: number;
  readonly channel: string;
  readonly answer: Answer | null;
}

/** The answer of an agent is untrusted text, shown as its own words (law 9). */
export interface Answer {
  readonly by: string;
  readonly kind: 'agent' | 'person';
  readonly text: string;
  readonly atMs: number;
  readonly channel: string;
}

/** Everything that a person needs in order to judge, established by the gateway except where it says otherwise. */
export interface ReviewSubject {
  readonly action: ActionId;
  /** SHA-256 of the canonical action, 64 lower-case hexadecimal digits. */
  readonly digest: string;
  /** What the ledger knows the action by: the commitment to its canonical form, and the salt of that commitment. */
  readonly commitment: string;
  readonly salt: string;
  readonly requester: Requester;
  readonly target: Target;
  readonly command: string;
  readonly parameters: readonly Parameter[];
  readonly preconditions: Preconditions;
  readonly operation: string;
  readonly title: string;
  readonly datasets: readonly DatasetUsage[];
  readonly functions: readonly FunctionReference[];
  readonly rowLimit: number | null;
  readonly unknown: readonly string[];
  readonly risk: Risk;
  readonly reasons: readonly string[];
  readonly policies: readonly string[];
  readonly demands: readonly Demand[];
  /** The agent's own words about its task: untrusted (law 9). Empty where it said nothing. */
  readonly statedTask: string;
  /** What waits while this review is pending, in words: an open transaction and its locks. Empty: nothing waits. */
  readonly holding: readonly string[];
}

interface ReviewBase {
  readonly id: ReviewId;
  readonly subject: ReviewSubject;
  readonly openedAtMs: number;
  /** For each of the subject's demands, in their order. */
  readonly schedule: readonly DemandSchedule[];
  /** Reminders and escalations that were due until this instant have been announced. */
  readonly announcedUntilMs: number;
  /** The earliest expiry of the demands that aren't met. At this instant it is expired. */
  readonly expiresAtMs: number;
  /** Votes in the order in which they were accepted, those taken back included. */
  readonly votes: readonly Vote[];
  readonly questions: readonly Question[];
  /** What the gateway found out about the effect after the review was opened; null: nothing (yet). */
  readonly preview: Preview | null;
  /** The review that this one replaces, because the agent changed its action. */
  readonly supersedes: ReviewId | null;
  /** Equal for reviews that are shown as one group (grouping.ts): 64 lower-case hexadecimal digits. No part of what is voted on. */
  readonly shape: string;
  /** Grows by one with each transition; a write names the revision that it replaces. */
  readonly revision: number;
  /** When the values in it were erased; absent: they are there. */
  readonly erasedAtMs?: number;
  /** It is over, and was opened by the gateway to be rejected: why, and when that was said. Absent: nobody says so. */
  readonly canary?: { readonly flaw: string; readonly atMs: number };
}

export type ReviewState =
  | { readonly status: 'pending' }
  | { readonly status: 'approved'; readonly resolvedAtMs: number; readonly grant: GrantId }
  | {
      readonly status: 'rejected';
      readonly resolvedAtMs: number;
      readonly by: string;
      readonly reason: string;
    }
  | { readonly status: 'expired'; readonly resolvedAtMs: number }
  | { readonly status: 'withdrawn'; readonly resolvedAtMs: number; readonly reason: string }
  | { readonly status: 'superseded'; readonly resolvedAtMs: number; readonly by: ReviewId };

export type ReviewStatus = ReviewState['status'];

/** The durable request for human judgment of one action. */
export interface Review extends ReviewBase {
  readonly state: ReviewState;
}

/** Channels through which a person brings their own token. */
const TOKEN_CHANNELS: readonly string[] = ['api', 'cli', 'browser', 'console'];

/** What says that this person cast the vote. A click in a chat is asserted by that platform, and by nothing else. */
export function basisOf({ passkey, channel }: Vote): 'passkey' | 'token' | 'platform' {
  if (passkey !== null) return 'passkey';
  return TOKEN_CHANNELS.includes(channel) ? 'token' : 'platform';
}

/** Whether votes on it can count. An earlier release may have written it without what they are counted by. */
export const isVotable = ({ schedule, subject }: Review): boolean =>
  schedule.length === subject.demands.length;

/** Votes that count: taken back, a vote is history. */
export const standingVotes = (review: Review): readonly Vote[] =>
  review.votes.filter((vote) => vote.retractedAtMs === null);

export const openQuestions = (review: Review): readonly Question[] =>
  review.questions.filter((question) => question.answer === null);
