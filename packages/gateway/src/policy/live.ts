import type { Decision } from '../core/decide.ts';
import type { Agent, Person } from '../core/identity.ts';
import type { BreakGlassPolicy, PolicyEngine, PolicyRequest } from '../ports.ts';
import type { LoadedEngine } from './engine.ts';

/** The policies in force. Each answer is of one set, whole; another set takes over between two answers. */
export class LivePolicies implements PolicyEngine, BreakGlassPolicy {
  #engine: LoadedEngine;

  constructor(engine: LoadedEngine) {
    this.#engine = engine;
  }

  get version(): string {
    return this.#engine.version;
  }

  get readsRisk(): boolean {
    return this.#engine.readsRisk;
  }

  get readsEstimates(): boolean {
    return this.#engine.readsEstimates;
  }

  get moment(): string {
    return this.#engine.moment ?? this.#engine.version;
  }

  get rules(): LoadedEngine['rules'] {
    return this.#engine.rules;
  }

  decide(request: PolicyRequest): Decision {
    return this.#engine.decide(request);
  }

  mayApprove(...asked: Parameters<PolicyEngine['mayApprove']>): boolean {
    return this.#engine.mayApprove(...asked);
  }

  approvalPolicies(...asked: Parameters<PolicyEngine['mayApprove']>): readonly string[] {
    return this.#engine.approvalPolicies?.(...asked) ?? [];
  }

  mayCall(principal: Agent | Person, action: string): boolean {
    return this.#engine.mayCall(principal, action);
  }

  breakGlass(
    ...asked: Parameters<BreakGlassPolicy['breakGlass']>
  ): ReturnType<BreakGlassPolicy['breakGlass']> {
    return this.#engine.breakGlass(...asked);
  }

  /** From the next question on. The change has to be in the ledger before. */
  replace(engine: LoadedEngine): void {
    this.#engine = engine;
  }
}
