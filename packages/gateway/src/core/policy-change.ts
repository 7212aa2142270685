/** Policies that a person proposes through the API, and another one judges. Pure. */
import { canonicalize } from '@sallyport/verifier';
import type { Agent, Person } from './identity.ts';
import type { PolicyChangeId } from './ids.ts';
import { err, ok, type Result } from './result.ts';

export interface PolicyFile {
  /** `40-writes.cedar`: no folder. */
  readonly name: string;
  readonly text: string;
}

/** A rule that differs, by meaning; `parts` say in what, where it is in both. */
export interface RuleChange {
  readonly id: string;
  readonly change: 'added' | 'removed' | 'changed';
  readonly parts: readonly { readonly part: string; readonly from: string; readonly to: string }[];
}

/** A recorded action that the proposed policies decide otherwise. */
export interface ReplayedChange {
  readonly action: string;
  readonly atMs: number;
  readonly agent: string;
  readonly target: string;
  readonly operation: string;
  readonly from: 'allow' | 'deny' | 'review';
  readonly to: 'allow' | 'deny' | 'review';
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** The recorded actions, decided under the policies in force and under those proposed. */
export interface PolicyReplay {
  readonly sinceMs: number;
  /** False: there are more entries than were looked at. */
  readonly complete: boolean;
  readonly decided: number;
  readonly unchanged: number;
  /** Actions whose record doesn't hold what policies saw, or whose agent is gone: never counted as unchanged. */
  readonly undecided: number;
  readonly changedCount: number;
  /** Newest first, as many as are listed. */
  readonly changed: readonly ReplayedChange[];
  /** Reviews more, or fewer, by whoever is asked: `group:stewards`. */
  readonly reviews: readonly { readonly whom: string; readonly more: number }[];
}

export type PolicyChangeState =
  | { readonly status: 'proposed' }
  /** Decided and recorded; its files are being written. A gateway that died in between goes on at its next start. */
  | { readonly status: 'approved'; readonly by: string; readonly atMs: number }
  | { readonly status: 'applied'; readonly by: string; readonly atMs: number; readonly appliedAtMs: number }
  | { readonly status: 'rejected'; readonly by: string; readonly atMs: number; readonly reason: string }
  | { readonly status: 'withdrawn'; readonly atMs: number }
  /** What it was proposed against is not in force any more. */
  | { readonly status: 'stale'; readonly atMs: number };

export type PolicyChangeStatus = PolicyChangeState['status'] | 'expired';

export interface PolicyChange {
  readonly kind: 'policy_change';
  readonly id: PolicyChangeId;
  readonly author: string;
  readonly identity: string;
  readonly reason: string;
  /** The version in force when it was proposed, and the one that it makes. */
  readonly base: string;
  readonly version: string;
  /** All files of the directory, as they were and as they are to be. */
  readonly baseFiles: readonly PolicyFile[];
  readonly files: readonly PolicyFile[];
  /** SHA-256 of its canonical form, in hexadecimal digits: what a vote has to name. */
  readonly digest: string;
  readonly differences: readonly RuleChange[];
  readonly replay: PolicyReplay;
  readonly proposedAtMs: number;
  /** At this instant it is over unless it is decided. */
  readonly expiresAtMs: number;
  /** Grows by one with each change. */
  readonly revision: number;
  readonly state: PolicyChangeState;
}

/** Closed: documented in spec/policy.md. */
export type PolicyChangeRefusalCode =
  | 'policy_change.not_a_person'
  | 'policy_change.not_found'
  | 'policy_change.built_in'
  | 'policy_change.reason_required'
  | 'policy_change.files'
  | 'policy_change.invalid'
  | 'policy_change.same'
  | 'policy_change.base_changed'
  | 'policy_change.too_many'
  | 'policy_change.not_replayed'
  | 'policy_change.not_written'
  | 'policy_change.own_change'
  | 'policy_change.not_yours'
  | 'policy_change.digest_mismatch'
  | 'policy_change.over'
  | 'ledger.unavailable';

export interface PolicyChangeRefusal {
  readonly code: PolicyChangeRefusalCode;
  /** For whoever asked; lines, where the policies themselves are wrong. */
  readonly message: string;
}

export const refuseChange = (
  code: PolicyChangeRefusalCode,
  message: string,
): { readonly ok: false; readonly error: PolicyChangeRefusal } => err({ code, message });

export const statusOfChange = ({ state, expiresAtMs }: PolicyChange, nowMs: number): PolicyChangeStatus =>
  state.status === 'proposed' && nowMs >= expiresAtMs ? 'expired' : state.status;

/** A file that differs; null: it is not there. */
export interface FileChange {
  readonly name: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** Every file that differs, in the order of their names. */
export function fileChanges(
  before: readonly PolicyFile[],
  after: readonly PolicyFile[],
): readonly FileChange[] {
  const textIn = (files: readonly PolicyFile[], name: string): string | null =>
    files.find((file) => file.name === name)?.text ?? null;
  const names = [...new Set([...before, ...after].map(({ name }) => name))].sort();
  return names
    .map((name) => ({ name, before: textIn(before, name), after: textIn(after, name) }))
    .filter((file) => file.before !== file.after);
}

type Proposed = Pick<PolicyChange, 'author' | 'base' | 'baseFiles' | 'files' | 'reason'>;

/** All that is voted on: who proposes what, why, and against which version; whoever is shown it can compute it. */
export const policyChangeForm = ({ author, base, baseFiles, files, reason }: Proposed): string =>
  canonicalize({
    author,
    base,
    files: fileChanges(baseFiles, files).map(({ name, after }) => ({ name, text: after })),
    reason,
    version: 'sallyport/policy-change/v1',
  });

export interface ChangeVote {
  readonly voter: Agent | Person;
  readonly kind: 'approve' | 'reject';
  readonly reason: string;
  /** The digest that the voter was shown. */
  readonly digest: string;
  readonly atMs: number;
}

/** The change after one vote: another person's alone counts (law 4), on what was shown, against what is in force (threat A4). */
export function judgeChange(
  change: PolicyChange,
  vote: ChangeVote,
  inForce: string,
): Result<PolicyChange, PolicyChangeRefusal> {
  const { voter, kind, reason, digest, atMs } = vote;
  if (voter.kind !== 'person')
    return refuseChange('policy_change.not_a_person', 'Only people decide on policies.');
  if (voter.identity === change.identity || voter.name === change.author)
    return refuseChange('policy_change.own_change', 'Somebody else has to decide on what you proposed.');
  const status = statusOfChange(change, atMs);
  if (status !== 'proposed') return refuseChange('policy_change.over', `This change is ${status} already.`);
  if (digest !== change.digest)
    return refuseChange('policy_change.digest_mismatch', 'This is not the change that you were shown.');
  const next = { ...change, revision: change.revision + 1 };
  const by = voter.name;
  if (kind === 'reject') {
    return reason.trim() === ''
      ? refuseChange('policy_change.reason_required', 'A rejection needs a reason.')
      : ok({ ...next, state: { status: 'rejected', by, atMs, reason } });
  }
  if (inForce !== change.base) return STALE;
  return ok({ ...next, state: { status: 'approved', by, atMs } });
}

const STALE = refuseChange(
  'policy_change.base_changed',
  'The policies in force are not those that this change was proposed against. Propose it again.',
);

/** Its author takes it back: the human, not whoever has the name by now (law 4). */
export function withdrawChange(
  change: PolicyChange,
  by: Agent | Person,
  atMs: number,
): Result<PolicyChange, PolicyChangeRefusal> {
  if (by.kind !== 'person' || by.name !== change.author || by.identity !== change.identity)
    return refuseChange('policy_change.not_yours', 'Only its author takes a change back.');
  const status = statusOfChange(change, atMs);
  if (status !== 'proposed') return refuseChange('policy_change.over', `This change is ${status} already.`);
  return ok({ ...change, revision: change.revision + 1, state: { status: 'withdrawn', atMs } });
}
