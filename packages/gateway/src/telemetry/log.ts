import { type DestinationStream, pino } from 'pino';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface LogOptions {
  readonly level: LogLevel;
  /** Where lines go; each is one JSON object. */
  readonly destination: DestinationStream;
}

interface Sessioned {
  readonly session: string;
  readonly agent: string;
  readonly target: string;
}

interface Reviewed {
  readonly review: string;
  readonly agent: string;
  readonly target: string;
}

interface Delivered {
  readonly delivery: string;
  readonly channel: string;
  readonly review: string;
  readonly attempts: number;
}

interface BrokenGlass {
  readonly use: string;
  readonly person: string;
  readonly target: string;
}

/**
 * Every event of the business that is logged: one function each, and no other way to the log. What goes in are ids,
 * names, codes and counts; there is no parameter for a command, a value, a token or a message of another system (law 8).
 */
export interface Log {
  gatewayStarted(fields: { readonly version: string; readonly listening: readonly string[] }): void;
  gatewayStopped(): void;
  /** After a crash: intents without an outcome, now `unknown`. */
  intentsRecovered(fields: { readonly count: number }): void;
  sessionOpened(fields: Sessioned & { readonly client: string }): void;
  sessionClosed(fields: Sessioned): void;
  /** Somebody failed to become a session. */
  sessionRefused(fields: { readonly client: string; readonly code: string }): void;
  reviewOpened(fields: Reviewed & { readonly risk: number }): void;
  /** Nobody who exists can meet its demands (threat B4). */
  reviewUndecidable(fields: Reviewed & { readonly policy: string }): void;
  /** Nobody has decided yet, and those who may were to be reminded. */
  reviewReminded(fields: Reviewed & { readonly policies: readonly string[] }): void;
  /** From now on the next people of the chain may decide too. `step` counts from 1. */
  reviewEscalated(fields: Reviewed & { readonly policy: string; readonly step: number }): void;
  reviewResolved(fields: Reviewed & { readonly status: string }): void;
  voteTaken(fields: {
    readonly review: string;
    readonly person: string;
    readonly kind: string;
    readonly channel: string;
  }): void;
  voteRefused(fields: { readonly review: string; readonly principal: string; readonly code: string }): void;
  standingChanged(fields: {
    readonly standing: string;
    readonly person: string;
    readonly status: string;
  }): void;
  standingRefused(fields: {
    /** The standing grant, or the review that it would be made of. */
    readonly about: string;
    readonly principal: string;
    readonly code: string;
  }): void;
  /** A review that is over was a canary; people who approved it are named. */
  canaryRevealed(
    fields: Reviewed & { readonly status: string; readonly approvedBy: readonly string[] },
  ): void;
  /** None was opened when one was due. `request` counts from 1: neither agent nor target, which would give others away. */
  canaryNotOpened(fields: { readonly request: number; readonly code: string }): void;
  passkeyRegistered(fields: { readonly person: string; readonly passkey: string }): void;
  passkeyRevoked(fields: { readonly person: string; readonly passkey: string }): void;
  /** Somebody with a person's token failed to add a passkey. */
  passkeyRefused(fields: { readonly person: string; readonly code: string }): void;
  /** A person runs without approval: somebody should look now. */
  breakGlassOpened(fields: BrokenGlass & { readonly action: string }): void;
  /** Nobody has reviewed it yet. */
  breakGlassReminded(fields: BrokenGlass): void;
  breakGlassClosed(fields: BrokenGlass & { readonly by: string; readonly finding: string }): void;
  breakGlassRefused(fields: { readonly about: string; readonly person: string; readonly code: string }): void;
  /** A channel was told in vain; it is tried again. Why is with the delivery: it may be another system's words. */
  deliveryFailed(fields: Delivered): void;
  /** It is a dead letter now: nobody there was told, unless somebody sends it again. */
  deliveryGivenUp(fields: Delivered): void;
  /** A person had a dead letter sent again. */
  deliveryReplayed(fields: {
    readonly delivery: string;
    readonly channel: string;
    readonly person: string;
  }): void;
  callRefused(fields: { readonly principal: string; readonly action: string; readonly code: string }): void;
  /** A bug, or something under us that failed. */
  failed(fields: { readonly where: string; readonly error: unknown }): void;
  ledgerFailed(fields: { readonly error: unknown }): void;
  checkpointPublished(fields: { readonly size: number }): void;
  /** The folder in which the log is published as files can't be written; it is tried again. Nothing waits for it. */
  mirrorFailed(fields: { readonly code: string; readonly covered: number }): void;
  mirrorRecovered(fields: { readonly covered: number }): void;
  /** Fewer witnesses cosigned a checkpoint than the configuration asks for. */
  witnessesAway(fields: { readonly cosigned: number; readonly quorum: number }): void;
  policyChanged(fields: {
    readonly version: string;
    readonly author: string;
    readonly added: string;
    readonly removed: string;
    readonly changed: string;
  }): void;
  /** A draft is recorded and enforces nothing: whoever believes otherwise is to see this. */
  policyObserved(fields: { readonly target: string; readonly version: string }): void;
  /** Another draft is observed on these targets from now on. */
  policyDraftChanged(fields: {
    readonly targets: readonly string[];
    readonly version: string;
    readonly author: string;
    readonly added: string;
    readonly removed: string;
    readonly changed: string;
  }): void;
  /** Changed files of a draft that were not taken: the former one is observed on. */
  policyDraftRefused(fields: {
    readonly targets: readonly string[];
    readonly observed: string;
    readonly problems: readonly string[];
  }): void;
  /** Changed files that were not taken: what was in force stays. */
  policyRefused(fields: { readonly inForce: string; readonly problems: readonly string[] }): void;
}

export function createLog(options: LogOptions): Log {
  const logger = pino(
    { level: options.level, base: null, formatters: { level: (label) => ({ level: label }) } },
    options.destination,
  );
  return {
    gatewayStarted: (fields) => logger.info({ event: 'gateway.started', ...fields }),
    gatewayStopped: () => logger.info({ event: 'gateway.stopped' }),
    intentsRecovered: (fields) => logger.warn({ event: 'ledger.intents_recovered', ...fields }),
    sessionOpened: (fields) => logger.info({ event: 'session.opened', ...fields }),
    sessionClosed: (fields) => logger.info({ event: 'session.closed', ...fields }),
    sessionRefused: (fields) => logger.warn({ event: 'session.refused', ...fields }),
    reviewOpened: (fields) => logger.info({ event: 'review.opened', ...fields }),
    reviewUndecidable: (fields) => logger.error({ event: 'review.undecidable', ...fields }),
    reviewReminded: (fields) => logger.info({ event: 'review.reminded', ...fields }),
    reviewEscalated: (fields) => logger.warn({ event: 'review.escalated', ...fields }),
    reviewResolved: (fields) => logger.info({ event: 'review.resolved', ...fields }),
    voteTaken: (fields) => logger.info({ event: 'vote.taken', ...fields }),
    voteRefused: (fields) => logger.warn({ event: 'vote.refused', ...fields }),
    standingChanged: (fields) => logger.info({ event: 'standing.changed', ...fields }),
    standingRefused: (fields) => logger.warn({ event: 'standing.refused', ...fields }),
    canaryRevealed: (fields) =>
      fields.approvedBy.length > 0
        ? logger.warn({ event: 'canary.revealed', ...fields })
        : logger.info({ event: 'canary.revealed', ...fields }),
    canaryNotOpened: (fields) => logger.warn({ event: 'canary.not_opened', ...fields }),
    passkeyRegistered: (fields) => logger.info({ event: 'passkey.registered', ...fields }),
    passkeyRevoked: (fields) => logger.info({ event: 'passkey.revoked', ...fields }),
    passkeyRefused: (fields) => logger.warn({ event: 'passkey.refused', ...fields }),
    // The highest there is: it is the one thing here that nobody approved.
    breakGlassOpened: (fields) => logger.fatal({ event: 'break_glass.opened', ...fields }),
    breakGlassReminded: (fields) => logger.error({ event: 'break_glass.reminded', ...fields }),
    breakGlassClosed: (fields) => logger.warn({ event: 'break_glass.closed', ...fields }),
    breakGlassRefused: (fields) => logger.error({ event: 'break_glass.refused', ...fields }),
    deliveryFailed: (fields) => logger.warn({ event: 'delivery.failed', ...fields }),
    deliveryGivenUp: (fields) => logger.error({ event: 'delivery.given_up', ...fields }),
    deliveryReplayed: (fields) => logger.info({ event: 'delivery.replayed', ...fields }),
    callRefused: (fields) => logger.warn({ event: 'call.refused', ...fields }),
    failed: ({ where, error }) => logger.error({ event: 'failed', where, error: traceOf(error) }),
    ledgerFailed: ({ error }) => logger.error({ event: 'ledger.failed', error: traceOf(error) }),
    witnessesAway: (fields) => logger.warn({ event: 'ledger.witnesses_away', ...fields }),
    checkpointPublished: (fields) => logger.debug({ event: 'ledger.checkpoint_published', ...fields }),
    mirrorFailed: (fields) => logger.error({ event: 'ledger.mirror_failed', ...fields }),
    mirrorRecovered: (fields) => logger.info({ event: 'ledger.mirror_recovered', ...fields }),
    policyChanged: (fields) => logger.warn({ event: 'policy.changed', ...fields }),
    policyObserved: (fields) => logger.warn({ event: 'policy.observed', ...fields }),
    policyDraftChanged: (fields) => logger.warn({ event: 'policy.draft_changed', ...fields }),
    policyDraftRefused: (fields) => logger.error({ event: 'policy.draft_refused', ...fields }),
    policyRefused: (fields) => logger.error({ event: 'policy.refused', ...fields }),
  };
}

interface Trace {
  readonly name: string;
  readonly code: string | null;
  readonly at: readonly string[];
}

const framesKept = 12;

/** What an error is and where it comes from, without its message: a driver's message quotes values and statements. */
function traceOf(error: unknown): Trace {
  if (!(error instanceof Error)) return { name: typeof error, code: null, at: [] };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null;
  // A stack begins with the message, whose lines may look like places.
  const at = (error.stack ?? '')
    .replace(error.message, '')
    .split('\n')
    .filter((line) => /^\s+at .+:\d+:\d+\)?$/.test(line))
    .slice(0, framesKept)
    .map((line) => line.trim());
  return { name: error.name, code, at };
}
