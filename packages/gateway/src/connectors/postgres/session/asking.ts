import type { Attempt, Gate } from '../../connector.ts';
import type { Parameter } from '../../../core/action.ts';
import { parseId } from '../../../core/ids.ts';
import { partiesOf, type Agent, type Requester, type Target } from '../../../core/identity.ts';
import { refusal, type Refusal } from '../../../core/reasons.ts';
import { err, ok, type Result } from '../../../core/result.ts';
import { limits } from '../../../limits.ts';
import type { Directory, Hashing } from '../../../ports.ts';
import type { Analyser } from '../analysis/analyser.ts';
import type { Estimator } from '../preview/estimator.ts';
import type { CatalogWatcher } from '../catalog/index.ts';
import type { DescribedStatement, SqlDescriber } from '../describe/index.ts';
import type { Candidate } from './admission.ts';
import { unsupported, type TargetRefusal } from './refusals.ts';
import type { SessionState } from './state.ts';
import { wordsOfComment } from './task.ts';

export interface AskingOptions {
  readonly gate: Gate;
  readonly hashing: Hashing;
  readonly describer: SqlDescriber;
  readonly catalog: CatalogWatcher;
  /** Null: the gateway opens no connections of its own for this. */
  readonly analyser: Analyser | null;
  /** Null: the same. */
  readonly estimator: Estimator | null;
  readonly target: Target;
  readonly agent: Agent;
  readonly requester: Requester;
  readonly directory: Directory;
  readonly state: SessionState;
}

/** Names by which UTF-8 goes in PostgreSQL. */
const UTF8 = /^(utf-?8|unicode)$/i;

export const isUtf8 = (encoding: string): boolean => UTF8.test(encoding);

/** Stage 2 of a session: from the text of a message to what the gate is asked about it. */
export class Asking {
  readonly #options: AskingOptions;
  #requester: Requester;

  constructor(options: AskingOptions) {
    this.#options = options;
    this.#requester = options.requester;
  }

  /** The statements of a text, each with all that it is judged by. */
  text(sql: string): Result<readonly Candidate[], Refusal> {
    const described = this.describe(sql);
    if (!described.ok) return described;
    const statements = described.value;
    const [only] = statements;
    if (statements.length === 1 && only !== undefined) return this.one(only, sql, []);
    const text = this.#options.hashing.sha256Hex(sql);
    const candidates: Candidate[] = [];
    for (const [at, statement] of statements.entries()) {
      const objection = this.#objection(statement) ?? objectionToPlace(candidates);
      if (objection !== undefined) return err(objection);
      const place = { statement: `${(at + 1).toString()} of ${statements.length.toString()}`, text };
      const preconditions = { ...this.#options.state.preconditions, ...place };
      candidates.push(this.#candidate(statement, { command: statement.text, parameters: [], preconditions }));
    }
    return ok(candidates);
  }

  /** One statement that is a message's only one. */
  one(
    statement: DescribedStatement,
    command: string,
    parameters: readonly Parameter[],
  ): Result<readonly Candidate[], Refusal> {
    const objection = this.#objection(statement);
    if (objection !== undefined) return err(objection);
    const { preconditions } = this.#options.state;
    return ok([this.#candidate(statement, { command, parameters, preconditions })]);
  }

  describe(sql: string): Result<readonly DescribedStatement[], Refusal> {
    const { catalog, describer, state } = this.#options;
    const snapshot = catalog.current();
    if (snapshot === null) return err(refusal('target.unavailable', {}));
    const described = describer.describe(sql, snapshot, state);
    if (described.ok) return described;
    const { code, message, hint } = described.error;
    return err(refusal(code, { message, hint }));
  }

  #candidate(
    statement: DescribedStatement,
    bytes: Pick<Attempt, 'command' | 'parameters' | 'preconditions'>,
  ): Candidate {
    const { target, state } = this.#options;
    const said = wordsOfComment(bytes.command);
    const statedTask = said.task || state.statedTask;
    const supersedes = parseId('rev', said.supersedes || state.supersedes) ?? null;
    const { description } = statement;
    return {
      attempt: { ...bytes, requester: this.#requester, target, description, statedTask, supersedes },
      statement,
    };
  }

  /** What a session can't let through whatever policy says, because it could no longer follow what comes after it. */
  #objection(statement: DescribedStatement): Refusal | undefined {
    for (const { name, value } of statement.effects.settings) {
      if (name === 'client_encoding' && value !== null && !isUtf8(value)) return otherEncoding;
      if (name === 'sallyport.on_behalf_of' && this.#actingFor(value) === undefined) return notEntitled;
    }
    return undefined;
  }

  #actingFor(person: string | null): Requester | undefined {
    const { agent, requester, directory } = this.#options;
    if (person === null) return requester;
    if (person !== agent.sponsor && !agent.mayActFor.includes(person)) return undefined;
    const onBehalfOfBasis = person === agent.sponsor ? 'configured' : 'asserted';
    const parties = partiesOf(agent, person, (name) => directory.person(name));
    return { ...requester, onBehalfOf: person, onBehalfOfBasis, parties };
  }

  /** A statement succeeded: what follows is asked in the light of it. */
  apply(statement: DescribedStatement): void {
    this.#options.state.apply(statement);
    const acting = statement.effects.settings.findLast((change) => change.name === 'sallyport.on_behalf_of');
    if (acting !== undefined) this.#requester = this.#actingFor(acting.value) ?? this.#requester;
  }

  /**
   * The target's own error about a statement with names that the gateway couldn't resolve, recorded. Asked only where
   * another connection would find by those names what this session finds, and nobody's work is in between.
   */
  async objection(candidates: readonly Candidate[]): Promise<Refusal | null> {
    const { analyser, state } = this.#options;
    const [only, more] = candidates;
    if (analyser === null || only === undefined || more !== undefined) return null;
    const { command, description, parameters } = only.attempt;
    const { searchPath } = state;
    if (description.unknown.length === 0 || searchPath === null || !state.hasCommonNames) return null;
    const parameterTypes = parameters.map(({ type }) => Number(type));
    const report = await analyser.objection({ query: command, parameterTypes, searchPath });
    if (report === null) return null;
    const reason: TargetRefusal = { ...refusal('describe.unresolved', {}), report };
    const refused = await this.refuse(command, reason);
    return refused.ok ? null : refused.error;
  }

  /** Estimates of the target, where another connection finds by the same names what this session finds. */
  estimates(candidates: readonly Candidate[]): Promise<readonly (number | undefined)[]> {
    const { estimator, state } = this.#options;
    const mayAsk = estimator !== null && state.searchPath !== null && state.hasCommonNames;
    const asked = candidates.map(async ({ attempt }) => (mayAsk ? estimator.estimate(attempt) : undefined));
    return Promise.all(asked);
  }

  /** Records that the text could not be described. */
  async refuse(sql: string, reason: Refusal): Promise<Result<never, Refusal>> {
    const { gate, target } = this.#options;
    const command = sql.slice(0, limits.statementBytes);
    const requester = this.#requester;
    return err(await gate.refuseUndescribed({ requester, target, command, refusal: reason }));
  }
}

/** A path that a text changes on its way is known only when the target has reported it. */
function objectionToPlace(earlier: readonly Candidate[]): Refusal | undefined {
  const isPathChanged = earlier.some(({ statement }) =>
    statement.effects.settings.some(({ name }) => name === 'search_path' || name === '*'),
  );
  return isPathChanged ? pathThenMore : undefined;
}

const otherEncoding = unsupported(
  'Only UTF-8 is understood as client encoding.',
  'Leave client_encoding as it is.',
);
const pathThenMore = unsupported(
  'One text changes search_path and goes on with other statements.',
  'Send what follows by itself.',
);
const notEntitled = refusal('policy.not_permitted', {
  message: 'This agent is not entitled to say on whose behalf it acts, or not for that person.',
  hint: 'Add the person to the agent’s mayActFor in the configuration.',
});
