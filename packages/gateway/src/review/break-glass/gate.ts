/** Stages 3 to 5, 7 and 9 for what a person runs under break-glass. There is no stage 6: nobody approves. */
import type {
  Attempt,
  Authorized,
  BreakGlassGate as Gate,
  PreparedAttempt,
} from '../../connectors/connector.ts';
import { canonicalAction, type Action } from '../../core/action.ts';
import { assess } from '../../core/assess.ts';
import { bindingOfUse, isAnother, type BreakGlassUse, type PreparedUse } from '../../core/break-glass.ts';
import { breakGlassEntry, breakGlassRenderingForm, underBreakGlass } from '../../core/break-glass-entry.ts';
import {
  attemptMembers,
  decisionEntry,
  intentEntry,
  noticeEntry,
  outcomeEntry,
  sealAction,
  type Circumstances,
} from '../../core/entry.ts';
import { usageShape } from '../../core/usage-shape.ts';
import type { Outcome } from '../../core/execution.ts';
import type { Person } from '../../core/identity.ts';
import { makeId, type PasskeyId } from '../../core/ids.ts';
import {
  refusal,
  type BreakGlassRefusal,
  type BreakGlassRefusalCode,
  type Refusal,
} from '../../core/reasons.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Limits } from '../../limits.ts';
import type {
  BreakGlassPolicy,
  Classifier,
  Clock,
  Directory,
  Events,
  Hashing,
  Mutation,
  PolicyEngine,
  PolicyRequest,
  Random,
  Store,
} from '../../ports.ts';
import type { Log } from '../../telemetry/log.ts';
import { Deadlines } from './deadlines.ts';

export interface BreakGlassPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly hashing: Hashing;
  readonly store: Store;
  readonly policy: BreakGlassPolicy & Pick<PolicyEngine, 'version'>;
  readonly classifier: Classifier;
  readonly directory: Directory;
  readonly events: Events;
  readonly limits: Limits;
  readonly log: Pick<Log, 'breakGlassRefused'>;
}

const SALT_BYTES = 16;

export class BreakGlassGate implements Gate {
  readonly #ports: BreakGlassPorts;
  readonly #deadlines: Deadlines;

  constructor(ports: BreakGlassPorts) {
    this.#ports = ports;
    this.#deadlines = new Deadlines(ports.clock);
  }

  prepare(ask: PreparedAttempt): Result<PreparedUse, BreakGlassRefusal> {
    const { person, reason } = ask;
    const { limits } = this.#ports;
    const least = limits.breakGlassReasonCharacters;
    if (reason.trim() === '')
      return refuse('break_glass.reason_required', 'Break-glass needs a reason: why it can’t wait.');
    if ([...reason.trim()].length < least)
      return refuse(
        'break_glass.reason_too_short',
        `The reason has to have at least ${least.toString()} characters: somebody reviews it who wasn’t there.`,
      );
    const request = this.#requestOf(ask.attempt);
    const policies = this.#ports.policy.breakGlass(person, 'break_glass:run', request);
    if (policies === null || person.disabled)
      return refuse(
        'break_glass.not_entitled',
        'Policy doesn’t let you run this without approval (`break_glass:run`). Ask somebody who may, or have your agent ask for approval.',
      );
    if (!this.#hasReviewer(person, request))
      return refuse(
        'break_glass.no_reviewer',
        'Nobody else may review this afterwards (`break_glass:review`), so it doesn’t run. Tell whoever writes the policies.',
      );
    const prepared = this.#prepared(ask, request, policies);
    if (isRecordable(prepared, limits.entryBytes)) return ok(prepared);
    return refuse('limit.exceeded', 'It names more data than one entry of the ledger holds. Name less.');
  }

  #requestOf({ requester, target, description }: Attempt): PolicyRequest {
    const datasets = this.#ports.classifier.classify(target, description);
    return { requester, target, description, datasets, risk: assess(description, datasets, target) };
  }

  #hasReviewer({ name, identity }: Person, request: PolicyRequest): boolean {
    const { directory, policy } = this.#ports;
    return directory
      .people()
      .some(
        (each) =>
          !each.disabled &&
          isAnother({ person: name, identity }, each) &&
          policy.breakGlass(each, 'break_glass:review', request) !== null,
      );
  }

  #prepared(
    { person, attempt, declared, reason }: PreparedAttempt,
    { datasets, risk }: PolicyRequest,
    policies: readonly string[],
  ): PreparedUse {
    const { clock, hashing, limits, policy, random } = this.#ports;
    const { description, preconditions, requester, target } = attempt;
    const preparedAtMs = clock.nowMs();
    const form = formOf(attempt);
    const salt = hashing.base64url(random.bytes(SALT_BYTES));
    const { commitment } = sealAction(form, { salt, sha256Base64url: hashing.sha256Base64url });
    const { operation, title, unknown } = description;
    const subject = {
      action: makeId('act', preparedAtMs, random.bytes(10)),
      digest: hashing.sha256Hex(form),
      ...{ commitment, salt, requester, target, declared, preconditions },
      ...{ operation, title, datasets, unknown, risk, policies },
    };
    const id = makeId('bgl', preparedAtMs, random.bytes(10));
    const shown = { id, person: person.name, identity: person.identity, subject, reason };
    const rendering = hashing.sha256Hex(breakGlassRenderingForm(shown, policy.version));
    const expiresAtMs = preparedAtMs + limits.breakGlassPreparedMs;
    return { ...shown, rendering, preparedAtMs, expiresAtMs };
  }

  async open(
    use: BreakGlassUse,
    state: readonly Mutation[],
  ): Promise<Result<BreakGlassUse, BreakGlassRefusal>> {
    const { events, limits, store } = this.#ports;
    const mutations: Mutation[] = [
      passkeyCheck(use),
      { kind: 'break_glass.open', use, mostOpen: limits.breakGlassOpenPerPerson },
      ...state,
    ];
    const attempt = decisionEntry(this.#attemptEntry(use, use.openedAtMs), null);
    const entries = [underBreakGlass(attempt, use.id), breakGlassEntry(use, this.#sealing())];
    try {
      const committed = await store.commit({ mutations, entries });
      if (!committed.ok) return this.#notOpened(committed.error.code);
    } catch {
      // Fails closed: nothing is there of it, and nothing runs.
      return UNRECORDED;
    }
    this.#deadlines.begin(use.grant.id, use.grant.expiresAtMs - use.openedAtMs);
    events.publish({ kind: 'break_glass.opened', use, atMs: use.openedAtMs });
    return ok(use);
  }

  #notOpened(code: string): Result<never, BreakGlassRefusal> {
    const most = this.#ports.limits.breakGlassOpenPerPerson.toString();
    if (code === 'break_glass.too_many')
      return refuse(
        'break_glass.too_many',
        `${most} uses of yours wait for their review, which is the limit. Have one of them reviewed first.`,
      );
    if (code.startsWith('passkey.'))
      return refuse('break_glass.passkey_invalid', 'This passkey was revoked. Sign with another one.');
    return UNRECORDED;
  }

  /** From what is stored with the use: the same bytes, salt and circumstances each time. */
  #attemptEntry(use: BreakGlassUse, atMs: number) {
    const { hashing } = this.#ports;
    const { action, salt } = use.subject;
    const sealed = sealAction(formOf(actionOf(use)), { salt, sha256Base64url: hashing.sha256Base64url });
    return { action, atMs, sealed, members: attemptMembers(circumstancesOf(use)) };
  }

  #sealing() {
    const { hashing, random } = this.#ports;
    const salt = hashing.base64url(random.bytes(SALT_BYTES));
    return { salt, sha256Base64url: hashing.sha256Base64url };
  }

  async authorize(
    use: BreakGlassUse,
    attempt: Attempt,
    state: readonly Mutation[],
  ): Promise<Result<Authorized, Refusal>> {
    const objection = this.#objectionTo(use, attempt);
    if (objection !== null) return err(objection);
    const { clock, store } = this.#ports;
    const atMs = clock.nowMs();
    const binding = { ...bindingOfUse(use), digest: this.#ports.hashing.sha256Hex(formOf(attempt)) };
    const mutations: Mutation[] = [
      passkeyCheck(use),
      { kind: 'break_glass.spend', id: use.id, binding, atMs },
      ...state,
    ];
    const intent = underBreakGlass(intentEntry(this.#attemptEntry(use, atMs), null), use.id);
    try {
      const committed = await store.commit({ mutations, entries: [intent] });
      if (!committed.ok) return err(refusal(codeOf(committed.error.code), {}));
    } catch {
      return err(refusal('ledger.unavailable', {}));
    }
    const durability = { durable: true, done: Promise.resolve() };
    const leave = { review: null, grant: use.grant.id, standing: null };
    return ok({ action: use.subject.action, ...leave, judgement: judgementOf(use, attempt), durability });
  }

  /** Whatever it rests on still holds: the bytes, the person, the policy of now, the time by a clock that nobody sets. */
  #objectionTo(use: BreakGlassUse, attempt: Attempt): Refusal | null {
    const { directory, hashing, policy } = this.#ports;
    if (hashing.sha256Hex(formOf(attempt)) !== use.subject.digest) return refusal('action.altered', {});
    const person = directory.person(use.person);
    if (person === undefined || person.disabled || person.identity !== use.identity)
      return refusal('identity.revoked', {});
    if (policy.breakGlass(person, 'break_glass:run', this.#requestOf(attempt)) === null)
      return refusal('policy.not_permitted', { hint: 'Policy let you do this, and doesn’t any more.' });
    return this.#deadlines.isOver(use.grant) ? refusal('grant.expired', {}) : null;
  }

  async recordWith(authorized: Authorized, outcome: Outcome, state: readonly Mutation[]): Promise<boolean> {
    const { clock, store } = this.#ports;
    const { action, description, datasets, risk, decision } = authorized.judgement;
    const { requester, target } = action;
    const circumstances = { requester, target, operation: description.operation, datasets, risk, decision };
    const shape = usageShape(circumstances, false, true);
    const entries = [outcomeEntry(authorized.action, clock.nowMs(), outcome, shape)];
    return (await store.commit({ mutations: state, entries })).ok;
  }

  async refused(person: Person, about: string, reason: BreakGlassRefusal): Promise<BreakGlassRefusal> {
    const { clock, log, store } = this.#ports;
    const details = { about, principal: person.name, reason: reason.code };
    log.breakGlassRefused({ about, person: person.name, code: reason.code });
    try {
      await store.append(noticeEntry('break_glass.refused', details, clock.nowMs())).done;
      return reason;
    } catch {
      return UNRECORDED.error;
    }
  }
}

const refuse = (code: BreakGlassRefusalCode, message: string): Result<never, BreakGlassRefusal> =>
  err({ code, message });

const UNRECORDED = {
  ok: false,
  error: {
    code: 'ledger.unavailable',
    message: 'This can’t be recorded now, so nothing runs. Tell whoever operates the gateway.',
  },
} as const;

/** The gateway's own proof names the gateway's own id. */
const passkeyCheck = ({ passkey }: BreakGlassUse): Mutation => ({
  kind: 'passkey.check',
  id: passkey.passkey as PasskeyId,
});

const formOf = (action: Pick<Action, 'requester' | 'target' | 'command' | 'parameters' | 'preconditions'>) =>
  canonicalAction(action);

function actionOf({ subject }: BreakGlassUse): Action {
  const { action: id, requester, target, declared, preconditions } = subject;
  return { id, requester, target, command: declared.command, parameters: [], preconditions };
}

/** Besides the members of an attempt, a leaf has ids, times and a commitment. */
const ENTRY_BYTES_RESERVED = 1_000;

/** What can't be recorded whole doesn't run (laws 3 and 7). */
function isRecordable({ subject }: Pick<BreakGlassUse, 'subject'>, most: number): boolean {
  const { afterKind, beforeKind } = attemptMembers(circumstancesOf({ subject }));
  return new TextEncoder().encode(beforeKind + afterKind).length <= most - ENTRY_BYTES_RESERVED;
}

const decisionOf = ({ policies }: BreakGlassUse['subject']) =>
  ({ effect: 'allow', policies, reasons: [] }) as const;

function circumstancesOf({ subject }: Pick<BreakGlassUse, 'subject'>): Circumstances {
  const { requester, target, operation, datasets, risk } = subject;
  // No policy for agents decided on it, so that none can decide on it again.
  const decided = { description: null, decision: decisionOf(subject) };
  return { requester, target, operation, datasets, risk, ...decided };
}

function judgementOf(use: BreakGlassUse, { description, statedTask }: Attempt): Authorized['judgement'] {
  const { datasets, risk } = use.subject;
  const decision = decisionOf(use.subject);
  return { action: actionOf(use), description, datasets, risk, decision, statedTask, supersedes: null };
}

/** Whatever came first, it is one use of one signature. */
function codeOf(code: string): Refusal['code'] {
  if (code.startsWith('grant.')) return code as Refusal['code'];
  return code.startsWith('submission.') ? 'grant.spent' : 'review.changed';
}
