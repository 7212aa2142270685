import type { CsvRow } from './csv.ts';
import { CsvError } from './csv.ts';
import { parametersIn, type LoggedValues } from './parameters.ts';

/** What is of use in a record of PostgreSQL's `csvlog` ("Using CSV-Format Log Output"). */
export interface LogRecord {
  readonly file: string;
  readonly line: number;
  readonly atMs: number;
  readonly user: string;
  readonly database: string;
  /** Host of the client, without its port; `[local]` for a Unix socket. */
  readonly host: string;
  /** One connection. */
  readonly session: string;
  /** Dense from 1 within a session. */
  readonly sessionLine: number;
  readonly applicationName: string;
  readonly event: LogEvent;
}

export type LogEvent =
  /** The target begins to execute it. `texts`: what may be the statement; the first nearly always is. */
  | {
      readonly kind: 'statement';
      readonly texts: readonly string[];
      readonly isContinued: boolean;
      /** Null: the record doesn't tell them. */
      readonly parameters: LoggedValues | null;
    }
  /** A statement failed. */
  | { readonly kind: 'error'; readonly sqlState: string; readonly text: string }
  | { readonly kind: 'other' };

/** Of PostgreSQL 14 and newer. */
const COLUMNS = 26;
const at = {
  time: 0,
  user: 1,
  database: 2,
  from: 4,
  session: 5,
  sessionLine: 6,
  sessionStart: 8,
  severity: 11,
  sqlState: 12,
  message: 13,
  detail: 14,
  query: 19,
  applicationName: 22,
} as const;

const ERRORS: ReadonlySet<string> = new Set(['ERROR', 'FATAL', 'PANIC']);

/** Times are in the server's `log_timezone`, of which a record has but an abbreviation. */
export class LogTimes {
  readonly #offsets = new Map<string, number>();

  /** What an abbreviation means, from a session: its id begins with its start, as Unix time in hexadecimal. */
  learn(sessionStart: string, session: string): void {
    const parts = split(sessionStart);
    if (parts === undefined || this.#offsets.has(parts.zone)) return;
    const startMs = Number.parseInt(session.split('.')[0] ?? '', 16) * 1_000;
    if (Number.isFinite(startMs)) this.#offsets.set(parts.zone, parts.asUtcMs - startMs);
  }

  /** Where a session outlives a change of the clock, its start stands in for an abbreviation that none has taught yet. */
  read(time: string, sessionStart: string): number | undefined {
    const parts = split(time);
    if (parts === undefined) return undefined;
    const offset = this.#offsets.get(parts.zone) ?? this.#offsets.get(split(sessionStart)?.zone ?? '');
    return offset === undefined ? undefined : parts.asUtcMs - offset;
  }
}

function split(time: string): { readonly asUtcMs: number; readonly zone: string } | undefined {
  const [, day, clock, zone] =
    /^(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,6})?) (\S{1,32})$/.exec(time) ?? [];
  if (day === undefined || clock === undefined || zone === undefined) return undefined;
  const asUtcMs = Date.parse(`${day}T${clock}Z`);
  return Number.isNaN(asUtcMs) ? undefined : { asUtcMs, zone };
}

/** Throws a `CsvError` where the row is none of PostgreSQL's. */
export function recordOf(file: string, { line, fields }: CsvRow, times: LogTimes): LogRecord {
  if (fields.length !== COLUMNS) {
    const detail = `the record has ${fields.length} columns; csvlog of PostgreSQL 14 and newer has ${COLUMNS}`;
    throw new CsvError(line, detail);
  }
  const column = (name: keyof typeof at): string => fields[at[name]] ?? '';
  const session = column('session');
  const sessionLine = Number(column('sessionLine'));
  if (!/^[0-9a-f]+\.[0-9a-f]+$/.test(session) || !Number.isSafeInteger(sessionLine) || sessionLine < 1)
    throw new CsvError(line, 'the record has no session with a line number');
  times.learn(column('sessionStart'), session);
  const atMs = times.read(column('time'), column('sessionStart'));
  if (atMs === undefined) throw new CsvError(line, 'the record has no time that can be read');
  return {
    file,
    line,
    atMs,
    user: column('user'),
    database: column('database'),
    host: column('from').replace(/:\d+$/, ''),
    session,
    sessionLine,
    applicationName: column('applicationName'),
    event: eventOf(column),
  };
}

function eventOf(column: (name: keyof typeof at) => string): LogEvent {
  const [severity, sqlState, query] = [column('severity'), column('sqlState'), column('query')];
  if (severity === 'LOG') return statementOf(column('message'), parametersIn(column('detail')));
  return ERRORS.has(severity) && query !== '' ? { kind: 'error', sqlState, text: query } : { kind: 'other' };
}

/** `duration` where `log_min_duration_statement` logged what `log_statement` did not. */
const STATEMENT = /^(?:duration: [\d.]+ ms {2})?(statement|execute fetch from|execute)(?=:| )/;
/** A prepared statement's name may hold the separator: so many places are tried. */
const MAX_SPLITS = 8;

function statementOf(message: string, parameters: LoggedValues | null): LogEvent {
  if (message.startsWith('fastpath function call: '))
    return { kind: 'statement', texts: [message], isContinued: false, parameters };
  const [head, kind] = STATEMENT.exec(message) ?? [];
  if (head === undefined || kind === undefined) return { kind: 'other' };
  const rest = message.slice(head.length);
  if (kind === 'statement')
    return rest.startsWith(': ')
      ? { kind: 'statement', texts: [rest.slice(2)], isContinued: false, parameters }
      : { kind: 'other' };
  const texts: string[] = [];
  for (
    let from = rest.indexOf(': ');
    from !== -1 && texts.length < MAX_SPLITS;
    from = rest.indexOf(': ', from + 1)
  )
    texts.push(rest.slice(from + 2));
  return texts.length === 0
    ? { kind: 'other' }
    : { kind: 'statement', texts, isContinued: kind === 'execute fetch from', parameters };
}
