import type { Approval, Attempt, Authorized, Gate, Hold, Judgement } from '../../connector.ts';
import { refusal, type Refusal } from '../../../core/reasons.ts';
import { err, ok, type Result } from '../../../core/result.ts';
import type { Clock } from '../../../ports.ts';
import type { DescribedStatement } from '../describe/index.ts';
import { newPart, type Part } from './responses.ts';

/** One statement of a message, described, with what the session knows besides. */
export interface Candidate {
  readonly attempt: Attempt;
  readonly statement: DescribedStatement;
}

/** What one statement waited for, and got; undefined where it needed nobody. */
interface Held {
  readonly hold: Hold | undefined;
  readonly approval: Approval | undefined;
}

export type Admitted = Result<readonly Part[], Refusal>;

/** One message's statements. */
export interface AdmissionAsk {
  readonly candidates: readonly Candidate[];
  /** Describes the message's bytes anew, for the look after a wait (threat A5). */
  readonly again: () => Result<readonly Candidate[], Refusal>;
  /** What the target estimates, for each candidate in order; undefined where it can't be asked. */
  readonly estimates: () => Promise<readonly (number | undefined)[]>;
  /** What waits while people decide. */
  readonly holding: () => Promise<readonly string[]>;
  /** The target's objection to what a person would be asked about; null where it has none, or wasn't asked. */
  readonly objection: () => Promise<Refusal | null>;
  /** Waits for one review, with the client told of it. */
  readonly wait: (hold: Hold) => Promise<Result<Approval, Refusal>>;
  /** Everything is approved: what the statements will need can be got ready while they are looked at once more. */
  readonly prepare: () => void;
  /** Ends the waits that are left, because one of the message's statements was refused. */
  readonly leave: (reason: Refusal) => void;
}

/** All statements of a message are decided before the first one runs; all must be authorized, or none runs. */
export class Admission {
  readonly #gate: Gate;
  readonly #clock: Clock;

  constructor(gate: Gate, clock: Clock) {
    this.#gate = gate;
    this.#clock = clock;
  }

  /** Synchronous where policy allows everything, which is nearly always, and reads no estimates. */
  admit(ask: AdmissionAsk): Admitted | Promise<Admitted> {
    return this.#gate.wantsEstimates === true ? this.#estimated(ask) : this.#admit(ask, []);
  }

  async #estimated(ask: AdmissionAsk): Promise<Admitted> {
    return this.#admit(ask, await ask.estimates());
  }

  /** @param estimates of these bytes with these values, so that they hold for the look after a wait too. */
  #judge({ attempt }: Candidate, estimate: number | undefined): Judgement {
    return this.#gate.judge(estimate === undefined ? attempt : { ...attempt, estimatedRows: estimate });
  }

  #admit(ask: AdmissionAsk, estimates: readonly (number | undefined)[]): Admitted | Promise<Admitted> {
    const judgements = ask.candidates.map((candidate, at) => this.#judge(candidate, estimates[at]));
    const denied = judgements.find((judgement) => judgement.decision.effect === 'deny');
    if (denied !== undefined) return this.#refuse(denied);
    if (judgements.some((judgement) => judgement.decision.effect === 'review'))
      return this.#review(ask, judgements, estimates);
    return ok(
      judgements.map((judgement, at) => this.#part(this.#gate.authorize(judgement), ask.candidates, at)),
    );
  }

  async #refuse(judgement: Judgement): Promise<Admitted> {
    return err(await this.#gate.refuse(judgement));
  }

  #part(authorized: Authorized, candidates: readonly Candidate[], at: number): Part {
    const candidate = candidates[at];
    if (candidate === undefined) throw new Error('an authorization without a candidate');
    return newPart(authorized, candidate.statement, this.#clock.monotonicMs());
  }

  async #review(
    ask: AdmissionAsk,
    judgements: readonly Judgement[],
    estimates: readonly (number | undefined)[],
  ): Promise<Admitted> {
    const objection = await ask.objection();
    if (objection !== null) return err(objection);
    const held = await this.#approvals(ask, judgements);
    if (!held.ok) return held;
    ask.prepare();
    return this.#authorizeAll(ask, held.value, estimates);
  }

  /** Whatever came of the wait, only the bytes at hand and the policy of now count. */
  async #authorizeAll(
    ask: AdmissionAsk,
    held: readonly Held[],
    estimates: readonly (number | undefined)[],
  ): Promise<Admitted> {
    let tried = 0;
    try {
      const again = ask.again();
      if (!again.ok) return again;
      const parts: Part[] = [];
      for (const [at, candidate] of again.value.entries()) {
        tried = at + 1;
        const authorized = await this.#authorize(this.#judge(candidate, estimates[at]), held[at]?.approval);
        if (!authorized.ok) {
          this.#giveUp(parts);
          return authorized;
        }
        parts.push(this.#part(authorized.value, again.value, at));
      }
      return ok(parts);
    } finally {
      // Approvals that were not tried are free for the same bytes again.
      for (const { hold } of held.slice(tried)) hold?.detach();
    }
  }

  /** One a statement. Every review is opened before the first is waited for. */
  async #approvals(
    ask: AdmissionAsk,
    judgements: readonly Judgement[],
  ): Promise<Result<readonly Held[], Refusal>> {
    const holding = await ask.holding();
    const holds: (Hold | undefined)[] = [];
    for (const judgement of judgements) {
      const held =
        judgement.decision.effect === 'review' ? await this.#gate.hold(judgement, holding) : ok(undefined);
      if (!held.ok) {
        for (const hold of holds) hold?.withdraw('Another statement of the same message was refused.');
        return held;
      }
      holds.push(held.value);
    }
    const settled = await this.#settled(ask, holds);
    if (settled.ok) return ok(holds.map((hold, at) => ({ hold, approval: settled.value[at] })));
    // An approval of the others is free for the same bytes again.
    for (const hold of holds) hold?.detach();
    return settled;
  }

  /** The first refusal decides for all: none will run, so nobody needs to decide on the rest. */
  async #settled(
    ask: AdmissionAsk,
    holds: readonly (Hold | undefined)[],
  ): Promise<Result<readonly (Approval | undefined)[], Refusal>> {
    const waits = holds.map(async (hold) => {
      if (hold === undefined) return ok(undefined);
      return hold.standing === null ? ask.wait(hold) : hold.settled;
    });
    const refused = new Promise<Result<never, Refusal>>((resolve) => {
      for (const wait of waits) void wait.then((result) => void (result.ok || resolve(result)));
    });
    const all = Promise.all(waits).then((results) =>
      ok(results.map((result) => (result.ok ? result.value : undefined))),
    );
    const first = await Promise.race([refused, all]);
    if (!first.ok) ask.leave(first.error);
    return first;
  }

  async #authorize(
    judgement: Judgement,
    approval: Approval | undefined,
  ): Promise<Result<Authorized, Refusal>> {
    if (approval !== undefined) return this.#gate.authorizeApproved(judgement, approval);
    if (judgement.decision.effect === 'allow') return ok(this.#gate.authorize(judgement));
    if (judgement.decision.effect === 'deny') return err(await this.#gate.refuse(judgement));
    // The policy, or the target's catalog, changed during the wait: this statement needs a review of its own.
    const { policies } = judgement.decision;
    return err(
      refusal('review.changed', { message: REVIEW_NEEDED, hint: 'Send the statement again.', policies }),
    );
  }

  #giveUp(parts: readonly Part[]): void {
    for (const { authorized } of parts) {
      this.#gate.record(authorized, {
        status: 'refused',
        rows: 0,
        bytes: 0,
        durationMs: 0,
        code: 'not_reached',
      });
    }
  }
}

const REVIEW_NEEDED =
  'While this waited, something changed that makes another of its statements need approval.';
