import { canonicalize } from '@sallyport/verifier';
import {
  canonicalDatasets,
  canonicalDemand,
  entry,
  sealValues,
  type SealedEntry,
  type Sealing,
  rightsOf,
} from './entry.ts';
import type { StandingGrant, StandingTerms } from './standing.ts';
import type { Vote } from './review.ts';
import { subjectOf } from './subject.ts';

type Json = Parameters<typeof canonicalize>[0];

/** The canonical form of what a standing grant allows (spec/standing.md). Its SHA-256 is what a vote names. */
export function termsForm(terms: StandingTerms): string {
  const datasets = canonicalDatasets(terms.datasets);
  // Every member is plain JSON by its type; the cast says so to the compiler, which knows no index signature here.
  return canonicalize({ ...terms, datasets, version: 'sallyport/standing/v1' } as unknown as Json);
}

/** The terms with their salt, kept beside the log: they hold values. */
export function sealTerms(form: string, reason: string, sealing: Sealing): ReturnType<typeof sealValues> {
  return sealValues({ terms: form, text: reason }, sealing);
}

/**
 * Everything that a surface shows of a standing grant that is voted on, in canonical form: its SHA-256 is the
 * rendering's digest (threat A4), which the salt of the sample keeps from being searched for. Votes are no part of it.
 */
export function standingRenderingForm(grant: StandingGrant, policyVersion: string): string {
  const { commitment: _, ...sample } = grant.sample;
  const { id, review, terms, digest, proposedBy, reason, schedule } = grant;
  const shown = { id, review, terms, digest, proposedBy, reason, schedule, sample, policies: policyVersion };
  return canonicalize({ ...shown, version: 'sallyport/standing-rendering/v1' } as unknown as Json);
}

/** A grant's state after a change. `aside` is given once, with the proposal. */
export function standingEntry(grant: StandingGrant, atMs: number, aside: string | null): SealedEntry {
  const { id, review, terms, commitment, sample, proposedBy, revision, state } = grant;
  const { agent, onBehalfOf, target, operation, maxUses, maxRows, validFromMs, validUntilMs } = terms;
  const leaf = canonicalize({
    action: sample.action,
    at: atMs,
    binding: {
      agent,
      environment: target.environment,
      onBehalfOf,
      operation,
      target: target.name,
    },
    ...(aside === null ? {} : { commitment }),
    demands: sample.demands.map(canonicalDemand),
    kind: 'standing',
    maxRows,
    maxUses,
    proposedBy,
    review,
    revision,
    risk: { score: sample.risk.score },
    ...(state.status === 'revoked' ? { revokedBy: state.by } : {}),
    standing: id,
    status: state.status,
    subject: commitment,
    validFrom: validFromMs,
    validUntil: validUntilMs,
    version: 1,
  });
  const beside = aside === null ? null : { aside, subject: subjectOf(sample.requester) };
  return entry('standing', { action: sample.action, atMs }, leaf, beside);
}

/** A vote on a proposed grant, as votes on reviews are recorded. */
export function standingVoteEntry(grant: StandingGrant, vote: Vote, sealing: Sealing): SealedEntry {
  const { id, commitment: subject, sample } = grant;
  const { channel, identity, kind, passkey, person, reason, rendering, atMs } = vote;
  const proof = passkey === null ? {} : { passkey: { ...passkey, publicKey: { ...passkey.publicKey } } };
  const { commitment, aside } = sealValues({ ...proof, text: reason }, sealing);
  const signing = passkey === null ? {} : { passkey: passkey.passkey };
  const said = {
    channel,
    identity,
    kind,
    person,
    rendering,
    signed: passkey !== null,
    ...signing,
    ...rightsOf(vote),
  };
  const about = { action: sample.action, at: atMs, commitment, kind: 'vote', standing: id, subject };
  const leaf = canonicalize({ ...about, version: 1, vote: said });
  return entry('vote', { action: sample.action, atMs }, leaf, {
    aside,
    subject: subjectOf(sample.requester),
  });
}
