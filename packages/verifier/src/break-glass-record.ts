/** What the log says of break-glass (spec/break-glass.md). */
import { countAt, nameAt, objectAt, textAt, wordAt } from './leaf-members.ts';
import type { JsonObject } from './leaf-members.ts';

/** The right to run one exact action once, and the review that it owes. */
export interface BreakGlassRecord {
  readonly kind: 'break_glass';
  readonly breakGlass: string;
  readonly person: string;
  /** Who that person is, whatever account they use. */
  readonly identity: string;
  readonly channel: string;
  /** SHA-256 of everything that the person was shown. */
  readonly rendering: string;
  /** The id of the passkey that signed; the proof is in the aside. */
  readonly passkey: string;
  readonly grant: string;
  readonly binding: {
    readonly agent: string;
    readonly target: string;
    readonly environment: string;
    /** The commitment of the action. */
    readonly subject: string;
  };
  readonly expiresAt: number;
}

export interface BreakGlassReviewRecord {
  readonly kind: 'break_glass_review';
  readonly breakGlass: string;
  readonly person: string;
  readonly identity: string;
  readonly channel: string;
  readonly finding: 'justified' | 'not_justified';
  readonly subject: string;
}

export function breakGlassOf(value: JsonObject): BreakGlassRecord {
  const binding = objectAt(value, 'binding');
  return {
    kind: 'break_glass',
    breakGlass: nameAt(value, 'breakGlass'),
    person: nameAt(value, 'person'),
    identity: nameAt(value, 'identity'),
    channel: textAt(value, 'channel'),
    rendering: nameAt(value, 'rendering'),
    passkey: nameAt(value, 'passkey'),
    grant: nameAt(value, 'grant'),
    binding: {
      agent: nameAt(binding, 'agent'),
      target: nameAt(binding, 'target'),
      environment: nameAt(binding, 'environment'),
      subject: nameAt(binding, 'subject'),
    },
    expiresAt: countAt(value, 'expiresAt'),
  };
}

export function breakGlassReviewOf(value: JsonObject): BreakGlassReviewRecord {
  return {
    kind: 'break_glass_review',
    breakGlass: nameAt(value, 'breakGlass'),
    person: nameAt(value, 'person'),
    identity: nameAt(value, 'identity'),
    channel: textAt(value, 'channel'),
    finding: wordAt(value, 'finding', ['justified', 'not_justified']),
    subject: nameAt(value, 'subject'),
  };
}
