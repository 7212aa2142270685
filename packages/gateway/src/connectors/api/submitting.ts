import { canonicalize } from '@sallyport/verifier';
import { makeId, parseId } from '../../core/ids.ts';
import { partiesOf, type Requester, type Target } from '../../core/identity.ts';
import { refusal } from '../../core/reasons.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Declared, Submission, SubmissionState } from '../../core/submission.ts';
import type { Judgement } from '../connector.ts';
import type { ActionRefusal } from '../../core/reasons.ts';
import type { Directory, Mutation, RequestKey, SubmitAsk, SubmissionView } from '../../ports.ts';
import {
  attemptOf,
  mayActFor,
  refuse,
  unavailable,
  type Acted,
  type ActionPorts,
  type Records,
} from './records.ts';

type Json = Parameters<typeof canonicalize>[0];

/** Stages 2 to 6 of a submitted action. */
export class Submitting {
  readonly #ports: ActionPorts;
  readonly #records: Records;
  readonly #targets: ReadonlyMap<string, Target>;

  constructor(ports: ActionPorts, records: Records, targets: readonly Target[]) {
    this.#ports = ports;
    this.#records = records;
    this.#targets = new Map(targets.map((target) => [target.name, target]));
  }

  async submit(ask: SubmitAsk): Acted<SubmissionView> {
    const target = this.#targets.get(ask.target);
    if (target === undefined) {
      const hint = 'Name one of protocol `api`; others are reached through their own protocol.';
      return refuse('target.not_found', 'There is no such target for submitted actions.', hint);
    }
    try {
      const digest = this.#ports.hashing.sha256Hex(canonicalRequest(ask));
      return (await this.#repeated(ask, digest)) ?? (await this.#submit(ask, target, digest));
    } catch {
      // Fails closed: nothing is authorized by a submission.
      return unavailable();
    }
  }

  /** What came of the same request before; undefined where it is the first. */
  async #repeated(ask: SubmitAsk, digest: string): Promise<Awaited<Acted<SubmissionView>> | undefined> {
    if (ask.key === null) return undefined;
    const { store, clock } = this.#ports;
    const principal = ask.agent.name;
    const known = await store.read('requestKey', { principal, key: ask.key, atMs: clock.nowMs() });
    return known === null ? undefined : this.#again(known, digest);
  }

  async #again(known: RequestKey, digest: string): Acted<SubmissionView> {
    const id = parseId('act', known.subject);
    const submission = id === undefined ? null : await this.#ports.store.read('submission', { id });
    if (known.digest !== digest || submission === null) {
      const message = 'You have used this Idempotency-Key for another request.';
      return refuse('idempotency.conflict', message, 'Use a new key for each request.');
    }
    return ok(await this.#records.view(submission));
  }

  async #submit(ask: SubmitAsk, target: Target, digest: string): Acted<SubmissionView> {
    const { clock, gate, limits } = this.#ports;
    const { directory, random } = this.#ports;
    // What an agent calls its work is never taken for a session of ours.
    const session =
      ask.session === null ? makeId('ses', clock.nowMs(), random.bytes(10)) : `api:${ask.session}`;
    const requester = requesterOf(ask, session, directory);
    const declared = declaredOf(ask);
    const attempt = attemptOf({ requester, target, declared });
    const isTooLarge = attempt.command.length > limits.statementBytes;
    if (isTooLarge)
      return err(await gate.refuseUndescribed({ ...attempt, refusal: refusal('limit.exceeded', {}) }));
    if (!mayActFor(ask.agent, requester.onBehalfOf, directory))
      return err(await gate.refuseUndescribed({ ...attempt, refusal: NOT_ENTITLED }));
    const judgement = gate.judge(attempt);
    const decided = await this.#decided(judgement);
    if (!decided.ok) return decided;
    const openedAtMs = clock.nowMs();
    const keptMs = decided.value.status === 'review' ? limits.actionKeptMs : limits.requestKeyMs;
    return this.#open(ask, digest, {
      id: judgement.action.id,
      requester,
      target,
      declared,
      openedAtMs,
      deadlineMs: openedAtMs + limits.actionReadyMs,
      keptUntilMs: openedAtMs + keptMs,
      revision: 1,
      state: decided.value,
    });
  }

  async #decided(judgement: Judgement): Promise<Result<SubmissionState, ActionRefusal>> {
    const { clock, gate } = this.#ports;
    switch (judgement.decision.effect) {
      case 'allow':
        return ok({ status: 'allowed' });
      case 'deny': {
        const reason = await gate.refuse(judgement);
        if (reason.code === 'ledger.unavailable') return err(reason);
        return ok({ status: 'refused', atMs: clock.nowMs(), refusal: reason });
      }
      case 'review':
        return holdAway(this.#ports, judgement);
    }
  }

  async #open(ask: SubmitAsk, digest: string, submission: Submission): Acted<SubmissionView> {
    const { store, limits } = this.#ports;
    const { openedAtMs: atMs, id: subject } = submission;
    const mutations: Mutation[] = [{ kind: 'submission.open', submission }];
    if (ask.key !== null) {
      const expiresAtMs = atMs + limits.requestKeyMs;
      const key = { principal: ask.agent.name, key: ask.key, digest, subject, expiresAtMs };
      mutations.push({ kind: 'key.take', key, atMs });
    }
    const committed = await store.commit({ mutations, entries: [] });
    if (committed.ok) return ok(await this.#records.view(submission));
    return committed.error.code === 'key.taken' ? this.#again(committed.error.by, digest) : unavailable();
  }
}

/** Who asks, for whom. */
export function requesterOf(
  { agent, client, onBehalfOf: said }: Pick<SubmitAsk, 'agent' | 'client' | 'onBehalfOf'>,
  session: string,
  directory: Directory,
): Requester {
  const onBehalfOf = said ?? agent.sponsor;
  return {
    agent: agent.name,
    agentGroups: agent.groups,
    sponsor: agent.sponsor,
    onBehalfOf,
    onBehalfOfBasis: onBehalfOf === agent.sponsor ? 'configured' : 'asserted',
    parties: partiesOf(agent, onBehalfOf, (name) => directory.person(name)),
    session,
    client,
  };
}

/** Opens or joins the review, and doesn't wait: who asks comes back, maybe to another process. */
export async function holdAway(
  { gate }: Pick<ActionPorts, 'gate'>,
  judgement: Judgement,
): Promise<Result<SubmissionState, ActionRefusal>> {
  const held = await gate.hold(judgement, []);
  if (!held.ok) return held;
  // A standing grant covers nothing that isn't established, and of a call nothing is.
  if (held.value.standing !== null) throw new Error('a standing grant for a submitted action');
  held.value.detach();
  return ok({ status: 'review', review: held.value.review });
}

const NOT_ENTITLED = refusal('policy.not_permitted', {
  message: 'This agent is not entitled to say that it acts for that person.',
  hint: 'Add the person to the agent’s mayActFor in the configuration.',
});

/** Exactly what is shown, digested and performed. */
export const commandOf = (ask: Pick<SubmitAsk, 'operation' | 'arguments'>): string =>
  canonicalize({ arguments: ask.arguments as Json, operation: ask.operation });

/** What the agent says of it. */
export function declaredOf(
  ask: Pick<SubmitAsk, 'operation' | 'arguments' | 'datasets' | 'statedTask' | 'supersedes'>,
): Declared {
  const { operation, datasets, statedTask, supersedes } = ask;
  const command = commandOf(ask);
  return { operation, command, datasets, statedTask, supersedes: parseId('rev', supersedes ?? '') ?? null };
}

/** Everything that was asked: a repetition is the same in all of it. */
function canonicalRequest(ask: SubmitAsk): string {
  const { target, operation, onBehalfOf, session, statedTask, supersedes } = ask;
  const datasets = ask.datasets.map(({ dataset, access, columns }) => ({
    access: [...access],
    columns: [...columns],
    dataset,
  }));
  const args = ask.arguments as Json;
  return canonicalize({
    request: 'action',
    arguments: args,
    datasets,
    onBehalfOf,
    operation,
    session,
    statedTask,
    supersedes,
    target,
  });
}
