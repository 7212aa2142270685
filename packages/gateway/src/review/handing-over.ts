/**
 * Chats follow who may decide: when a right is handed over, taken back, begins or ends, the reviews that it is about are
 * told anew, so that whoever may decide since has a message, and whoever may not any more has none to press.
 */
import { mayDecide } from '../core/chat-people.ts';
import type { Delegation } from '../core/delegation.ts';
import type { Person } from '../core/identity.ts';
import type { Review } from '../core/review.ts';
import type { Clock, DelegationDesk, Directory, Outbox, Store } from '../ports.ts';
import type { Log } from '../telemetry/log.ts';

export interface HandingPorts {
  readonly clock: Clock;
  readonly store: Store;
  readonly directory: Pick<Directory, 'people'>;
  readonly outbox: Outbox;
  readonly log: Pick<Log, 'failed'>;
}

const PAGE = 100;
/** Timers of more than some weeks fire at once; and a clock may be set meanwhile. */
const LONGEST_LOOK_MS = 3_600_000;
/** Longer than a gateway is down while its reviews still wait. */
const LOOK_BACK_MS = 86_400_000;

export class HandingOver implements DelegationDesk {
  readonly #ports: HandingPorts;
  readonly #desk: DelegationDesk;
  #cancel = (): void => undefined;
  /** Until then what began or ended has been told. */
  #lookedAtMs: number;
  #telling: Promise<void> = Promise.resolve();

  constructor(ports: HandingPorts, desk: DelegationDesk) {
    this.#ports = ports;
    this.#desk = desk;
    this.#lookedAtMs = ports.clock.nowMs();
  }

  /**
   * What began or ended while the gateway was down is told as well, as far as it is about a review that waits. Returns
   * what ends it, which resolves when nothing is being told any more.
   */
  start(): () => Promise<void> {
    const sinceMs = this.#lookedAtMs - LOOK_BACK_MS;
    const isRecent = ({ revoked, untilMs }: Delegation): boolean => (revoked?.atMs ?? untilMs) > sinceMs;
    this.#tell(this.#desk.list().filter(isRecent));
    this.#look();
    return async () => {
      this.#cancel();
      await this.#telling;
    };
  }

  delegatorsOf(holder: Pick<Person, 'name' | 'identity'>, atMs: number): readonly Person[] {
    return this.#desk.delegatorsOf(holder, atMs);
  }

  list(): readonly Delegation[] {
    return this.#desk.list();
  }

  make(ask: Parameters<DelegationDesk['make']>[0]): ReturnType<DelegationDesk['make']> {
    return this.#followed(this.#desk.make(ask));
  }

  revoke(ask: Parameters<DelegationDesk['revoke']>[0]): ReturnType<DelegationDesk['revoke']> {
    return this.#followed(this.#desk.revoke(ask));
  }

  async #followed(changing: ReturnType<DelegationDesk['make']>): ReturnType<DelegationDesk['make']> {
    const changed = await changing;
    if (changed.ok) {
      this.#tell([changed.value]);
      this.#look();
    }
    return changed;
  }

  /** At the next instant at which one begins or ends. */
  #look(): void {
    this.#cancel();
    const { clock } = this.#ports;
    const nowMs = clock.nowMs();
    const turns = this.#desk
      .list()
      .flatMap(({ revoked, fromMs, untilMs }) => (revoked === null ? [fromMs, untilMs] : []));
    const next = Math.min(...turns.filter((atMs) => atMs > nowMs));
    this.#cancel = clock.after(Math.min(LONGEST_LOOK_MS, Math.max(1, next - nowMs)), () => this.#turned());
  }

  #turned(): void {
    const fromMs = this.#lookedAtMs;
    const nowMs = (this.#lookedAtMs = this.#ports.clock.nowMs());
    const isIn = (atMs: number): boolean => fromMs < atMs && atMs <= nowMs;
    this.#tell(this.#desk.list().filter((each) => isIn(each.fromMs) || isIn(each.untilMs)));
    this.#look();
  }

  /** One after another. What fails is told with the next change of its review. */
  #tell(delegations: readonly Delegation[]): void {
    if (delegations.length === 0) return;
    this.#telling = this.#telling
      .then(() => this.#tellOf(new Set(delegations.map(({ from }) => from))))
      .catch((error: unknown) => this.#ports.log.failed({ where: 'handing over', error }));
  }

  async #tellOf(delegators: ReadonlySet<string>): Promise<void> {
    const { store, directory, outbox } = this.#ports;
    let before: Review['id'] | null = null;
    for (;;) {
      const page: readonly Review[] = await store.read('reviews', {
        status: 'pending',
        agent: null,
        limit: PAGE,
        before,
      });
      const people = directory.people();
      const mutations = page
        .filter((review) => mayDecide(review, people).some(({ name }) => delegators.has(name)))
        .flatMap((review) => outbox.tell(review, { kind: 'update', change: 'entitled' }));
      if (mutations.length > 0) await store.commit({ mutations, entries: [] });
      before = page.at(-1)?.id ?? null;
      if (page.length < PAGE || before === null) return;
    }
  }
}
