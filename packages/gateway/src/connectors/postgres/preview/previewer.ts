import { err, ok, type Result } from '../../../core/result.ts';
import type { Parameter } from '../../../core/action.ts';
import type { PreviewFinding } from '../../../core/preview.ts';
import type { ReviewSubject } from '../../../core/review.ts';
import type { Limits } from '../../../limits.ts';
import type { Previewer } from '../../../ports.ts';
import type { CatalogWatcher, TargetCatalog } from '../catalog/index.ts';
import { formatSearchPath, type SqlDescriber } from '../describe/index.ts';
import { bindMessage, describeMessage, executeMessage, parseMessage } from '../wire/frontend.ts';
import type { UpstreamOptions } from '../wire/upstream.ts';
import { columnsFinding, originsQuery, originsValues } from './columns.ts';
import { PreviewConnection, type Answer, type Fault } from './connection.ts';
import { countText, explainText } from './derive.ts';
import { holdersQuery, holdersValues, locksFinding, wantedLocks } from './locks.ts';
import { estimateOf, parsePlans, planFinding } from './plan.ts';
import { objectionToPlanning, sessionWith, understand, type Subject, type Understood } from './understand.ts';
import { blindSpots, counted, explainFault, unavailable } from './words.ts';

export interface PostgresPreviewerOptions {
  /** The target, with the gateway's own credential. */
  readonly upstream: UpstreamOptions;
  readonly catalog: CatalogWatcher;
  readonly describer: SqlDescriber;
  readonly limits: Limits;
}

const PLAN = 'What it would do';
const COUNT = 'Rows that its condition holds for';
const LOCKS = 'Locks on tables, and who is in the way now';

/**
 * Asks the target what an action would do, over a connection and in a transaction of its own, which is read-only and
 * never commits (decisions/0014). The action itself is only ever planned.
 */
export class PostgresPreviewer implements Previewer {
  readonly #options: PostgresPreviewerOptions;

  constructor(options: PostgresPreviewerOptions) {
    this.#options = options;
  }

  async preview(subject: ReviewSubject, signal: AbortSignal): Promise<readonly PreviewFinding[]> {
    const { catalog, describer, limits, upstream } = this.#options;
    const snapshot = catalog.current();
    if (snapshot === null) return [unavailable(PLAN, explainFault('unreachable'))];
    const understood = understand(subject, snapshot, describer);
    if (!understood.ok) return [unavailable(PLAN, understood.error)];
    const objection = objectionToPlanning(understood.value, snapshot);
    const wanted = wantedLocks(understood.value);
    const refused = objection === undefined ? [] : [unavailable(PLAN, objection)];
    if (objection !== undefined && wanted.length === 0) return refused;
    const opened = await PreviewConnection.open(upstream, { signal, maxBytes: limits.previewAnswerBytes });
    if (!opened.ok) return [...refused, unavailable(PLAN, explainFault(opened.error))];
    const asking = new Asking(opened.value, {
      subject,
      understood: understood.value,
      snapshot,
      describer,
      limits,
    });
    try {
      return objection === undefined ? await asking.all() : [...refused, ...(await asking.locks())];
    } finally {
      opened.value.close();
    }
  }
}

export interface About {
  readonly subject: Subject;
  readonly understood: Understood;
  readonly snapshot: TargetCatalog;
  readonly describer: SqlDescriber;
  readonly limits: Limits;
}

type Asked = Promise<Result<Answer, Fault>>;

/** One preview's questions, in order; each that fails ends those that need its transaction. */
export class Asking {
  readonly #connection: PreviewConnection;
  readonly #about: About;

  constructor(connection: PreviewConnection, about: About) {
    this.#connection = connection;
    this.#about = about;
  }

  async locks(): Promise<readonly PreviewFinding[]> {
    const wanted = wantedLocks(this.#about.understood);
    if (wanted.length === 0) return [];
    const begun = await this.#begin();
    const asked = begun.ok ? await this.#ask(holdersQuery, holdersValues(wanted)) : begun;
    return asked.ok
      ? [locksFinding(wanted, asked.value.rows)]
      : [unavailable(LOCKS, explainFault(asked.error), 'locks')];
  }

  /** Locks come first: they are asked for without touching what others hold. */
  async all(): Promise<readonly PreviewFinding[]> {
    const locks = await this.locks();
    const effect = await this.#effect();
    return [...effect, ...locks];
  }

  /** Undefined: the target did not say. */
  async rows(): Promise<number | undefined> {
    const statement = await this.#describe();
    const explained = statement.ok ? await this.#explain(statement.value.parameterTypes) : statement;
    const plans = explained.ok ? parsePlans(explained.value) : [];
    return plans.length === 0 ? undefined : estimateOf(plans);
  }

  async #effect(): Promise<readonly PreviewFinding[]> {
    const statement = await this.#describe();
    if (!statement.ok) return [unavailable(PLAN, explainFault(statement.error))];
    const { parameterTypes, fields } = statement.value;
    const explained = await this.#explain(parameterTypes);
    if (!explained.ok) return [unavailable(PLAN, explained.error)];
    const plans = parsePlans(explained.value);
    if (plans.length === 0) return [unavailable(PLAN, explainFault('protocol'))];
    const columns = await this.#columns(fields);
    const count = await this.#count(parameterTypes);
    const rows = count?.basis === 'counted' ? [] : [this.#estimate(estimateOf(plans))];
    return [...(count === null ? [] : [count]), ...rows, planFinding(plans), ...columns];
  }

  /** What failed before is forgotten. Every name in the gateway's own questions is PostgreSQL's. */
  #begin(): Asked {
    const { previewStatementMs, previewLockMs } = this.#about.limits;
    const begin = [
      'ROLLBACK',
      'BEGIN TRANSACTION READ ONLY',
      "SET LOCAL search_path = ''",
      'SET LOCAL standard_conforming_strings = on',
      `SET LOCAL statement_timeout = ${previewStatementMs.toString()}`,
      `SET LOCAL lock_timeout = ${previewLockMs.toString()}`,
    ];
    return this.#connection.run(begin.join('; '));
  }

  #ask(query: string, values: readonly string[]): Asked {
    return this.#connection.ask(
      parseMessage({ statement: '', query, parameterTypes: [] }),
      bindMessage({
        portal: '',
        statement: '',
        parameterFormats: [],
        parameters: values.map((value) => Buffer.from(value)),
        resultFormats: [],
      }),
      executeMessage({ portal: '', maxRows: 0 }),
    );
  }

  /** From here on names mean what they mean to the session. The statement is analysed, and neither planned nor run. */
  async #describe(): Asked {
    const begun = await this.#begin();
    if (!begun.ok) return begun;
    const moved = await this.#follow(this.#about.understood.searchPath);
    if (!moved.ok) return moved;
    const { command, parameters } = this.#about.subject;
    const parameterTypes = parameters.map(({ type }) => Number(type));
    return this.#connection.ask(
      parseMessage({ statement: '', query: command, parameterTypes }),
      describeMessage({ kind: 'statement', name: '' }),
    );
  }

  #follow(searchPath: readonly string[]): Asked {
    return this.#ask("SELECT pg_catalog.set_config('search_path', $1, true)", [formatSearchPath(searchPath)]);
  }

  async #explain(parameterTypes: readonly number[]): Promise<Result<string, string>> {
    const { subject, understood } = this.#about;
    const query = explainText(subject.command, understood.tree);
    if (query === null) return err('The statement can’t be put into an EXPLAIN as it is.');
    const explained = await this.#withValues(query, parameterTypes);
    if (!explained.ok) return err(explainFault(explained.error));
    return ok(explained.value.rows.map(([line]) => line ?? '').join('\n'));
  }

  /** The bound values of the action, as they came, with the types that the target found for the whole statement. */
  #withValues(query: string, parameterTypes: readonly number[]): Asked {
    const { parameters } = this.#about.subject;
    return this.#connection.ask(
      parseMessage({ statement: '', query, parameterTypes }),
      bindMessage({
        portal: '',
        statement: '',
        parameterFormats: parameters.map(({ format }) => (format === 'binary' ? 1 : 0)),
        parameters: parameters.map(bytesOf),
        resultFormats: [],
      }),
      executeMessage({ portal: '', maxRows: 0 }),
    );
  }

  async #columns(fields: Answer['fields']): Promise<readonly PreviewFinding[]> {
    if (fields.length === 0) return [];
    const { subject, snapshot, understood } = this.#about;
    await this.#follow([]);
    const origins = await this.#ask(originsQuery, originsValues(fields));
    await this.#follow(understood.searchPath);
    return origins.ok ? [columnsFinding(fields, origins.value.rows, subject, snapshot)] : [];
  }

  /** Null: there is nothing to be counted, or nothing that the gateway would count. */
  async #count(parameterTypes: readonly number[]): Promise<PreviewFinding | null> {
    const { limits, subject, understood } = this.#about;
    const query = countText(understood.tree);
    if (query === null || !this.#mayRun(query)) return null;
    const answered = await this.#withValues(query, parameterTypes);
    if (!answered.ok) return unavailable(COUNT, explainFault(answered.error), 'count');
    const rows = Number(answered.value.rows[0]?.[0]);
    if (!Number.isSafeInteger(rows)) return unavailable(COUNT, explainFault('protocol'), 'count');
    const most = limits.previewCountRows;
    const text = rows > most ? `More than ${counted(most, 'row')}.` : `${counted(rows, 'row')}.`;
    return { kind: 'count', title: COUNT, text: `${text}\n${blindSpots(subject)}`, basis: 'counted', rows };
  }

  /** The only statement of a preview that runs: it is described like any other, and must be a harmless read. */
  #mayRun(query: string): boolean {
    const { describer, snapshot, understood } = this.#about;
    const described = describer.describe(query, snapshot, sessionWith(understood.searchPath));
    const [only, more] = described.ok ? described.value : [];
    if (only === undefined || more !== undefined || only.description.operation !== 'sql:select') return false;
    return objectionToPlanning({ ...understood, description: only.description }, snapshot) === undefined;
  }

  #estimate(rows: number): PreviewFinding {
    const text = `About ${counted(rows, 'row')}, as the target estimates from its statistics.\n${blindSpots(this.#about.subject)}`;
    return { kind: 'estimate', title: 'Rows', text, basis: 'estimated', rows };
  }
}

function bytesOf({ format, value }: Parameter): Buffer | null {
  if (value === null) return null;
  return Buffer.from(value, format === 'binary' ? 'base64url' : 'utf8');
}
