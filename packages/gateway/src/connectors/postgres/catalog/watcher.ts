import { Client, type ClientConfig } from 'pg';
import type { Clock } from '../../../ports.ts';
import { catalogVersion, loadCatalog, type CatalogQuery } from './load.ts';
import type { TargetCatalog } from './types.ts';

/** How often the fingerprint is compared: how long a change made by others may go unnoticed. */
const pollMs = 2_000;
/** Waits between attempts to connect: quick at first, then sparing a target that is down. */
const retryMs = [250, 500, 1_000, 2_000, 5_000, 10_000] as const;
/** A catalog query that hangs must not keep an old snapshot in use. */
const queryTimeoutMs = 20_000;

const LOCKS = `
  SELECT DISTINCT CASE WHEN granted THEN 'It holds ' ELSE 'It waits for ' END || mode || ' on ' || relation::regclass || '.' AS lock
  FROM pg_locks
  WHERE pid = $1 AND locktype = 'relation' AND relation >= 16384 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  ORDER BY 1 LIMIT 20`;

export interface CatalogWatcherOptions {
  /** The target, with the gateway's own credential. */
  readonly connection: Pick<ClientConfig, 'host' | 'port' | 'user' | 'password' | 'database' | 'ssl'>;
  readonly clock: Clock;
  /** Told of each failure, in the target's words: for logs. */
  readonly onProblem: (error: unknown) => void;
}

/**
 * Keeps a snapshot of one target's catalog current: polls a fingerprint, reloads on change, reconnects by itself.
 * A snapshot that could not be checked for longer than a poll and its time limit is no longer handed out.
 */
export class CatalogWatcher {
  private readonly options: CatalogWatcherOptions;
  private client: Client | null = null;
  private catalog: TargetCatalog | null = null;
  /** Monotonic time of the last check that the snapshot is current. */
  private checkedAtMs = Number.NEGATIVE_INFINITY;
  private failures = 0;
  private closed = false;
  private defaultSearchPath: string | null = null;
  private cancelTimer: () => void = () => undefined;
  /** The check under way; checks run one after the other on one connection. */
  private running: Promise<void> | null = null;
  private queued: Promise<void> | null = null;

  constructor(options: CatalogWatcherOptions) {
    this.options = options;
  }

  /** Loads a first snapshot, or gives up after one attempt and goes on trying. Resolves either way. */
  async start(): Promise<void> {
    await this.refresh().catch(() => undefined);
  }

  /** Null while nothing is known for sure: then nothing can be described, and statements are refused. */
  current(): TargetCatalog | null {
    return this.available ? this.catalog : null;
  }

  /**
   * The search path of a connection that hasn't changed it, as text; null while it isn't known. A role's and a
   * database's own settings are in it, because the gateway's sessions have the same ones.
   */
  get searchPath(): string | null {
    return this.defaultSearchPath;
  }

  /** The locks that one connection to the target holds or waits for, in words for people; empty where they can't be told. */
  async locksOf(processId: number): Promise<readonly string[]> {
    try {
      const result = await this.client?.query<{ lock: string }>(LOCKS, [processId]);
      return (result?.rows ?? []).map(({ lock }) => lock);
    } catch (error) {
      // For information only: a review without it is still a review.
      this.options.onProblem(error);
      return [];
    }
  }

  get available(): boolean {
    const age = this.options.clock.monotonicMs() - this.checkedAtMs;
    return this.catalog !== null && age <= pollMs + queryTimeoutMs;
  }

  /** Resolves when a check that began after the call is done; rejects where it failed. */
  refresh(): Promise<void> {
    if (!this.running) return this.run();
    this.queued ??= this.running.catch(() => undefined).then(() => this.run());
    return this.queued;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.cancelTimer();
    await this.running?.catch(() => undefined);
    await this.client?.end().catch(() => undefined);
    this.client = null;
  }

  private run(): Promise<void> {
    this.queued = null;
    this.cancelTimer();
    const running = this.check().then(
      () => this.finished(true),
      (error: unknown) => {
        this.finished(false);
        this.options.onProblem(error);
        throw error;
      },
    );
    this.running = running;
    // The timer's own calls have nobody to tell; `onProblem` was told.
    running.catch(() => undefined);
    return running;
  }

  private finished(succeeded: boolean): void {
    this.running = null;
    this.failures = succeeded ? 0 : this.failures + 1;
    if (!succeeded) this.disconnect();
    if (this.closed) return;
    const delayMs = succeeded
      ? pollMs
      : (retryMs[this.failures - 1] ?? retryMs[retryMs.length - 1] ?? pollMs);
    this.cancelTimer = this.options.clock.after(delayMs, () => void this.refresh().catch(() => undefined));
  }

  private async check(): Promise<void> {
    if (this.closed) throw new Error('the catalog watcher is closed');
    const client = this.client ?? (await this.connect());
    const query: CatalogQuery = async (sql, parameters) => {
      const { rows } = await client.query<Record<string, unknown>>(sql, parameters);
      return rows;
    };
    const begunAtMs = this.options.clock.monotonicMs();
    if (!this.catalog || (await catalogVersion(query)) !== this.catalog.version) {
      this.catalog = await loadCatalog(query);
    }
    this.checkedAtMs = begunAtMs;
  }

  private async connect(): Promise<Client> {
    const client = new Client({
      ...this.options.connection,
      application_name: 'sallyport-catalog',
      connectionTimeoutMillis: queryTimeoutMs,
      query_timeout: queryTimeoutMs,
    });
    // Without a listener the loss of an idle connection would end the process; the next check reconnects.
    client.on('error', () => {
      if (this.client === client) this.client = null;
    });
    await client.connect();
    const { rows } = await client.query<{ search_path: string }>('SHOW search_path');
    this.defaultSearchPath = rows[0]?.search_path ?? null;
    this.client = client;
    return client;
  }

  private disconnect(): void {
    const client = this.client;
    this.client = null;
    void client?.end().catch(() => undefined);
  }
}
