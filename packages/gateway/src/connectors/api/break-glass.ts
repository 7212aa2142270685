/** What a person runs at once and performs themselves, under a signed grant (spec/break-glass.md). */
import type { BreakGlassGate } from '../connector.ts';
import { openUse, type BreakGlassUse, type PreparedUse } from '../../core/break-glass.ts';
import type { Outcome } from '../../core/execution.ts';
import type { Person, Requester, Target } from '../../core/identity.ts';
import { makeId } from '../../core/ids.ts';
import {
  refusal,
  tokenRefusals,
  type ActionRefusal,
  type BreakGlassRefusal,
  type BreakGlassRefusalCode,
} from '../../core/reasons.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { changed, type Submission } from '../../core/submission.ts';
import type {
  BreakGlassAsk,
  BreakGlassDesk,
  OwnUse,
  Passkeys,
  ShownUse,
  UseView,
  VoteToSign,
} from '../../ports.ts';
import { Drafts } from './drafts.ts';
import type { Performing } from './performing.ts';
import { attemptOf, refuse as refuseAction, type ActionPorts, type Records } from './records.ts';
import { commandOf } from './submitting.ts';

export interface BreakGlassCallPorts extends ActionPorts {
  readonly breakGlass: BreakGlassGate;
  readonly passkeys: Pick<Passkeys, 'offerVote' | 'proveVote'>;
}

type Broken<T> = Promise<Result<T, BreakGlassRefusal>>;
type Opening = Parameters<BreakGlassDesk['open']>[0];

export class BreakGlassCalls implements BreakGlassDesk {
  readonly #ports: BreakGlassCallPorts;
  readonly #records: Records;
  readonly #performing: Performing;
  readonly #targets: ReadonlyMap<string, Target>;
  readonly #drafts: Drafts;

  constructor(
    ports: BreakGlassCallPorts,
    records: Records,
    performing: Performing,
    targets: readonly Target[],
  ) {
    this.#ports = ports;
    this.#records = records;
    this.#performing = performing;
    this.#targets = new Map(targets.map((target) => [target.name, target]));
    this.#drafts = new Drafts(ports);
  }

  async prepare(ask: BreakGlassAsk): Broken<PreparedUse> {
    const prepared = this.#prepare(ask);
    const room = prepared.ok ? await this.#tooMany(ask.person) : prepared;
    // A name of ours goes on record, and nothing else that the caller wrote (law 8).
    const about = this.#targets.get(ask.target)?.name ?? '';
    if (!prepared.ok) return err(await this.#refused(ask.person, about, prepared.error));
    if (!room.ok) return err(await this.#refused(ask.person, about, room.error));
    this.#drafts.keep(prepared.value);
    return prepared;
  }

  #prepare(ask: BreakGlassAsk): Result<PreparedUse, BreakGlassRefusal> {
    const { person, operation, datasets, reason } = ask;
    const target = this.#targets.get(ask.target);
    if (target === undefined)
      return refuse(
        'target.not_found',
        'There is no such target of protocol `api`. Break-glass is for calls: a person has no connection of their own to others.',
      );
    const command = commandOf(ask);
    if (command.length > this.#ports.limits.statementBytes)
      return refuse('limit.exceeded', 'The action is over a limit of the gateway. Make it smaller.');
    const declared = { operation, command, datasets, statedTask: '', supersedes: null };
    const requester = this.#requesterOf(ask);
    const attempt = attemptOf({ requester, target, declared });
    return this.#ports.breakGlass.prepare({ person, attempt, declared, reason });
  }

  /** Of a person, in their own name: no agent is called so (the configuration sees to it). */
  #requesterOf({ person, client }: BreakGlassAsk): Requester {
    const { clock, random } = this.#ports;
    return {
      agent: person.name,
      agentGroups: person.groups,
      sponsor: person.name,
      onBehalfOf: person.name,
      onBehalfOfBasis: 'configured',
      parties: [person.identity],
      session: makeId('ses', clock.nowMs(), random.bytes(10)),
      client,
    };
  }

  /** Said before anybody looks for their key; the store says it again when it matters. */
  async #tooMany({ identity }: Person): Broken<null> {
    const { limits, store } = this.#ports;
    const most = limits.breakGlassOpenPerPerson;
    const ask = { open: true, limit: limits.breakGlassListed, before: null } as const;
    const open = await store.read('breakGlasses', ask).catch(() => null);
    if (open === null) return refuse('ledger.unavailable', UNRECORDED);
    const own = open.filter((use) => use.identity === identity);
    if (own.length < most) return ok(null);
    const which = own.map(({ id }) => id).join(', ');
    return refuse(
      'break_glass.too_many',
      `${most.toString()} uses of yours wait for their review, which is the limit. Have one of them reviewed first: ${which}.`,
    );
  }

  prepared(own: OwnUse): PreparedUse | undefined {
    return this.#drafts.find(own);
  }

  /** The prepared use, if that is what the person was shown. */
  #shown(shown: ShownUse): Result<PreparedUse, BreakGlassRefusal> {
    const draft = this.#drafts.find(shown);
    if (draft === undefined)
      return refuse(
        'break_glass.not_found',
        'You have prepared no such use, or it was signed or too long ago. Begin again.',
      );
    const isSame = draft.subject.digest === shown.digest && draft.rendering === shown.rendering;
    if (isSame) return ok(draft);
    return refuse(
      'break_glass.digest_mismatch',
      'This is not what you were shown. Look at it again, then sign.',
    );
  }

  async offer(shown: ShownUse): ReturnType<BreakGlassDesk['offer']> {
    const draft = this.#shown(shown);
    if (draft.ok) return this.#ports.passkeys.offerVote(signedOf(shown));
    return err(await this.#refused(shown.person, shown.id, draft.error));
  }

  async open(opening: Opening): Broken<UseView> {
    const opened = await this.#open(opening).catch(() => refuse('ledger.unavailable', UNRECORDED));
    if (!opened.ok) return err(await this.#refused(opening.person, opening.id, opened.error));
    this.#drafts.drop(opening.id);
    return opened;
  }

  async #open(opening: Opening): Broken<UseView> {
    const draft = this.#shown(opening);
    if (!draft.ok) return draft;
    const { assertion, person } = opening;
    const url = `${this.#ports.publicUrl}/break-glass/${draft.value.id}/sign`;
    if (assertion === undefined)
      return refuse('break_glass.passkey_required', `Break-glass needs your passkey. Sign at ${url}`);
    const proved = await this.#ports.passkeys.proveVote({ ...signedOf(opening), assertion });
    if (!proved.ok)
      return refuse('break_glass.passkey_invalid', `${proved.error.message} Sign again at ${url}`);
    const again = this.#again(person, draft.value);
    if (!again.ok) return again;
    const { clock, limits, random } = this.#ports;
    const openedAtMs = clock.nowMs();
    if (openedAtMs >= proved.value.expiresAtMs)
      return refuse('break_glass.passkey_invalid', `The signature is too old. Sign again at ${url}`);
    const use = openUse(draft.value, {
      channel: opening.channel,
      openedAtMs,
      passkey: proved.value,
      grant: makeId('gra', openedAtMs, random.bytes(10)),
      lifeMs: limits.grantAwayMs,
    });
    const submission = submissionOf(use);
    const kept = await this.#ports.breakGlass.open(use, [{ kind: 'submission.open', submission }]);
    return kept.ok ? ok({ use, submission }) : kept;
  }

  /** Whether the policies of now, and the person as they are now, still say what they said when it was prepared. */
  #again(person: Person, draft: PreparedUse): Result<null, BreakGlassRefusal> {
    const { declared, requester, target } = draft.subject;
    const attempt = attemptOf({ requester, target, declared });
    const ask = { person, attempt, declared, reason: draft.reason };
    const again = this.#ports.breakGlass.prepare(ask);
    if (!again.ok) return again;
    const { policies, risk, datasets } = again.value.subject;
    const seen = JSON.stringify([draft.subject.policies, draft.subject.risk, draft.subject.datasets]);
    if (JSON.stringify([policies, risk, datasets]) === seen) return ok(null);
    return refuse('break_glass.changed', 'The policies have changed since you looked. Begin again.');
  }

  async grant(ask: Parameters<BreakGlassDesk['grant']>[0]): ReturnType<BreakGlassDesk['grant']> {
    const { checks, publicUrl } = this.#ports;
    const own = await this.#own(ask);
    if (!own.ok) return own;
    const url = `${publicUrl}/v1/break-glass/${ask.id}/grant`;
    const proved = await checks.proof({ proof: ask.proof, method: 'POST', url });
    if (!proved.ok) return refuseAction(proved.error, tokenRefusals[proved.error]);
    const place = this.#performing.reserve(ask.person);
    if (!place.ok) return place;
    try {
      return await this.#authorize(own.value, proved.value);
    } catch {
      // Fails closed: what could not be recorded is not handed out.
      return err(refusal('ledger.unavailable', {}));
    } finally {
      place.value();
    }
  }

  async #authorize(
    { use, submission }: UseView & { readonly submission: Submission },
    thumbprint: string,
  ): ReturnType<BreakGlassDesk['grant']> {
    const { breakGlass, clock, issuer, limits } = this.#ports;
    if (submission.state.status === 'ended') return refuseAction('action.over', 'This action is over.');
    if (submission.state.status !== 'break_glass') return err(refusal('grant.spent', {}));
    const attempt = attemptOf(submission);
    const { requester, target, command, parameters, preconditions } = attempt;
    const { action: id, digest } = use.subject;
    const action = { id, requester, target, command, parameters, preconditions };
    const atMs = clock.nowMs();
    const token = { id: use.grant.id, atMs, expiresAtMs: atMs + limits.tokenMs, usedAtMs: null };
    const granted = changed(submission, { status: 'granted', action: id, review: null, token });
    // Signed before it is authorized, so that a failure here spends nothing; released only after the INTENT is durable.
    const grant = await issuer.sign({
      ...{ id: token.id, action, digest, thumbprint, review: null, breakGlass: use.id },
      ...{ operation: submission.declared.operation, issuedAtMs: atMs, expiresAtMs: token.expiresAtMs },
    });
    const state = [{ kind: 'submission.update', submission: granted } as const];
    const authorized = await breakGlass.authorize(use, attempt, state);
    if (!authorized.ok) return authorized;
    this.#performing.start(granted, authorized.value, breakGlass);
    this.#records.changed(granted.id);
    return ok({ grant, digest, submission: granted });
  }

  async report(
    ask: OwnUse & { readonly outcome: Omit<Outcome, 'durationMs'> },
  ): Promise<Result<UseView, BreakGlassRefusal | ActionRefusal>> {
    const own = await this.#own(ask);
    if (!own.ok) return own;
    const { id } = own.value.submission;
    const reported = await this.#performing.report({ agent: ask.person, id, outcome: ask.outcome });
    if (!reported.ok) return reported;
    const use = await this.#ports.store.read('breakGlass', { id: ask.id }).catch(() => null);
    return ok({ use: use ?? own.value.use, submission: reported.value.submission });
  }

  /** Of another person's use one learns here as much as of one that doesn't exist. */
  async #own({ person, id }: OwnUse): Broken<UseView & { readonly submission: Submission }> {
    const use = await this.#ports.store.read('breakGlass', { id }).catch(() => undefined);
    if (use === undefined) return refuse('ledger.unavailable', UNRECORDED);
    const isOwn = use !== null && use.person === person.name && use.identity === person.identity;
    const submission = isOwn ? await this.#records.find(use.subject.action) : null;
    if (submission === undefined) return refuse('ledger.unavailable', UNRECORDED);
    if (isOwn && submission !== null) return ok({ use, submission });
    const draft = this.#drafts.find({ person, id });
    return draft === undefined
      ? refuse('break_glass.not_found', 'You have no such use of break-glass.')
      : refuse('break_glass.passkey_required', 'Nobody has signed this yet: it needs your passkey.');
  }

  #refused(person: Person, about: string, reason: BreakGlassRefusal): Promise<BreakGlassRefusal> {
    return this.#ports.breakGlass.refused(person, about, reason);
  }
}

const UNRECORDED = 'This can’t be recorded now, so nothing runs. Tell whoever operates the gateway.';

const refuse = (code: BreakGlassRefusalCode, message: string): Result<never, BreakGlassRefusal> =>
  err({ code, message });

const signedOf = ({ id, person, digest, rendering }: ShownUse): VoteToSign => ({
  on: { kind: 'break_glass', id },
  voter: person,
  kind: 'break_glass',
  digest,
  rendering,
});

/** Kept as long as the use: whoever reviews it reads what came of it. */
const submissionOf = ({ id, subject, openedAtMs, grant }: BreakGlassUse): Submission => ({
  id: subject.action,
  requester: subject.requester,
  target: subject.target,
  declared: subject.declared,
  openedAtMs,
  deadlineMs: grant.expiresAtMs,
  keptUntilMs: Number.MAX_SAFE_INTEGER,
  revision: 1,
  state: { status: 'break_glass', use: id },
});
