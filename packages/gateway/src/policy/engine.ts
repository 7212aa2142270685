import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { DecidingAs } from '../core/electorate.ts';
import type { Decision, Demand, DenialCode } from '../core/decide.ts';
import type { Agent, Person } from '../core/identity.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Review } from '../core/review.ts';
import { limits } from '../limits.ts';
import type { BreakGlassPolicy, PolicyEngine, PolicyRequest } from '../ports.ts';
import type { KnownNames } from './annotation-values.ts';
import { ask, load, type Answer, type PolicySets, type Question } from './cedar.ts';
import { memoise, OF_RISK, remember } from './memo.ts';
import type { PolicyProblem } from './problems.ts';
import { mergeReads } from './reads.ts';
import {
  actionQuestion,
  approvalQuestion,
  attributeNames,
  breakGlassQuestion,
  callQuestion,
} from './request.ts';
import { actions, schemaText } from './schema.ts';
import type { PolicySource } from './source.ts';
import { validatePolicies } from './validate-in-worker.ts';
import type { CheckedPolicy } from './validate.ts';

/** The calendars of the configuration. */
export interface CalendarHours {
  /** Those in whose hours an instant is, sorted; absent: now. The same array while nothing changes. */
  openAt(atMs?: number): readonly string[];
}

export interface PolicyOptions {
  readonly policies: readonly PolicySource[];
  /** Who exists, to refuse policies about nobody; null: names are not checked. */
  readonly names: KnownNames | null;
  /** Absent: there are no calendars. */
  readonly hours?: CalendarHours;
  /** Engines that are asked side by side have a slot each (cedar.ts); absent: 0. */
  readonly slot?: number;
}

const NO_CALENDARS: CalendarHours = { openAt: () => [] };

/** The engine, with the function that its memo answers for: both give the same decision for every request. */
export interface LoadedEngine extends PolicyEngine, BreakGlassPolicy {
  /** Every policy, in the order of the files. */
  readonly rules: readonly CheckedPolicy[];
  readonly readsRisk: boolean;
  readonly readsEstimates: boolean;
  evaluate(request: PolicyRequest): Decision;
  /**
   * Every rule that counts for this request, in whichever set; of the gate set its forbids, or else its permits. For
   * tools: nothing is remembered, and an engine that can't answer throws.
   */
  matching(request: PolicyRequest): readonly string[];
}

/** Changes with every byte of a policy, its file's name and the schema; not with the folder, which replicas may differ in. */
export function versionOf(policies: readonly PolicySource[]): string {
  const files = policies
    .map(({ name, text }) => [basename(name), text])
    .sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([schemaText, files]))
    .digest('hex');
}

function setsOf(policies: readonly CheckedPolicy[], slot: number): PolicySets {
  const texts = (chosen: readonly CheckedPolicy[]): Record<string, string> =>
    Object.fromEntries(chosen.map(({ id, text }) => [id, text]));
  return {
    gate: texts(policies.filter((policy) => policy.kind !== 'review')),
    review: texts(policies.filter((policy) => policy.kind === 'review')),
    slot,
  };
}

function freeze(decision: Decision): Decision {
  for (const list of [decision.policies, decision.reasons]) Object.freeze(list);
  if (decision.effect === 'review') {
    for (const demand of decision.demands) freezeDemand(demand);
    Object.freeze(decision.demands);
  }
  return Object.freeze(decision);
}

function freezeApprovers(approvers: Demand['approvers']): void {
  for (const approver of approvers) Object.freeze(approver);
  Object.freeze(approvers);
}

function freezeDemand(demand: Demand): void {
  for (const step of demand.escalation) freezeApprovers(Object.freeze(step).approvers);
  freezeApprovers(demand.approvers);
  Object.freeze(demand.escalation);
  Object.freeze(demand.remindersMs);
  Object.freeze(demand.controls);
  Object.freeze(demand.excluded);
  Object.freeze(demand);
}

const deny = (code: DenialCode, policies: readonly string[], reasons: readonly string[]): Decision => ({
  effect: 'deny',
  code,
  policies,
  reasons,
});

const brokenPolicies = (answer: Answer): Decision =>
  deny('policy.error', answer.failed, [
    `A policy could not be evaluated (${answer.failed.join(', ')}), so this is denied. The security team has to correct the policy.`,
  ]);

class Engine implements LoadedEngine {
  readonly version: string;
  readonly rules: readonly CheckedPolicy[];
  readonly decide: (request: PolicyRequest) => Decision;
  readonly readsRisk: boolean;
  readonly readsEstimates: boolean;
  readonly #sets: PolicySets;
  readonly #rules: ReadonlyMap<string, CheckedPolicy>;
  readonly #read: readonly string[];
  readonly #hours: CalendarHours;
  readonly #readsCalendars: boolean;
  readonly #permitted = new Map<string, boolean>();

  constructor(policies: readonly CheckedPolicy[], version: string, hours: CalendarHours, slot: number) {
    this.version = version;
    this.rules = policies;
    this.#sets = setsOf(policies, slot);
    this.#rules = new Map(policies.map((policy) => [policy.id, policy]));
    const reads = mergeReads(policies.filter((policy) => policy.coversActions).map((policy) => policy.reads));
    this.#read = reads.context === 'all' ? attributeNames : reads.context;
    this.readsRisk = OF_RISK.some((name) => this.#read.includes(name));
    this.readsEstimates = this.#read.includes('estimatedRows');
    this.#hours = hours;
    this.#readsCalendars = this.#read.includes('calendars');
    const decide = memoise(
      (request) => this.evaluate(request),
      { ...reads, context: this.#read },
      limits.policyMemoEntries,
    );
    this.decide = this.#readsCalendars ? (request) => decide(this.#timed(request)) : decide;
    load(this.#sets);
  }

  get moment(): string {
    return this.#readsCalendars ? `${this.version} ${this.#hours.openAt().join(' ')}` : this.version;
  }

  #timed(request: PolicyRequest): PolicyRequest {
    return request.calendars === undefined ? { ...request, calendars: this.#hours.openAt() } : request;
  }

  /** Fails closed: whatever goes wrong in the engine is a deny, and is remembered as one. */
  evaluate(request: PolicyRequest): Decision {
    const { operation } = request.description;
    if (!actions.has(operation)) {
      return freeze(
        deny('policy.error', [], [`The policy schema has no action ${operation}, so nothing can permit it.`]),
      );
    }
    try {
      return freeze(this.#decide(request, actionQuestion(this.#timed(request), this.#read)));
    } catch {
      const reason =
        'The policy engine could not answer, so this is denied. The gateway has to be restarted.';
      return freeze(deny('policy.error', [], [reason]));
    }
  }

  matching(request: PolicyRequest): readonly string[] {
    if (!actions.has(request.description.operation)) return [];
    const question = actionQuestion(this.#timed(request), this.#read);
    return [...ask(this.#sets, 'gate', question).policies, ...ask(this.#sets, 'review', question).policies];
  }

  #decide(request: PolicyRequest, question: Question): Decision {
    const gate = ask(this.#sets, 'gate', question);
    if (gate.failed.length > 0) return brokenPolicies(gate);
    if (!gate.allowed) return this.#denied(request, gate);
    const review = ask(this.#sets, 'review', question);
    if (review.failed.length > 0) return brokenPolicies(review);
    if (review.policies.length === 0) {
      return { effect: 'allow', policies: gate.policies, reasons: this.#reasons(gate) };
    }
    const demands = review.policies.flatMap((id) => this.#rules.get(id)?.demand ?? []);
    // The review set holds nothing but policies with a demand; one without is a bug, and throws into a deny.
    if (demands.length !== review.policies.length) throw new Error('a review policy without a demand');
    return { effect: 'review', policies: review.policies, reasons: this.#reasons(review), demands };
  }

  #denied({ description }: PolicyRequest, gate: Answer): Decision {
    if (gate.policies.length > 0) return deny('policy.forbidden', gate.policies, this.#reasons(gate));
    const reason = `No policy permits agents to do this (${description.operation}), and what is not permitted is denied. Ask the security team for a policy if the task needs it.`;
    return deny('policy.not_permitted', [], [reason]);
  }

  #reasons(answer: Answer): readonly string[] {
    return answer.policies.map((id) => this.#rules.get(id)?.reason ?? '');
  }

  mayApprove(person: Person, review: Review, when?: DecidingAs): boolean {
    return this.#permits(this.#approval(person, review, when));
  }

  #approval(person: Person, review: Review, { atMs, delegator = null }: DecidingAs = {}): Question {
    return approvalQuestion(person, review, { calendars: this.#hours.openAt(atMs), delegator });
  }

  approvalPolicies(person: Person, review: Review, when?: DecidingAs): readonly string[] {
    try {
      const { policies, failed } = ask(this.#sets, 'gate', this.#approval(person, review, when));
      return failed.length > 0 ? failed : policies;
    } catch {
      return [];
    }
  }

  mayCall(principal: Agent | Person, action: string): boolean {
    return action.startsWith('api:') && actions.has(action) && this.#permits(callQuestion(principal, action));
  }

  /** Not remembered: it is asked seldom, and never in a hurry of machines. */
  breakGlass(
    ...[person, action, request]: Parameters<BreakGlassPolicy['breakGlass']>
  ): readonly string[] | null {
    try {
      const answer = ask(this.#sets, 'gate', breakGlassQuestion(person, action, this.#timed(request)));
      return answer.allowed && answer.failed.length === 0 ? answer.policies : null;
    } catch {
      return null;
    }
  }

  /**
   * Fails closed: an error of the engine or of any policy is a no. The answer is a function of the question, which holds
   * everything that a policy can see, so equal questions share it.
   */
  #permits(question: Question): boolean {
    const key = JSON.stringify(question);
    const known = this.#permitted.get(key);
    if (known !== undefined) return known;
    try {
      const answer = ask(this.#sets, 'gate', question);
      const permits = answer.allowed && answer.failed.length === 0;
      remember(this.#permitted, key, permits, limits.policyMemoEntries);
      return permits;
    } catch {
      return false;
    }
  }
}

/** @throws Error where the engine refuses what was checked. */
export const engineOf = (
  policies: readonly CheckedPolicy[],
  version: string,
  hours: CalendarHours = NO_CALENDARS,
  slot = 0,
): LoadedEngine => new Engine(policies, version, hours, slot);

/** Checks the policies in a worker and loads them; all problems at once. Never rejects. */
export async function createPolicyEngine(
  options: PolicyOptions,
): Promise<Result<LoadedEngine, readonly PolicyProblem[]>> {
  const checked = await validatePolicies(options.policies, options.names);
  if (!checked.ok) return checked;
  try {
    return ok(engineOf(checked.value, versionOf(options.policies), options.hours, options.slot));
  } catch (error) {
    const message = `the policy engine refused what it had checked: ${error instanceof Error ? error.message : 'unknown error'}`;
    return err([
      { code: 'policy.engine', file: 'policies', line: 1, column: 1, policy: '', message, hint: '' },
    ]);
  }
}
