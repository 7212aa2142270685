import type { Attempt, StatefulGate } from '../connector.ts';
import type { Agent } from '../../core/identity.ts';
import type { ActionId } from '../../core/ids.ts';
import { refusal, type ActionRefusal, type ActionRefusalCode, type Refusal } from '../../core/reasons.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Submission } from '../../core/submission.ts';
import type { Limits } from '../../limits.ts';
import type {
  Clock,
  Directory,
  Events,
  Hashing,
  Random,
  Store,
  SubmissionView,
  TokenChecks,
} from '../../ports.ts';
import type { Log } from '../../telemetry/log.ts';
import { describe, preconditionsOf } from './describe.ts';
import type { Issuer } from './issuer.ts';

export interface ActionPorts {
  readonly gate: StatefulGate;
  readonly store: Store;
  readonly events: Events;
  readonly directory: Directory;
  readonly clock: Clock;
  readonly random: Random;
  readonly hashing: Hashing;
  readonly checks: TokenChecks;
  readonly issuer: Issuer;
  readonly publicUrl: string;
  readonly limits: Limits;
  readonly log: Pick<Log, 'failed'>;
}

export type Acted<T> = Promise<Result<T, ActionRefusal>>;

export const refuse = (
  code: Exclude<ActionRefusalCode, Refusal['code']>,
  message: string,
  hint = '',
): { readonly ok: false; readonly error: ActionRefusal } => err({ code, message, hint, review: null });

export const unavailable = (): { readonly ok: false; readonly error: Refusal } =>
  err(refusal('ledger.unavailable', {}));

/** What the gate is asked about a submission; made anew each time from what is stored (threat A5). */
export function attemptOf({
  requester,
  target,
  declared,
}: Pick<Submission, 'requester' | 'target' | 'declared'>): Attempt {
  return {
    requester,
    target,
    command: declared.command,
    parameters: [],
    preconditions: preconditionsOf(declared),
    description: describe(declared),
    statedTask: declared.statedTask,
    supersedes: declared.supersedes,
  };
}

/** Whoever submitted it, by name: names are unique among agents and people. */
export interface OwnName {
  readonly agent: Pick<Agent, 'name'>;
  readonly id: ActionId;
}

/** Whether the agent may still say that it acts for that person (threats B6, B7). */
export function mayActFor(agent: Agent, person: string, directory: Directory): boolean {
  const isEntitled = person === agent.sponsor || agent.mayActFor.includes(person);
  return isEntitled && directory.person(person)?.disabled === false;
}

/** Submissions as they are stored, and those who wait for a change of one. */
export class Records {
  readonly #ports: Pick<ActionPorts, 'store' | 'events'>;
  readonly #watchers = new Map<string, Set<() => void>>();
  readonly #unsubscribe: () => void;

  constructor(ports: Pick<ActionPorts, 'store' | 'events'>) {
    this.#ports = ports;
    this.#unsubscribe = ports.events.subscribe((event) => {
      if ('review' in event) this.changed(event.review.id);
    });
  }

  close(): void {
    this.#unsubscribe();
    this.#watchers.clear();
  }

  /** Of another agent's action one learns as much as of one that doesn't exist. */
  async own({ agent, id }: OwnName): Acted<Submission> {
    const submission = await this.find(id);
    if (submission === undefined) return unavailable();
    if (submission?.requester.agent !== agent.name)
      return refuse('action.not_found', 'There is no such action of yours.');
    return ok(submission);
  }

  /** Undefined: the store doesn't answer. */
  find(id: ActionId): Promise<Submission | null | undefined> {
    return this.#ports.store.read('submission', { id }).catch(() => undefined);
  }

  async view(submission: Submission): Promise<SubmissionView> {
    const { state } = submission;
    if (state.status !== 'review') return { submission, review: null, issued: null };
    const review = await this.#ports.store.read('review', { id: state.review });
    if (review?.state.status !== 'approved') return { submission, review, issued: null };
    return { submission, review, issued: await this.#ports.store.read('grant', { id: review.state.grant }) };
  }

  /** False where another change came first. */
  async update(submission: Submission): Promise<boolean> {
    const committed = await this.#ports.store.commit({
      mutations: [{ kind: 'submission.update', submission }],
      entries: [],
    });
    if (committed.ok) this.changed(submission.id);
    return committed.ok;
  }

  /** @param id of the submission, or of its review. */
  changed(id: string): void {
    for (const run of [...(this.#watchers.get(id) ?? [])]) run();
  }

  watch({ submission, review }: SubmissionView, run: () => void): () => void {
    const ids = review === null ? [submission.id] : [submission.id, review.id];
    for (const id of ids) {
      const watchers = this.#watchers.get(id) ?? new Set();
      this.#watchers.set(id, watchers.add(run));
    }
    return () => {
      for (const id of ids) this.#unwatch(id, run);
    };
  }

  #unwatch(id: string, run: () => void): void {
    const watchers = this.#watchers.get(id);
    watchers?.delete(run);
    if (watchers?.size === 0) this.#watchers.delete(id);
  }
}
