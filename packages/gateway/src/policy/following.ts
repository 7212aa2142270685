import { noticeEntry } from '../core/entry.ts';
import { InTurn } from '../core/in-turn.ts';
import type { Result } from '../core/result.ts';
import { limits } from '../limits.ts';
import type { Clock, Store } from '../ports.ts';
import type { Log } from '../telemetry/log.ts';
import { differencesOf, type RuleDifference } from './analysis/differences.ts';
import type { KnownNames } from './annotation-values.ts';
import { createPolicyEngine, versionOf, type CalendarHours, type LoadedEngine } from './engine.ts';
import type { LivePolicies } from './live.ts';
import { formatPolicyProblem } from './problems.ts';
import type { PolicySource } from './source.ts';

/** The policy files as they are now. */
export interface PolicyFiles {
  readonly sources: readonly PolicySource[];
  /** Who changed them last, as far as the file system tells. */
  readonly author: string;
}

export interface FollowerPorts {
  readonly clock: Clock;
  readonly store: Store;
  readonly log: Log;
  readonly live: LivePolicies;
  readonly names: KnownNames | null;
  readonly hours: CalendarHours;
  /** The error is what is wrong with the files themselves, a line each. Never rejects. */
  readonly read: () => Promise<Result<PolicyFiles, readonly string[]>>;
  /** Before each look; false: the files are not whole yet, and nobody looks. Absent: they always are. */
  readonly areWhole?: () => Promise<boolean>;
  /** What is followed is a draft, which nothing enforces. Absent: the policies in force. */
  readonly draft?: {
    /** Where it is observed. */
    readonly targets: readonly string[];
    /** Of its engine (cedar.ts). */
    readonly slot: number;
  };
}

/**
 * Follows the policy files, or those of a draft that is observed. What has settled (the same at two looks, so that half a copy is never taken for all of it)
 * is validated; what is valid is recorded in the ledger with its digest and author, and is in force when that is durable.
 * What isn't valid, or can't be recorded, leaves the policies in force as they are, and says why once.
 */
export class PolicyFollower {
  readonly #ports: FollowerPorts;
  /** What the last look saw. */
  #seen: string;
  /** What was refused, so that it is said once. */
  #refused = '';
  #problems: readonly string[] = [];
  #cancel: () => void = () => undefined;
  #looking: Promise<void> = Promise.resolve();
  readonly #turns = new InTurn();
  #closed = false;

  constructor(ports: FollowerPorts) {
    this.#ports = ports;
    this.#seen = ports.live.version;
  }

  /** What is wrong with the files as they are now; empty: nothing, as far as they were looked at. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  start(): void {
    if (this.#closed) return;
    this.#cancel = this.#ports.clock.after(limits.policyLookMs, () => {
      this.#looking = this.look().finally(() => this.start());
    });
  }

  /** Resolves when nothing of it goes on. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    await this.#looking;
  }

  /** Runs alone: no look, and nothing else that changes files or policies, happens meanwhile. */
  inTurn<T>(act: () => Promise<T>): Promise<T> {
    return this.#turns.run(act);
  }

  /** One look. Never rejects: whatever goes wrong leaves the policies as they are. */
  look(): Promise<void> {
    return this.inTurn(() => this.#look());
  }

  async #look(): Promise<void> {
    const { live, log, read, areWhole } = this.#ports;
    try {
      if (areWhole !== undefined && !(await areWhole())) return;
      const files = await read();
      const now = files.ok ? versionOf(files.value.sources) : files.error.join('\n');
      const hasSettled = now === this.#seen;
      this.#seen = now;
      if (now === live.version) [this.#refused, this.#problems] = ['', []];
      if (!hasSettled || now === live.version || now === this.#refused) return;
      if (files.ok) await this.#take(files.value, now);
      else await this.#refuse(now, files.error);
    } catch (error) {
      log.failed({ where: 'policies', error });
    }
  }

  async #take(files: PolicyFiles, version: string): Promise<void> {
    const { names, hours, draft } = this.#ports;
    const engine = await createPolicyEngine({
      policies: files.sources,
      names,
      hours,
      slot: draft?.slot ?? 0,
    });
    if (!engine.ok) return this.#refuse(version, engine.error.map(formatPolicyProblem));
    await this.replace(engine.value, { author: files.author });
  }

  /** Within a turn: recorded with whose change it is, and from then on in force. */
  async replace(
    engine: LoadedEngine,
    { author, ...more }: { readonly author: string; readonly change?: string; readonly approvedBy?: string },
  ): Promise<void> {
    const { clock, draft, live, log, store } = this.#ports;
    const { version } = engine;
    const differences = differencesOf(live.rules, engine.rules);
    const summary = {
      added: idsOf(differences, 'added'),
      removed: idsOf(differences, 'removed'),
      changed: idsOf(differences, 'changed'),
    };
    const code = draft === undefined ? 'policy.changed' : 'policy.draft_changed';
    const details = { ...summary, ...more, ...this.#where, author, from: live.version, policies: version };
    await store.append(noticeEntry(code, details, clock.nowMs())).done;
    live.replace(engine);
    this.#seen = version;
    this.#problems = [];
    if (draft === undefined) log.policyChanged({ ...summary, author, version });
    else log.policyDraftChanged({ ...summary, author, version, targets: draft.targets });
  }

  async #refuse(what: string, problems: readonly string[]): Promise<void> {
    const { clock, draft, live, log, store } = this.#ports;
    this.#refused = what;
    this.#problems = problems;
    if (draft === undefined) log.policyRefused({ inForce: live.version, problems });
    else log.policyDraftRefused({ observed: live.version, problems, targets: draft.targets });
    const code = draft === undefined ? 'policy.refused' : 'policy.draft_refused';
    const details = { ...this.#where, policies: live.version, problems: problems.length.toString() };
    await store.append(noticeEntry(code, details, clock.nowMs())).done;
  }

  get #where(): { readonly targets?: string } {
    const { draft } = this.#ports;
    return draft === undefined ? {} : { targets: draft.targets.join(' ') };
  }
}

function idsOf(differences: readonly RuleDifference[], change: RuleDifference['change']): string {
  const ids = differences.filter((each) => each.change === change).map(({ id }) => id);
  const text = ids.join(' ');
  return text.length <= limits.policyChangeCharacters ? text : `${ids.length.toString()} rules`;
}
