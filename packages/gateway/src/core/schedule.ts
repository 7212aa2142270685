import type { Demand } from './decide.ts';

/** The instants that one demand's delays mean for one review, which opened at one instant. */
export interface DemandSchedule {
  /** Approvals count before this instant. */
  readonly expiresAtMs: number;
  readonly remindersAtMs: readonly number[];
  /** When each step of the demand's escalation begins to count, in their order. */
  readonly escalationsAtMs: readonly number[];
}

/** The instant at which `durationMs` of the calendar's working time have passed since `fromMs`. */
export type WorkingTime = (calendar: string, fromMs: number, durationMs: number) => number;

/** What a demand's delays mean for a review that opens now. Fixed then: a later calendar moves nothing. */
export function scheduleOf(demand: Demand, openedAtMs: number, workingTime: WorkingTime): DemandSchedule {
  const { calendar } = demand;
  const after = (delayMs: number): number =>
    calendar === null ? openedAtMs + delayMs : workingTime(calendar, openedAtMs, delayMs);
  return {
    expiresAtMs: after(demand.expiresInMs),
    remindersAtMs: demand.remindersMs.map(after),
    escalationsAtMs: demand.escalation.map((step) => after(step.afterMs)),
  };
}
