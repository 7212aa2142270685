/** Break-glass: a person runs at once, in their own name, without approval; another person reviews it afterwards. */
import type { GrantBinding, GrantRefusal } from './grant.ts';
import type { Person, Requester, Target } from './identity.ts';
import type { ActionId, BreakGlassId, GrantId } from './ids.ts';
import type { Preconditions } from './action.ts';
import type { BreakGlassRefusal, BreakGlassRefusalCode } from './reasons.ts';
import { err, ok, type Result } from './result.ts';
import type { PasskeyProof } from './review.ts';
import type { Risk } from './risk.ts';
import type { Declared } from './submission.ts';
import type { DatasetUsage } from './usage.ts';

/** What is run, as the person who signs it is shown it. */
export interface BreakGlassSubject {
  readonly action: ActionId;
  /** SHA-256 of the canonical action, 64 lower-case hexadecimal digits. */
  readonly digest: string;
  /** What the ledger knows the action by, and the salt of that commitment. */
  readonly commitment: string;
  readonly salt: string;
  /** Of a person: `agent` is their own name, which no agent has. */
  readonly requester: Requester;
  readonly target: Target;
  readonly declared: Declared;
  readonly preconditions: Preconditions;
  readonly operation: string;
  readonly title: string;
  readonly datasets: readonly DatasetUsage[];
  readonly unknown: readonly string[];
  readonly risk: Risk;
  /** The policies that let this person do it. */
  readonly policies: readonly string[];
}

/** What a person is about to sign: nothing runs by it, and nothing is recorded of it. */
export interface PreparedUse {
  readonly id: BreakGlassId;
  readonly person: string;
  readonly identity: string;
  readonly subject: BreakGlassSubject;
  /** The person's own words: why it can't wait. */
  readonly reason: string;
  /** SHA-256 of everything that is shown, which the passkey signs with the rest. */
  readonly rendering: string;
  readonly preparedAtMs: number;
  /** It can be signed before. */
  readonly expiresAtMs: number;
}

export type Finding = 'justified' | 'not_justified';

/** What another person found afterwards. */
export interface Closing {
  readonly person: string;
  readonly identity: string;
  readonly finding: Finding;
  readonly text: string;
  readonly channel: string;
  readonly atMs: number;
}

/** One use: the right to run exactly this once, and the review that it owes. Opened together, by one signature. */
export interface BreakGlassUse extends Omit<PreparedUse, 'preparedAtMs' | 'expiresAtMs'> {
  readonly channel: string;
  readonly openedAtMs: number;
  readonly passkey: PasskeyProof;
  readonly grant: {
    readonly id: GrantId;
    readonly expiresAtMs: number;
    /** When its INTENT was recorded; null: it wasn't (yet). */
    readonly spentAtMs: number | null;
  };
  /** When those who may review it were last told. */
  readonly remindedAtMs: number;
  /** Grows by one with each change; a write names the revision that it replaces. */
  readonly revision: number;
  /** Null: its review is open. */
  readonly closing: Closing | null;
  /** Its values were erased then; absent: they are there. */
  readonly erasedAtMs?: number;
}

/** A prepared use, once it is signed. */
export function openUse(
  { preparedAtMs: _, expiresAtMs: __, ...prepared }: PreparedUse,
  signed: Pick<BreakGlassUse, 'channel' | 'openedAtMs' | 'passkey'> & {
    readonly grant: GrantId;
    readonly lifeMs: number;
  },
): BreakGlassUse {
  const { channel, openedAtMs, passkey, grant, lifeMs } = signed;
  return {
    ...prepared,
    channel,
    openedAtMs,
    passkey,
    grant: { id: grant, expiresAtMs: openedAtMs + lifeMs, spentAtMs: null },
    remindedAtMs: openedAtMs,
    revision: 1,
    closing: null,
  };
}

const revised = (use: BreakGlassUse, change: Partial<BreakGlassUse>): BreakGlassUse => ({
  ...use,
  ...change,
  revision: use.revision + 1,
});

export const bindingOfUse = ({ subject }: Pick<BreakGlassUse, 'subject'>): GrantBinding => ({
  digest: subject.digest,
  agent: subject.requester.agent,
  target: subject.target.name,
  environment: subject.target.environment,
});

const BOUND_FIELDS: readonly (keyof GrantBinding)[] = ['digest', 'agent', 'target', 'environment'];

/** Law 2: once, before its time is over, for exactly what was signed. Whether its review is closed says nothing of it. */
export function spendUse(
  use: BreakGlassUse,
  binding: GrantBinding,
  atMs: number,
): Result<BreakGlassUse, GrantRefusal> {
  const bound = bindingOfUse(use);
  // A field that is missing on either side is no match (threat A6).
  const isBound = BOUND_FIELDS.every((field) => {
    const value: unknown = bound[field];
    return typeof value === 'string' && value !== '' && value === binding[field];
  });
  if (!isBound) return err('grant.mismatch');
  if (use.grant.spentAtMs !== null) return err('grant.spent');
  if (atMs >= use.grant.expiresAtMs) return err('grant.expired');
  return ok(revised(use, { grant: { ...use.grant, spentAtMs: atMs } }));
}

/** Whether this person is another one than the one who ran, under whatever account. */
export const isAnother = (
  use: Pick<BreakGlassUse, 'person' | 'identity'>,
  { name, identity }: Pick<Person, 'name' | 'identity'>,
): boolean => identity !== use.identity && name !== use.person;

const refuse = (code: BreakGlassRefusalCode, message: string): Result<never, BreakGlassRefusal> =>
  err({ code, message });

/** Ends the review of a use. @param mayReview whether policy lets this person. */
export function closeUse(
  use: BreakGlassUse,
  closing: Closing,
  mayReview: boolean,
): Result<BreakGlassUse, BreakGlassRefusal> {
  const { person: name, identity, text } = closing;
  if (!isAnother(use, { name, identity }))
    return refuse('break_glass.own_use', 'You ran this yourself: another person has to review it.');
  if (!mayReview)
    return refuse(
      'break_glass.not_reviewer',
      'Policy doesn’t let you review this use (`break_glass:review`). Ask one of those whom it names.',
    );
  if (use.closing !== null)
    return refuse('break_glass.closed', `This was reviewed already, by ${use.closing.person}.`);
  if (text.trim() === '')
    return refuse(
      'break_glass.text_required',
      'A finding needs a text, for the record: what you looked at, and why you find so.',
    );
  return ok(revised(use, { closing }));
}

/** Its review is open, and those who may review it were just told so. */
export const reminded = (use: BreakGlassUse, atMs: number): BreakGlassUse =>
  revised(use, { remindedAtMs: atMs });
