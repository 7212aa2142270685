import { CsvError } from './csv.ts';
import type { LedgerSide, Sent } from './ledger-side.ts';
import type { LogRecord } from './postgres-log.ts';
import type { Differing, DirectReason, Missing, ReconcileReport, Shown } from './report.ts';
import { placeOf, SessionMatch, type Place } from './session-match.ts';

/** How far the clocks of gateway and target may be apart, and a record behind what it records. */
export const CLOCK_MARGIN_MS = 5_000;
/** Findings of one kind that are listed; the rest is counted. */
const MAX_LISTED = 1_000;
/** Characters of a statement that are shown. */
const MAX_SHOWN_TEXT = 200;

/** The gateway's own connections: it reads the catalog, and looks what an action would do. */
const OWN: ReadonlySet<string> = new Set(['sallyport-catalog', 'sallyport-preview']);
const TAG = /^sallyport\/(ses_[0-9a-z]+)(?: |$)/;

export interface Scope {
  /** Only this user's, or this database's connections; null: all. */
  readonly user: string | null;
  readonly database: string | null;
}

type Whose =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'gateway'; readonly match: SessionMatch }
  | { readonly kind: 'own' }
  | { readonly kind: 'direct'; readonly reason: DirectReason };

interface Connection {
  sessionLine: number;
  host: string;
  whose: Whose;
}

class Listed<T> {
  readonly list: T[] = [];
  omitted = 0;

  add(item: T): void {
    if (this.list.length < MAX_LISTED) this.list.push(item);
    else this.omitted++;
  }
}

/** Compares a target's own log, record by record, with what the ledger says was sent to it. */
export class Reconciler {
  readonly #ledger: LedgerSide;
  readonly #scope: Scope;
  readonly #connections = new Map<string, Connection>();
  readonly #ofGateway = new Map<string, SessionMatch>();
  readonly #direct = new Listed<Shown & { readonly reason: DirectReason }>();
  readonly #missing = new Listed<Missing>();
  readonly #differing = new Listed<Differing>();
  readonly #gaps = new Listed<{ session: string; from: number; until: number; file: string; line: number }>();
  readonly #own = new Map<string, { catalog: number; preview: number; readonly places: Listed<Shown> }>();
  #records = 0;
  #statements = 0;
  #fromMs = Infinity;
  #untilMs = -Infinity;

  constructor(ledger: LedgerSide, scope: Scope) {
    this.#ledger = ledger;
    this.#scope = scope;
  }

  /** Every record, the older file first. Throws a `CsvError` where records come twice or in another order. */
  observe(record: LogRecord): void {
    this.#records++;
    this.#fromMs = Math.min(this.#fromMs, record.atMs);
    this.#untilMs = Math.max(this.#untilMs, record.atMs);
    const connection = this.#connectionOf(record);
    if (!this.#isInScope(record)) return;
    const { event } = record;
    if (event.kind === 'other') return;
    if (connection.whose.kind === 'unknown') connection.whose = this.#whose(record);
    const { whose } = connection;
    if (event.kind === 'statement') this.#statements++;
    if (whose.kind === 'gateway') {
      if (event.kind === 'statement') whose.match.statement(record, event);
      else whose.match.error(event.text, event.sqlState);
      return;
    }
    const text = event.kind === 'statement' ? (event.texts[0] ?? '') : event.text;
    if (whose.kind === 'own') this.#observeOwn(record, text);
    else if (whose.kind === 'direct' && event.kind === 'statement')
      this.#direct.add({ ...shown(placeOf(record, text)), reason: whose.reason });
  }

  #isInScope({ user, database }: LogRecord): boolean {
    const { user: onlyUser, database: onlyDatabase } = this.#scope;
    return (onlyUser === null || user === onlyUser) && (onlyDatabase === null || database === onlyDatabase);
  }

  /** The target numbers the records of a connection: what was taken out of its log shows. */
  #connectionOf({ session, sessionLine, host, file, line }: LogRecord): Connection {
    const known = this.#connections.get(session);
    if (known === undefined) {
      const begun: Connection = { sessionLine, host, whose: { kind: 'unknown' } };
      this.#connections.set(session, begun);
      return begun;
    }
    if (sessionLine <= known.sessionLine)
      throw new CsvError(
        line,
        `the records of session ${session} were read already, or the files are not in order`,
      );
    if (sessionLine > known.sessionLine + 1)
      this.#gaps.add({ session, from: known.sessionLine + 1, until: sessionLine, file, line });
    known.sessionLine = sessionLine;
    known.host = host;
    return known;
  }

  /** By the connection's first statement: what it calls itself later is the agent's to choose. */
  #whose(record: LogRecord): Whose {
    const { applicationName } = record;
    if (OWN.has(applicationName)) return { kind: 'own' };
    const [, session] = TAG.exec(applicationName) ?? [];
    if (session === undefined) return { kind: 'direct', reason: 'no_session' };
    const sents = this.#ledger.sessions.get(session) ?? (this.#isBeyond(record.atMs) ? [] : undefined);
    if (sents === undefined) return { kind: 'direct', reason: 'unknown_session' };
    // A session may have had several connections, one after the other.
    const known = this.#ofGateway.get(session) ?? new SessionMatch(sents);
    this.#ofGateway.set(session, known);
    return { kind: 'gateway', match: known };
  }

  /** A read is sent while its entry is on its way to the disk: what is as late as the ledger's end may not be in it yet. */
  #isBeyond(atMs: number): boolean {
    return atMs > this.#ledger.endMs - CLOCK_MARGIN_MS;
  }

  end(): ReconcileReport {
    const counts = {
      matched: 0,
      matchedByCount: 0,
      valuesCompared: 0,
      valuesUnclear: 0,
      notSent: 0,
      undecided: 0,
    };
    for (const [session, sents] of this.#ledger.sessions)
      if (!this.#ofGateway.has(session)) this.#ofGateway.set(session, new SessionMatch(sents));
    for (const match of this.#ofGateway.values()) this.#settle(match, counts);
    const own = this.#settleOwn();
    const { list: direct, omitted: directOmitted } = this.#direct;
    const { list: missing, omitted: missingOmitted } = this.#missing;
    const { list: differing, omitted: differingOmitted } = this.#differing;
    const { list: gaps, omitted: gapsOmitted } = this.#gaps;
    const isEmpty = this.#records === 0;
    return {
      ok: [direct, missing, differing, gaps].every((list) => list.length === 0),
      records: this.#records,
      statements: this.#statements,
      from: isEmpty ? null : this.#fromMs,
      until: isEmpty ? null : this.#untilMs,
      actions: this.#ledger.count,
      ...counts,
      own,
      direct,
      missing,
      differing,
      gaps,
      omitted: directOmitted + missingOmitted + differingOmitted + gapsOmitted,
    };
  }

  #settle(
    match: SessionMatch,
    counts: Record<
      'matched' | 'matchedByCount' | 'valuesCompared' | 'valuesUnclear' | 'notSent' | 'undecided',
      number
    >,
  ): void {
    const { matched, matchedByCount, differing, unexplained, unmatched } = match.end();
    counts.matched += matched.length;
    counts.matchedByCount += matchedByCount;
    for (const { sent, failed, place, values } of matched) {
      if (failed !== null && sent.outcome?.status === 'succeeded')
        this.#differing.add({ what: 'outcome', ...named(sent), logged: null, sqlState: failed });
      if (values === 'same') counts.valuesCompared++;
      if (values === 'unclear') counts.valuesUnclear++;
      if (values === 'other' && place !== null)
        this.#differing.add({ what: 'parameters', ...named(sent), logged: shown(place), sqlState: null });
    }
    for (const { place, sent } of differing)
      this.#differing.add({ what: 'text', ...named(sent), logged: shown(place), sqlState: null });
    for (const place of unexplained) {
      if (this.#isBeyond(place.atMs)) counts.undecided++;
      else this.#direct.add({ ...shown(place), reason: 'no_action' });
    }
    for (const sent of unmatched) {
      const due = this.#due(sent);
      if (due === 'missing') this.#missing.add({ ...named(sent), status: sent.outcome?.status ?? null });
      else counts[due]++;
    }
  }

  /** Without its text it can't be told which part of a message of several statements it was. */
  #due({ atMs, outcome, text }: Sent): 'missing' | 'notSent' | 'undecided' {
    if (outcome?.status === 'refused' || outcome?.code === 'target.unavailable') return 'notSent';
    const isInside = atMs >= this.#fromMs + CLOCK_MARGIN_MS && atMs <= this.#untilMs - CLOCK_MARGIN_MS;
    const isKnown = outcome !== null && outcome.status !== 'unknown' && text !== null;
    return isInside && isKnown ? 'missing' : 'undecided';
  }

  /**
   * The gateway's own connections are not in its ledger, and anybody can call theirs by the same name. Those that come
   * from elsewhere than its proven sessions are somebody else's.
   */
  #settleOwn(): ReconcileReport['own'] {
    const hosts = new Set(
      [...this.#connections.values()]
        .filter(({ whose }) => whose.kind === 'gateway' && whose.match.size > 0)
        .map(({ host }) => host),
    );
    const own = { catalog: 0, preview: 0 };
    for (const [host, { catalog, preview, places }] of this.#own) {
      if (hosts.size === 0 || hosts.has(host)) {
        own.catalog += catalog;
        own.preview += preview;
        continue;
      }
      for (const place of places.list) this.#direct.add({ ...place, reason: 'other_host' });
      this.#direct.omitted += places.omitted;
    }
    return own;
  }

  #observeOwn(record: LogRecord, text: string): void {
    const known = this.#own.get(record.host) ?? { catalog: 0, preview: 0, places: new Listed<Shown>() };
    this.#own.set(record.host, known);
    known[record.applicationName === 'sallyport-preview' ? 'preview' : 'catalog']++;
    known.places.add(shown(placeOf(record, text)));
  }
}

const named = ({ index, action, session, atMs }: Sent) => ({ index, action, session, atMs });

function shown({ text, ...place }: Place): Shown {
  return { ...place, text: text.slice(0, MAX_SHOWN_TEXT), characters: text.length };
}
