/** What the passing of time does to pending reviews. */
import type { Notice } from '../core/delivery.ts';
import { nextInstantOf, stepsDue, type DueSteps } from '../core/due.ts';
import { isMet, type Electorate } from '../core/electorate.ts';
import type { ReviewId } from '../core/ids.ts';
import type { Review } from '../core/review.ts';
import { announce } from '../core/transitions.ts';
import type { Clock, Events, Store } from '../ports.ts';
import type { Changes } from './changes.ts';
import { Timetable } from './timetable.ts';

export interface PassingTimePorts {
  readonly clock: Clock;
  readonly store: Store;
  readonly events: Events;
  readonly electorate: Electorate;
  readonly changes: Changes;
  /** Ends the review if it is past its time. */
  readonly expire: (id: ReviewId) => Promise<void>;
  /** Called when more people may decide: whether anybody can is to be looked at again (threat B4). */
  readonly escalated: (review: Review) => void;
}

export class PassingTime {
  readonly #ports: PassingTimePorts;
  readonly #timetable: Timetable<ReviewId>;

  constructor(ports: PassingTimePorts) {
    this.#ports = ports;
    this.#timetable = new Timetable(ports.clock, (id) => void this.#fallDue(id));
  }

  /** Follows a pending review; call it again whenever the review has changed. */
  watch(review: Review): void {
    this.#timetable.watch(review, nextInstantOf(review));
  }

  forget(id: ReviewId): void {
    this.#timetable.forget(id);
  }

  /** Ends the timers; reviews stay as they are. */
  close(): void {
    this.#timetable.close();
  }

  /** Time has come for something: a reminder, an escalation, or the end. */
  async #fallDue(id: ReviewId): Promise<void> {
    const { clock, store, expire } = this.#ports;
    try {
      const review = await store.read('review', { id });
      if (review?.state.status !== 'pending') return;
      const nowMs = clock.nowMs();
      if (nowMs >= review.expiresAtMs) return await expire(id);
      const due = stepsDue(review, nowMs);
      if (due === undefined) this.watch(review);
      else await this.#announce(review, due, nowMs);
    } catch {
      // Lost infrastructure: the review stays pending, and the store refuses every vote on it.
      this.#timetable.tryLater(id);
    }
  }

  /** Durable before anybody is told, so that no step is announced twice, over restarts and however the clock is set. */
  async #announce(review: Review, due: DueSteps, nowMs: number): Promise<void> {
    const { changes, store } = this.#ports;
    const announced = announce(review, due.untilMs);
    if (announced === undefined) return;
    const told = this.#toTell(announced, due);
    const committed = await store.commit(changes.ofAnnouncement(announced, due, nowMs, told));
    // A change came first: the review is due still, and looked at anew.
    if (!committed.ok) return this.watch(review);
    this.watch(announced);
    if (due.escalations.length > 0) this.#ports.escalated(announced);
    this.#publish(announced, told, nowMs);
  }

  /** Whoever has met a demand isn't told that it waits. */
  #toTell(review: Review, due: DueSteps): readonly Notice[] {
    const isOpen = (demand: number): boolean => !isMet(review, demand, this.#ports.electorate);
    const escalations = due.escalations.filter(({ demand }) => isOpen(demand));
    const demands = due.reminders.filter(isOpen);
    const steps = escalations.map((step): Notice => ({ kind: 'escalate', ...step }));
    return demands.length === 0 ? steps : [...steps, { kind: 'remind', demands }];
  }

  #publish(review: Review, told: readonly Notice[], atMs: number): void {
    const { events } = this.#ports;
    for (const notice of told) {
      if (notice.kind === 'escalate') {
        const { demand, step } = notice;
        events.publish({ kind: 'review.escalated', review, atMs, demand, step });
      } else if (notice.kind === 'remind') {
        events.publish({ kind: 'review.reminded', review, atMs, demands: notice.demands });
      }
    }
  }
}
