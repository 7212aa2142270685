import { canonicalize } from '@sallyport/verifier';
import type { Requester } from './identity.ts';

/**
 * Whose values something holds: the agent that acted and the person for whom it did, as one word that no two pairs
 * share. Everything that is said about an action (votes, questions, evidence) belongs to the action's subject. Erasure
 * takes one of the two names, and everything under it.
 */
export type Subject = string;

export interface SubjectParts {
  /** Empty where no agent acted. */
  readonly agent: string;
  /** Empty where there is no such person. */
  readonly person: string;
}

export const subjectOf = ({ agent, onBehalfOf }: Pick<Requester, 'agent' | 'onBehalfOf'>): Subject =>
  canonicalize([agent, onBehalfOf]);

/** What is about nobody in particular: the gateway's own. */
export const NO_SUBJECT: Subject = canonicalize(['', '']);

export function partsOf(subject: Subject): SubjectParts {
  // Made by `subjectOf`, in this process or an earlier one.
  const [agent, person] = JSON.parse(subject) as [string | null, string | null];
  return { agent: agent ?? '', person: person ?? '' };
}

/** What an erasure is asked for. */
export interface ErasedSubject {
  readonly kind: 'agent' | 'person';
  readonly name: string;
}

export const isOfSubject = (subject: Subject, { kind, name }: ErasedSubject): boolean =>
  partsOf(subject)[kind] === name;
