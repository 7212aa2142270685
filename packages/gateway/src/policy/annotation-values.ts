/** The parts that annotations are made of: names, delays, lists. */
import type { Approver } from '../core/decide.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { PolicyProblemCode } from './problems.ts';
import type { Suspect } from './vocabulary.ts';

export interface Complaint {
  readonly code: PolicyProblemCode;
  readonly message: string;
  readonly hint: string;
  /** The wrong word, where there is one. */
  readonly suspect?: Suspect;
}

/** Who and what exists; a name that policies use and nobody has is a rule that silently never matches. */
export interface KnownNames {
  readonly groups: readonly string[];
  readonly people: readonly string[];
  readonly agents: readonly string[];
  readonly targets: readonly string[];
  readonly calendars: readonly string[];
  /** Those of them that have single days and no weekly hours: policies may ask about them, and no delay counts in them. */
  readonly restingCalendars?: readonly string[];
}

const DURATION = /^([1-9]\d{0,5})([smhd])$/;
const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const LONGEST_REVIEW_MS = 7 * UNIT_MS.d;

export const complaint = (
  code: PolicyProblemCode,
  message: string,
  hint: string,
  suspect?: Suspect,
): Complaint => ({ code, message, hint, ...(suspect === undefined ? {} : { suspect }) });

/** Milliseconds of `45s`, `30m`, `4h` or `1d`; undefined for anything else and for more than a week. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit] = DURATION.exec(text) ?? [];
  if (count === undefined || unit === undefined) return undefined;
  const durationMs = Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
  return durationMs <= LONGEST_REVIEW_MS ? durationMs : undefined;
}

/** @param annotation in which the name stands, for whoever has to correct it. */
export function parseApprover(
  text: string,
  names: KnownNames | null,
  annotation = 'review',
): Result<Approver, Complaint> {
  const [, kind, name = ''] = /^(group|person):(\S+)$/.exec(text) ?? [];
  if (kind !== 'group' && kind !== 'person') {
    const message = `@${annotation} names an approver as ${JSON.stringify(text)}`;
    return err(
      complaint(
        'policy.review_approver',
        message,
        'write "group:NAME" or "person:NAME", with commas between them',
        {
          word: text,
          candidates: [
            ...(names?.groups ?? []).map((each) => `group:${each}`),
            ...(names?.people ?? []).map((each) => `person:${each}`),
          ],
          annotation,
        },
      ),
    );
  }
  const known = kind === 'group' ? names?.groups : names?.people;
  if (known !== undefined && !known.includes(name)) {
    const message = `@${annotation} names the ${kind} ${JSON.stringify(name)}, which the configuration does not have`;
    return err(
      complaint(
        'policy.unknown_name',
        message,
        `add it to the configuration, or name one of: ${known.join(', ')}`,
        { word: name, candidates: known, annotation },
      ),
    );
  }
  return ok({ kind, name });
}

/** Between commas, in any white space. */
export const COMMAS = /\s*,\s*|^\s+|\s+$/;

export const split = (text: string, separator: RegExp): readonly string[] =>
  text.split(separator).filter((part) => part !== '');
