import { canonicalString, canonicalize } from '@sallyport/verifier';
import type { Demand, Decision } from './decide.ts';
import type { Observed } from './observed.ts';
import { canonicalDescription, type Description } from './describe.ts';
import type { Grant } from './grant.ts';
import type { ActionId } from './ids.ts';
import type { Requester, Target } from './identity.ts';
import type { Outcome, OutcomeStatus } from './execution.ts';
import type { Review, Vote } from './review.ts';
import type { Risk } from './risk.ts';
import { subjectOf, type Subject } from './subject.ts';
import type { DatasetUsage } from './usage.ts';

/**
 * `decision`: an attempt with its decision to deny or to review (an allowed attempt's decision is part of its intent);
 * `review`: a change of a review's state; `vote`: a judgment, or its retraction; `question`, `answer`: clarification;
 * `preview`: the gateway's own evidence for the reviewer; `outcome`: how an intent ended; `standing`: a change of a
 * standing grant's state; `notice`: start, stop, recovery, refusals of votes and of API calls; `passkey`: a person's
 * passkey was registered or revoked; `break_glass`: a person ran at once, without approval; `break_glass_review`: another
 * person reviewed that; `heartbeat`: a gateway lives; `erasure`: somebody's values were erased; `key`: the log's next key,
 * named by the one before it; `canary`: a review that is over was opened by the gateway to be rejected.
 */
export type EntryKind =
  | 'decision'
  | 'review'
  | 'vote'
  | 'question'
  | 'answer'
  | 'preview'
  | 'grant'
  | 'intent'
  | 'outcome'
  | 'notice'
  | 'standing'
  | 'passkey'
  | 'break_glass'
  | 'break_glass_review'
  | 'heartbeat'
  | 'erasure'
  | 'key'
  | 'canary';

/**
 * What an outcome adds to the usage totals. `shape` identifies the stable part (who, where, which columns); a store may
 * key an aggregate on its identity within one process, and on its `key` for ever.
 */
export interface UsageShape {
  /** Canonical JSON of the other fields: equal keys, equal shapes. */
  readonly key: string;
  readonly agent: string;
  readonly onBehalfOf: string;
  readonly target: string;
  readonly environment: string;
  readonly operation: string;
  /** Canonical JSON of `DatasetUsage[]`. */
  readonly datasets: string;
  /** Whether a person approved. */
  readonly reviewed: boolean;
  /** A person ran it without approval. Absent otherwise: what is stored was counted under keys without it. */
  readonly breakGlass?: true;
}

export interface UsageCount {
  readonly shape: UsageShape;
  readonly status: OutcomeStatus;
  readonly atMs: number;
  readonly rows: number;
  readonly bytes: number;
}

/** An entry ready to be sequenced. */
export interface SealedEntry {
  readonly kind: EntryKind;
  /** The action that it is about; null for a notice. */
  readonly action: ActionId | null;
  readonly atMs: number;
  /** The leaf: canonical JSON, at most 65,535 bytes of UTF-8. Holds commitments, no sensitive values. */
  readonly leaf: string;
  /** Canonical JSON of the sensitive values with their salt, whose SHA-256 the leaf commits to; kept beside the log. */
  readonly aside: string | null;
  readonly usage: UsageCount | null;
  /** Whose values the aside holds; absent: nobody's in particular. */
  readonly subject?: Subject;
}

type Json = Parameters<typeof canonicalize>[0];

/** The values beside a leaf, and the base64url SHA-256 by which the leaf commits to them. */
export interface Sealed {
  readonly aside: string;
  readonly commitment: string;
}

export interface Sealing {
  /** At least 16 random bytes in base64url: without them a commitment to a guessable value could be searched. */
  readonly salt: string;
  readonly sha256Base64url: (text: string) => string;
}

/** Seals the canonical form of an action. */
export function sealAction(form: string, sealing: Sealing): Sealed {
  const aside = `{"form":${canonicalString(form)},"salt":"${sealing.salt}"}`;
  return { aside, commitment: sealing.sha256Base64url(aside) };
}

/** Seals values beside an entry, such as free text of a person or an agent. */
export function sealValues(values: Readonly<Record<string, Json>>, sealing: Sealing): Sealed {
  const aside = canonicalize({ ...values, salt: sealing.salt });
  return { aside, commitment: sealing.sha256Base64url(aside) };
}

/** What the attempts of one session with one description and one decision have in common. */
export interface Circumstances {
  readonly requester: Requester;
  readonly target: Target;
  readonly operation: string;
  /** Null: nothing could be found out about it. */
  readonly description: Description | null;
  readonly datasets: readonly DatasetUsage[];
  readonly risk: Risk;
  readonly decision: Decision;
  /** Rows that the target estimates. Absent: it was not asked, or nobody can say. */
  readonly estimatedRows?: number;
  /** What a draft would have decided; absent: none is observed. */
  readonly observed?: Observed;
}

/** Canonical members, without braces, of an attempt: those whose names sort before `kind`, and those after it. */
export interface AttemptMembers {
  readonly beforeKind: string;
  readonly afterKind: string;
  readonly subject: Subject;
}

const canonicalApprovers = (approvers: Demand['approvers']) =>
  approvers.map(({ kind, name }) => ({ kind, name }));

export function canonicalDemand(demand: Demand) {
  const { approvers, calendar, controls, escalation, excluded, expiresInMs, passkeyFromRisk } = demand;
  const { policy, quorum, rejections } = demand;
  return {
    approvers: canonicalApprovers(approvers),
    calendar,
    controls: [...controls],
    escalation: escalation.map((step) => ({
      afterMs: step.afterMs,
      approvers: canonicalApprovers(step.approvers),
    })),
    excluded: [...excluded],
    expiresInMs,
    passkeyFromRisk,
    policy,
    quorum,
    rejections,
  };
}

function canonicalDecision(decision: Decision) {
  const { effect, policies } = decision;
  if (effect === 'review')
    return { demands: decision.demands.map(canonicalDemand), effect, policies: [...policies] };
  if (effect === 'deny') return { code: decision.code, effect, policies: [...policies] };
  return { effect, policies: [...policies] };
}

export function canonicalDatasets(datasets: readonly DatasetUsage[]) {
  return datasets.map(({ access, basis, classes, columns, compliance, dataset, owners }) => ({
    access: [...access],
    basis,
    classes: [...classes],
    columns: columns.map((column) => ({
      classes: [...column.classes],
      name: column.name,
      uses: [...column.uses],
    })),
    dataset,
    // Left out where there is none: an entry says no more than the catalog does.
    ...(compliance === undefined ? {} : { compliance: [...compliance] }),
    ...(owners === undefined ? {} : { owners: [...owners] }),
  }));
}

const members = (value: Parameters<typeof canonicalize>[0]): string => canonicalize(value).slice(1, -1);

/** Made once for all attempts of the same circumstances: the leaf of each is then four short strings more. */
export function attemptMembers(circumstances: Circumstances): AttemptMembers {
  const { requester, target, operation, description, datasets, risk, decision, observed } = circumstances;
  const { agent, client, onBehalfOf, onBehalfOfBasis, session, sponsor } = requester;
  const parties = [...requester.parties];
  return {
    beforeKind: members({
      decision: canonicalDecision(decision),
      ...(description === null ? {} : { described: canonicalDescription(description) }),
    }),
    afterKind: members({
      ...(observed === undefined ? {} : { observed: { ...observed, policies: [...observed.policies] } }),
      operation,
      requester: { agent, client, onBehalfOf, onBehalfOfBasis, parties, session, sponsor },
      risk: {
        ...(circumstances.estimatedRows === undefined ? {} : { estimatedRows: circumstances.estimatedRows }),
        score: risk.score,
        signals: risk.signals.map((signal) => signal.name),
      },
      target: { environment: target.environment, name: target.name, protocol: target.protocol },
      usage: canonicalDatasets(datasets),
      version: 1,
    }),
    subject: subjectOf(requester),
  };
}

interface AttemptEntry {
  readonly action: ActionId;
  readonly atMs: number;
  readonly sealed: Sealed;
  readonly members: AttemptMembers;
}

function attemptLeaf(
  kind: EntryKind,
  attempt: AttemptEntry,
  grantMember: string,
  reviewMember: string,
): string {
  // RFC 8785 sorts members by name: action, at, commitment, decision, described, grant, kind, operation, requester, review, risk, …
  const { beforeKind, afterKind } = attempt.members;
  const head = `{"action":"${attempt.action}","at":${attempt.atMs.toString()},"commitment":"${attempt.sealed.commitment}",`;
  if (reviewMember === '') return `${head}${beforeKind},"kind":"${kind}",${afterKind}}`;
  const split = afterKind.indexOf(',"risk":{"');
  return `${head}${beforeKind},${grantMember}"kind":"${kind}",${afterKind.slice(0, split)},${reviewMember}${afterKind.slice(split)}}`;
}

const besideOf = ({ sealed, members }: AttemptEntry): Beside => ({
  aside: sealed.aside,
  subject: members.subject,
});

/** An attempt that policy denied, or sent to review. */
export function decisionEntry(attempt: AttemptEntry, review: string | null): SealedEntry {
  const leaf = attemptLeaf('decision', attempt, '', review === null ? '' : `"review":"${review}"`);
  return entry('decision', attempt, leaf, besideOf(attempt));
}

/** What people gave leave with: a review and the grant that it yielded, or a standing grant. */
export type Leave = { readonly review: string; readonly grant: string } | { readonly standing: string };

/** An attempt that may run; `leave` is null where policy allows it by itself. */
export function intentEntry(attempt: AttemptEntry, leave: Leave | null): SealedEntry {
  return entry('intent', attempt, intentLeaf(attempt, leave), besideOf(attempt));
}

function intentLeaf(attempt: AttemptEntry, leave: Leave | null): string {
  if (leave === null) return attemptLeaf('intent', attempt, '', '');
  if ('standing' in leave) {
    const leaf = attemptLeaf('intent', attempt, '', '');
    // Quotation marks within texts are escaped, so this is the member's own beginning. The standing grant sorts before it.
    const split = leaf.indexOf(',"target":{"environment":');
    return `${leaf.slice(0, split)},"standing":"${leave.standing}"${leaf.slice(split)}`;
  }
  return attemptLeaf('intent', attempt, `"grant":"${leave.grant}",`, `"review":"${leave.review}"`);
}

/** @param beside the values that the leaf commits to, and whose they are. */
export function entry(kind: EntryKind, about: About, leaf: string, beside: Beside | null): SealedEntry {
  const { action, atMs } = about;
  const base = { kind, action, atMs, leaf, usage: null };
  return beside === null ? { ...base, aside: null } : { ...base, ...beside };
}

export interface Beside {
  readonly aside: string;
  readonly subject: Subject;
}

interface About {
  readonly action: ActionId | null;
  readonly atMs: number;
}

export function outcomeEntry(
  action: ActionId,
  atMs: number,
  outcome: Outcome,
  shape: UsageShape | null,
): SealedEntry {
  const { status, rows, bytes, durationMs, code } = outcome;
  const leaf =
    `{"action":"${action}","at":${atMs.toString()},"kind":"outcome","outcome":{"bytes":${bytes.toString()}` +
    `,"code":${canonicalString(code)},"durationMs":${durationMs.toString()},"rows":${rows.toString()}` +
    `,"status":"${status}"},"version":1}`;
  const usage = shape === null ? null : { shape, status, atMs, rows, bytes };
  return { kind: 'outcome', action, atMs, leaf, aside: null, usage };
}

/** A review's new state. `subject` is the commitment of the action under review. */
export function reviewEntry(review: Review, subject: string, atMs: number): SealedEntry {
  const { action, demands } = review.subject;
  const leaf = canonicalize({
    action,
    at: atMs,
    demands: demands.map(canonicalDemand),
    expiresAt: review.expiresAtMs,
    kind: 'review',
    review: review.id,
    revision: review.revision,
    status: review.state.status,
    subject,
    ...(review.supersedes === null ? {} : { supersedes: review.supersedes }),
    ...(review.state.status === 'superseded' ? { supersededBy: review.state.by } : {}),
    version: 1,
  });
  return entry('review', { action, atMs }, leaf, null);
}

/** What belongs to one review: its members, and a seal over what is said. */
export function reviewedEntry(
  kind: EntryKind,
  about: {
    readonly review: Review;
    readonly atMs: number;
    readonly subject: string;
    readonly sealed: Sealed;
  },
  members: Readonly<Record<string, Json>>,
): SealedEntry {
  const { review, atMs, subject, sealed } = about;
  const { action } = review.subject;
  const { commitment, aside } = sealed;
  const base = { action, at: atMs, commitment, kind, review: review.id, subject, version: 1 };
  const whose = subjectOf(review.subject.requester);
  return entry(kind, { action, atMs }, canonicalize({ ...base, ...members }), { aside, subject: whose });
}

/** With whose right a vote counts; nothing where it is the voter's own. */
export const rightsOf = ({ rights }: Vote): { readonly rights?: string[] } =>
  rights === undefined ? {} : { rights: [...rights] };

/** A vote as it was cast. The voter's words and the passkey's proof are beside the leaf, which commits to them. */
export function voteEntry(review: Review, vote: Vote, subject: string, sealing: Sealing): SealedEntry {
  const { channel, identity, kind, passkey, person, reason, rendering, atMs } = vote;
  const proof = passkey === null ? {} : { passkey: { ...passkey, publicKey: { ...passkey.publicKey } } };
  const sealed = sealValues({ ...proof, text: reason }, sealing);
  const signing = passkey === null ? {} : { passkey: passkey.passkey };
  const rights = rightsOf(vote);
  const said = {
    channel,
    identity,
    kind,
    person,
    rendering,
    signed: passkey !== null,
    ...signing,
    ...rights,
  };
  return reviewedEntry('vote', { review, atMs, subject, sealed }, { vote: said });
}

/** Its author takes a vote back. */
export function retractionEntry(
  review: Review,
  vote: Vote & { readonly retractedAtMs: number },
  subject: string,
  sealing: Sealing & { readonly channel: string },
): SealedEntry {
  const { identity, person, retractedAtMs: atMs } = vote;
  const said = { channel: sealing.channel, identity, kind: 'retract', person };
  const sealed = sealValues({ text: '' }, sealing);
  return reviewedEntry('vote', { review, atMs, subject, sealed }, { vote: said });
}

export function grantEntry(grant: Grant, action: ActionId, subject: string): SealedEntry {
  const { agent, environment, target } = grant.binding;
  const leaf = canonicalize({
    action,
    at: grant.issuedAtMs,
    binding: { agent, environment, subject, target },
    expiresAt: grant.expiresAtMs,
    grant: grant.id,
    kind: 'grant',
    review: grant.review,
    version: 1,
  });
  return entry('grant', { action, atMs: grant.issuedAtMs }, leaf, null);
}

/** Something about the gateway itself, or a refusal outside of an action. `details` holds names and codes only. */
export function noticeEntry(
  code: string,
  details: Readonly<Record<string, string>>,
  atMs: number,
): SealedEntry {
  const leaf = canonicalize({
    action: null,
    at: atMs,
    kind: 'notice',
    notice: { ...details, code },
    version: 1,
  });
  return entry('notice', { action: null, atMs }, leaf, null);
}
