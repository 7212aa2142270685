/** Spans of time and steps of an escalation, for tests in which time passes. */
import type { Approver, EscalationStep } from '../../src/core/decide.ts';

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

export const group = (name: string): Approver => ({ kind: 'group', name });
export const someone = (name: string): Approver => ({ kind: 'person', name });
export const step = (minutes: number, ...approvers: readonly Approver[]): EscalationStep => ({
  afterMs: minutes * MINUTE_MS,
  approvers,
});
/** Those on call, then a manager. */
export const CHAIN = [step(15, group('oncall')), step(25, someone('eve'))];
