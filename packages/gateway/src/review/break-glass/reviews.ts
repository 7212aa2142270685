/** The review that each use of break-glass owes: tracked and reminded of until another person closes it. */
import { closeUse, isAnother, reminded, type BreakGlassUse, type Closing } from '../../core/break-glass.ts';
import { breakGlassReviewEntry } from '../../core/break-glass-entry.ts';
import { noticeEntry } from '../../core/entry.ts';
import type { Person } from '../../core/identity.ts';
import type { BreakGlassId } from '../../core/ids.ts';
import type { BreakGlassRefusal } from '../../core/reasons.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Limits } from '../../limits.ts';
import type {
  BreakGlassPolicy,
  BreakGlassReviews as Reviews,
  Clock,
  ClosingAsk,
  Directory,
  Events,
  Hashing,
  PolicyRequest,
  Random,
  Store,
} from '../../ports.ts';
import type { Log } from '../../telemetry/log.ts';
import { Timetable } from '../timetable.ts';

export interface BreakGlassReviewPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly hashing: Hashing;
  readonly store: Store;
  readonly policy: BreakGlassPolicy;
  readonly directory: Directory;
  readonly events: Events;
  readonly limits: Limits;
  readonly log: Pick<Log, 'breakGlassRefused'>;
}

const SALT_BYTES = 16;
/** How often a change is tried again after somebody else's came first. */
const CONFLICT_RETRIES = 1_000;
const PAGE = 100;

export class BreakGlassReviews implements Reviews {
  readonly #ports: BreakGlassReviewPorts;
  readonly #timetable: Timetable<BreakGlassId>;
  readonly #unsubscribe: () => void;

  constructor(ports: BreakGlassReviewPorts) {
    this.#ports = ports;
    this.#timetable = new Timetable(ports.clock, (id) => void this.#fallDue(id));
    this.#unsubscribe = ports.events.subscribe((event) => {
      if (event.kind === 'break_glass.opened') this.#watch(event.use);
    });
  }

  /** At start: what an earlier run left open is followed, and what fell due meanwhile is done now. */
  async resume(): Promise<this> {
    let before: BreakGlassId | null = null;
    for (;;) {
      const ask = { open: true, limit: PAGE, before } as const;
      const page: readonly BreakGlassUse[] = await this.#ports.store.read('breakGlasses', ask);
      for (const use of page) this.#watch(use);
      const last = page.at(-1);
      if (last === undefined) return this;
      before = last.id;
    }
  }

  /** Ends the timers; what is open stays open. */
  stop(): void {
    this.#unsubscribe();
    this.#timetable.close();
  }

  #watch(use: BreakGlassUse): void {
    this.#timetable.watch(use, use.remindedAtMs + this.#ports.limits.breakGlassReminderMs);
  }

  async #fallDue(id: BreakGlassId): Promise<void> {
    try {
      const use = await this.#ports.store.read('breakGlass', { id });
      if (use === null || use.closing !== null) return;
      await this.#remind(use);
    } catch {
      // Lost infrastructure: it stays open, and is looked at again.
      this.#timetable.tryLater(id);
    }
  }

  /** Durable before anybody is told, so that no reminder is given twice over a restart. */
  async #remind(use: BreakGlassUse): Promise<void> {
    const { clock, events, limits, store } = this.#ports;
    const atMs = clock.nowMs();
    if (atMs < use.remindedAtMs + limits.breakGlassReminderMs) return this.#watch(use);
    const told = reminded(use, atMs);
    const details = { breakGlass: use.id, person: use.person };
    const committed = await store.commit({
      mutations: [{ kind: 'break_glass.update', use: told }],
      entries: [noticeEntry('break_glass.reminded', details, atMs)],
    });
    // A change came first: it is looked at anew.
    if (!committed.ok) return this.#timetable.tryLater(use.id);
    this.#watch(told);
    events.publish({ kind: 'break_glass.reminded', use: told, atMs });
  }

  reviewersOf(use: Pick<BreakGlassUse, 'person' | 'identity' | 'subject'>): readonly string[] {
    const people = this.#ports.directory.people();
    return people
      .filter((each) => isAnother(use, each) && this.#mayReview(use, each))
      .map(({ name }) => name);
  }

  #mayReview({ subject }: Pick<BreakGlassUse, 'subject'>, person: Person): boolean {
    return (
      !person.disabled &&
      this.#ports.policy.breakGlass(person, 'break_glass:review', requestOf(subject)) !== null
    );
  }

  async close(ask: ClosingAsk): Promise<Result<BreakGlassUse, BreakGlassRefusal>> {
    try {
      const closed = await this.#close(ask);
      return closed.ok ? closed : err(await this.#refused(ask, closed.error));
    } catch {
      // Fails closed: the review stays open, and whoever acted is told so.
      return err(UNRECORDED);
    }
  }

  async #close({ id, reviewer, ...said }: ClosingAsk): Promise<Result<BreakGlassUse, BreakGlassRefusal>> {
    const { clock, events, store } = this.#ports;
    for (let attempt = 0; attempt < CONFLICT_RETRIES; attempt++) {
      const use = await store.read('breakGlass', { id });
      if (use === null) return err(NOT_FOUND);
      const { name: person, identity } = reviewer;
      const closing: Closing = { ...said, person, identity, atMs: clock.nowMs() };
      const closed = closeUse(use, closing, this.#mayReview(use, reviewer));
      if (!closed.ok) return closed;
      const entries = [breakGlassReviewEntry(use, closing, this.#sealing())];
      const mutations = [{ kind: 'break_glass.update', use: closed.value }] as const;
      if (!(await store.commit({ mutations, entries })).ok) continue;
      this.#timetable.forget(id);
      events.publish({ kind: 'break_glass.closed', use: closed.value, atMs: closing.atMs });
      return ok(closed.value);
    }
    return err(UNRECORDED);
  }

  #sealing() {
    const { hashing, random } = this.#ports;
    const salt = hashing.base64url(random.bytes(SALT_BYTES));
    return { salt, sha256Base64url: hashing.sha256Base64url };
  }

  async #refused({ id, reviewer }: ClosingAsk, error: BreakGlassRefusal): Promise<BreakGlassRefusal> {
    const { clock, log, store } = this.#ports;
    const details = { about: id, principal: reviewer.name, reason: error.code };
    await store.append(noticeEntry('break_glass.refused', details, clock.nowMs())).done;
    log.breakGlassRefused({ about: id, person: reviewer.name, code: error.code });
    return error;
  }
}

/** What the policies saw when it ran. They see nothing else of a call. */
function requestOf({
  requester,
  target,
  datasets,
  risk,
  title,
  operation,
}: BreakGlassUse['subject']): PolicyRequest {
  const found = {
    functions: [],
    reach: 'outside',
    rowLimit: null,
    filtered: false,
    unknown: [],
    flags: [],
  } as const;
  return { requester, target, datasets, risk, description: { ...found, operation, title, datasets: [] } };
}

const NOT_FOUND: BreakGlassRefusal = {
  code: 'break_glass.not_found',
  message: 'There is no such use of break-glass.',
};
const UNRECORDED: BreakGlassRefusal = {
  code: 'ledger.unavailable',
  message: 'This can’t be recorded now, so it doesn’t count. Try again.',
};
