import { canonicalString, canonicalize } from '@sallyport/verifier';
import type { Demand, Decision } from './decide.ts';
import type { Grant } from './grant.ts';
import type { ActionId } from './ids.ts';
import type { Requester, Target } from './identity.ts';
import type { Outcome, OutcomeStatus } from './execution.ts';
import type { Review, Vote } from './review.ts';
import type { Risk } from './risk.ts';
import type { DatasetUsage } from './usage.ts';

/**
 * `decision`: an attempt with its decision to deny or to review (an allowed attempt's decision is part of its intent);
 * `review`: a change of a review's state; `outcome`: how an intent ended; `notice`: start, stop, recovery, refusals of
 * votes and of API calls.
 */
export type EntryKind = 'decision' | 'review' | 'vote' | 'grant' | 'intent' | 'outcome' | 'notice';

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
}

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

/** Seals free text of a person or an agent. */
function sealText(text: string, sealing: Sealing): Sealed {
  const aside = canonicalize({ salt: sealing.salt, text });
  return { aside, commitment: sealing.sha256Base64url(aside) };
}

/** What the attempts of one session with one description and one decision have in common. */
export interface Circumstances {
  readonly requester: Requester;
  readonly target: Target;
  readonly operation: string;
  readonly datasets: readonly DatasetUsage[];
  readonly risk: Risk;
  readonly decision: Decision;
}

/** Canonical members, without braces, of an attempt: those whose names sort before `kind`, and those after it. */
export interface AttemptMembers {
  readonly beforeKind: string;
  readonly afterKind: string;
}

function canonicalDemand(demand: Demand) {
  const { approvers, controls, expiresInMs, policy, quorum } = demand;
  return {
    approvers: approvers.map(({ kind, name }) => ({ kind, name })),
    controls: [...controls],
    expiresInMs,
    policy,
    quorum,
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
  return datasets.map(({ access, basis, classes, columns, dataset }) => ({
    access: [...access],
    basis,
    classes: [...classes],
    columns: columns.map((column) => ({
      classes: [...column.classes],
      name: column.name,
      uses: [...column.uses],
    })),
    dataset,
  }));
}

const members = (value: Parameters<typeof canonicalize>[0]): string => canonicalize(value).slice(1, -1);

/** Made once for all attempts of the same circumstances: the leaf of each is then four short strings more. */
export function attemptMembers(circumstances: Circumstances): AttemptMembers {
  const { requester, target, operation, datasets, risk, decision } = circumstances;
  const { agent, client, onBehalfOf, onBehalfOfBasis, session, sponsor } = requester;
  return {
    beforeKind: members({ decision: canonicalDecision(decision) }),
    afterKind: members({
      operation,
      requester: { agent, client, onBehalfOf, onBehalfOfBasis, session, sponsor },
      risk: { score: risk.score, signals: risk.signals.map((signal) => signal.name) },
      target: { environment: target.environment, name: target.name, protocol: target.protocol },
      usage: canonicalDatasets(datasets),
      version: 1,
    }),
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
  // RFC 8785 sorts members by name: action, at, commitment, decision, grant, kind, operation, requester, review, risk, …
  const { beforeKind, afterKind } = attempt.members;
  const head = `{"action":"${attempt.action}","at":${attempt.atMs.toString()},"commitment":"${attempt.sealed.commitment}",`;
  if (reviewMember === '') return `${head}${beforeKind},"kind":"${kind}",${afterKind}}`;
  const split = afterKind.indexOf(',"risk":{"score":');
  return `${head}${beforeKind},${grantMember}"kind":"${kind}",${afterKind.slice(0, split)},${reviewMember}${afterKind.slice(split)}}`;
}

/** An attempt that policy denied, or sent to review. */
export function decisionEntry(attempt: AttemptEntry, review: string | null): SealedEntry {
  const leaf = attemptLeaf('decision', attempt, '', review === null ? '' : `"review":"${review}"`);
  return entry('decision', attempt, leaf, attempt.sealed.aside);
}

/** An attempt that may run; `approved` names the review and the grant that it spends. */
export function intentEntry(
  attempt: AttemptEntry,
  approved: { readonly review: string; readonly grant: string } | null,
): SealedEntry {
  const leaf =
    approved === null
      ? attemptLeaf('intent', attempt, '', '')
      : attemptLeaf('intent', attempt, `"grant":"${approved.grant}",`, `"review":"${approved.review}"`);
  return entry('intent', attempt, leaf, attempt.sealed.aside);
}

function entry(kind: EntryKind, about: About, leaf: string, aside: string | null): SealedEntry {
  return { kind, action: about.action, atMs: about.atMs, leaf, aside, usage: null };
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
    version: 1,
  });
  return entry('review', { action, atMs }, leaf, null);
}

export function voteEntry(review: Review, vote: Vote, subject: string, sealing: Sealing): SealedEntry {
  const sealed = sealText(vote.reason, sealing);
  const { action } = review.subject;
  const leaf = canonicalize({
    action,
    at: vote.atMs,
    commitment: sealed.commitment,
    kind: 'vote',
    review: review.id,
    subject,
    version: 1,
    vote: { channel: vote.channel, kind: vote.kind, person: vote.person },
  });
  return entry('vote', { action, atMs: vote.atMs }, leaf, sealed.aside);
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

export function usageShape(circumstances: Circumstances, reviewed: boolean): UsageShape {
  const { requester, target, operation } = circumstances;
  const fields = {
    agent: requester.agent,
    datasets: canonicalize(canonicalDatasets(circumstances.datasets)),
    environment: target.environment,
    onBehalfOf: requester.onBehalfOf,
    operation,
    reviewed,
    target: target.name,
  };
  return { ...fields, key: canonicalize(fields) };
}
