/** `@remind`, `@escalate` and `@calendar`: what happens while nobody decides. */
import type { Approver, EscalationStep } from '../core/decide.ts';
import { err, ok, type Result } from '../core/result.ts';
import {
  COMMAS,
  complaint,
  parseApprover,
  parseDuration,
  split,
  type Complaint,
  type KnownNames,
} from './annotation-values.ts';
import type { PolicyProblemCode } from './problems.ts';

/** Of each kind; whoever doesn't react to five reminders doesn't react to the sixth. */
const MOST_STEPS = 5;

type Read<T> = Result<T, readonly Complaint[]>;

/** Delays that come one after the other, before the review is over. @param expiresInMs 0: not known. */
function checkOrder(
  delaysMs: readonly number[],
  expiresInMs: number,
  say: (message: string, hint: string) => Complaint,
): readonly Complaint[] {
  const isAscending = delaysMs.every((delayMs, at) => at === 0 || delayMs > (delaysMs[at - 1] ?? 0));
  const isInTime = expiresInMs === 0 || delaysMs.every((delayMs) => delayMs < expiresInMs);
  return [
    ...(delaysMs.length > MOST_STEPS ? [say('has too many steps', `write at most ${MOST_STEPS}`)] : []),
    ...(isAscending ? [] : [say('is not in order', 'write each delay once, the shortest first')]),
    ...(isInTime
      ? []
      : [say('speaks of a time after the review is over', 'keep every delay shorter than @expires')]),
  ];
}

const sayOf =
  (code: PolicyProblemCode, annotation: string, text: string) =>
  (message: string, hint: string): Complaint =>
    complaint(code, `@${annotation} ${message}: ${JSON.stringify(text)}`, hint, {
      word: text,
      candidates: [],
      annotation,
    });

const DELAY_HINT = 'write a number and s, m, h or d, at most 7d';

/** `10m, 20m`: when those who may approve are reminded. */
export function readReminders(text: string, expiresInMs: number): Read<readonly number[]> {
  const say = sayOf('policy.remind', 'remind', text);
  const parts = split(text, COMMAS);
  const delaysMs = parts.map(parseDuration);
  if (parts.length === 0 || delaysMs.includes(undefined))
    return err([say('is no list of delays', `${DELAY_HINT}, with commas between them, e.g. "10m, 20m"`)]);
  const remindersMs = delaysMs.filter((delayMs) => delayMs !== undefined);
  const complaints = checkOrder(remindersMs, expiresInMs, say);
  return complaints.length > 0 ? err(complaints) : ok(remindersMs);
}

/** `15m group:oncall; 45m group:managers, person:eve`: who may approve besides, from when on. */
export function readEscalation(
  text: string,
  expiresInMs: number,
  names: KnownNames | null,
): Read<readonly EscalationStep[]> {
  const say = sayOf('policy.escalate', 'escalate', text);
  const steps = split(text, /\s*;\s*|^\s+|\s+$/).map((part) => readStep(part, names, say));
  const complaints = steps.flatMap((step) => (step.ok ? [] : step.error));
  if (complaints.length > 0) return err(complaints);
  const escalation = steps.flatMap((step) => (step.ok ? [step.value] : []));
  if (escalation.length === 0) return err([say('has no step', STEP_HINT)]);
  const delaysMs = escalation.map((step) => step.afterMs);
  const wrong = checkOrder(delaysMs, expiresInMs, say);
  return wrong.length > 0 ? err(wrong) : ok(escalation);
}

const STEP_HINT = `write a delay and who may approve from then on, with semicolons between steps, e.g. "15m group:oncall; 45m person:eve"`;

function readStep(
  part: string,
  names: KnownNames | null,
  say: (message: string, hint: string) => Complaint,
): Read<EscalationStep> {
  const [, delay = '', whom = ''] = /^(\S+)\s+(.+)$/s.exec(part) ?? [];
  const afterMs = parseDuration(delay);
  if (afterMs === undefined) return err([say('has a step without a delay', STEP_HINT)]);
  const parsed = split(whom, COMMAS).map((each) => parseApprover(each, names, 'escalate'));
  const complaints = parsed.flatMap((each) => (each.ok ? [] : [each.error]));
  if (complaints.length > 0) return err(complaints);
  const approvers: readonly Approver[] = parsed.flatMap((each) => (each.ok ? [each.value] : []));
  return approvers.length === 0
    ? err([say('has a step without anybody', STEP_HINT)])
    : ok({ afterMs, approvers });
}

/** The calendar in whose working time all delays of the policy count. */
export function readCalendar(name: string, names: KnownNames | null): Result<string, Complaint> {
  const resting = names?.restingCalendars ?? [];
  const known = (names?.calendars ?? []).filter((each) => !resting.includes(each));
  if (name !== '' && (names === null || known.includes(name))) return ok(name);
  const hint =
    known.length === 0
      ? 'add it to calendars in the configuration, or remove @calendar: delays then count around the clock'
      : `add it to the configuration, or name one of: ${known.join(', ')}`;
  const message = resting.includes(name)
    ? `@calendar names ${JSON.stringify(name)}, which has no weekly hours for delays to count in`
    : `@calendar names ${JSON.stringify(name)}, which the configuration does not have`;
  const suspect = { word: name, candidates: known, annotation: 'calendar' };
  return err(complaint('policy.unknown_name', message, hint, suspect));
}
