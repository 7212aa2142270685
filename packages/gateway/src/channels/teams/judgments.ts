/** What people decide in Teams, within the time that it waits; what takes longer goes on, and they are told of its end. */
import type { ReviewId } from '../../core/ids.ts';
import type { Limits } from '../../limits.ts';
import type { Clock } from '../../ports.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Decided, Deciding, Judgment, Refused } from '../chat-deciding.ts';
import type { Actor } from './activity.ts';

export interface JudgmentPorts {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly deciding: Deciding<Actor>;
  readonly recordRefused: (actor: Actor, review: ReviewId | null) => Promise<void>;
  /** Tells somebody by themselves what came of something that was answered before. */
  readonly tell: (actor: Actor, text: string) => Promise<void>;
  readonly log: Pick<Log, 'failed'>;
}

export const NOT_YET =
  'Your decision can’t be recorded at the moment, so it doesn’t count yet. It is tried again for a quarter of an hour; you are told what came of it.';

export class Judgments {
  readonly #ports: JudgmentPorts;
  readonly #behind = new Set<Promise<void>>();

  constructor(ports: JudgmentPorts) {
    this.#ports = ports;
  }

  /** Undefined: it isn't recorded yet. */
  async decide(judgment: Judgment<Actor>): Promise<Decided | undefined> {
    const { clock, deciding, limits } = this.#ports;
    const { decided, delayed } = deciding.decide(judgment);
    const tooLong = new Promise<void>((resolve) => void clock.after(limits.teamsAnswerMs, resolve));
    const first = await Promise.race([decided, delayed, tooLong]);
    if (first === undefined) {
      this.#later(async () => this.#tell(judgment, await decided));
      return undefined;
    }
    if (!first.ok) await this.refused(judgment.actor, judgment.shown.review, first.error);
    return first;
  }

  /** Before the answer, where the ledger takes entries at all; the refusal stands either way. */
  async refused(actor: Actor, review: ReviewId, { kind }: Pick<Refused, 'kind'>): Promise<void> {
    // The desk records what it refuses by itself.
    if (kind !== 'person') return;
    await this.#ports
      .recordRefused(actor, review)
      .catch((error: unknown) => this.#ports.log.failed({ where: 'teams', error }));
  }

  /** Resolves when nothing goes on behind an answer any more. */
  async settled(): Promise<void> {
    while (this.#behind.size > 0) await Promise.all(this.#behind);
  }

  /** What fails there is told to nobody but the log: Teams may be away, and what was decided is in the ledger. */
  #later(work: () => Promise<void>): void {
    const done = work()
      .catch((error: unknown) => this.#ports.log.failed({ where: 'teams', error }))
      .finally(() => this.#behind.delete(done));
    this.#behind.add(done);
  }

  async #tell({ actor, shown: { review } }: Judgment<Actor>, decided: Decided): Promise<void> {
    if (!decided.ok) await this.refused(actor, review, decided.error);
    const text = decided.ok ? 'Your decision is recorded.' : `Not counted. ${decided.error.message}`;
    await this.#ports.tell(actor, text);
  }
}
