import type { Limits } from '../../../limits.ts';
import type { Clock } from '../../../ports.ts';
import { formatSearchPath } from '../describe/index.ts';
import { PreviewConnection } from '../preview/connection.ts';
import { parseReport } from '../wire/backend.ts';
import { bindMessage, executeMessage, parseMessage } from '../wire/frontend.ts';
import type { UpstreamOptions } from '../wire/upstream.ts';

export interface AnalyserOptions {
  /** The target, with the gateway's own credential. */
  readonly upstream: UpstreamOptions;
  readonly clock: Clock;
  readonly limits: Limits;
}

export interface Analysable {
  readonly query: string;
  /** OIDs; 0 where the client left the type open. */
  readonly parameterTypes: readonly number[];
  readonly searchPath: readonly string[];
}

/**
 * Asks the target whether it can make sense of a statement, before a person is asked about one that can't run: an agent
 * that misspells a column gets the target's own error at once, with its hint, and corrects itself (decisions/0021).
 *
 * The statement is parsed and analysed, over a connection and in a read-only transaction of its own; it is neither
 * planned nor run. Where the target doesn't answer, or not in time, nothing is known and a person decides as ever.
 */
export class Analyser {
  readonly #options: AnalyserOptions;
  #underWay = 0;
  readonly #waiting = new Set<() => void>();

  constructor(options: AnalyserOptions) {
    this.#options = options;
  }

  /** The target's ErrorResponse, where what the statement names isn't there or doesn't fit; otherwise null. */
  async objection(ask: Analysable): Promise<Buffer | null> {
    const { clock, limits } = this.#options;
    const stop = new AbortController();
    const cancel = clock.after(limits.analysisMs, () => stop.abort());
    try {
      if (!(await this.#turn(stop.signal))) return null;
      try {
        return await this.#ask(ask, stop.signal);
      } finally {
        this.#done();
      }
    } finally {
      cancel();
    }
  }

  /** False: too many wait already, or its time was up before its turn came. */
  #turn(signal: AbortSignal): Promise<boolean> {
    const { analysesAtOnce, analysesWaiting } = this.#options.limits;
    if (this.#underWay < analysesAtOnce) {
      this.#underWay++;
      return Promise.resolve(true);
    }
    if (this.#waiting.size >= analysesWaiting) return Promise.resolve(false);
    return new Promise<boolean>((resolve) => {
      const go = (): void => {
        signal.removeEventListener('abort', leave);
        resolve(true);
      };
      const leave = (): void => {
        this.#waiting.delete(go);
        resolve(false);
      };
      this.#waiting.add(go);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  /** Hands the turn over to who has waited longest. */
  #done(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#underWay--;
    else {
      this.#waiting.delete(next);
      next();
    }
  }

  async #ask({ query, parameterTypes, searchPath }: Analysable, signal: AbortSignal): Promise<Buffer | null> {
    const { limits, upstream } = this.#options;
    const opened = await PreviewConnection.open(upstream, { signal, maxBytes: limits.previewAnswerBytes });
    if (!opened.ok) return null;
    const connection = opened.value;
    try {
      const begun = await connection.run(begin(limits));
      const moved = begun.ok ? await connection.ask(...followPath(searchPath)) : begun;
      if (!moved.ok) return null;
      const analysed = await connection.ask(parseMessage({ statement: '', query, parameterTypes }));
      return analysed.ok || connection.report === null ? null : aboutNames(connection.report);
    } finally {
      connection.close();
    }
  }
}

const begin = ({ previewStatementMs, previewLockMs }: Limits): string =>
  [
    'BEGIN TRANSACTION READ ONLY',
    'SET LOCAL standard_conforming_strings = on',
    `SET LOCAL statement_timeout = ${previewStatementMs.toString()}`,
    `SET LOCAL lock_timeout = ${previewLockMs.toString()}`,
  ].join('; ');

function followPath(searchPath: readonly string[]): readonly Buffer[] {
  const query = "SELECT pg_catalog.set_config('search_path', $1, true)";
  return [
    parseMessage({ statement: '', query, parameterTypes: [] }),
    bindMessage({
      portal: '',
      statement: '',
      parameterFormats: [],
      parameters: [Buffer.from(formatSearchPath(searchPath))],
      resultFormats: [],
    }),
    executeMessage({ portal: '', maxRows: 0 }),
  ];
}

/**
 * The report, where it is about the statement itself: SQLSTATE class 42 (syntax, or names that aren't there or don't
 * fit) without the refusal of a privilege, and a schema that isn't there. Anything else (a lock, a lost connection, a
 * server that shuts down) says nothing about the statement.
 */
function aboutNames(report: Buffer): Buffer | null {
  const parsed = parseReport(report);
  if (!parsed.ok) return null;
  const { code, severity } = parsed.value;
  const isAboutNames = code === INVALID_SCHEMA || (code.startsWith('42') && code !== INSUFFICIENT_PRIVILEGE);
  return severity === 'ERROR' && isAboutNames ? report : null;
}

const INVALID_SCHEMA = '3F000';
const INSUFFICIENT_PRIVILEGE = '42501';
