/** Who could decide on an action that nobody has attempted. Pure. */
import type { Demand } from './decide.ts';
import { rightsTo, type Electorate } from './electorate.ts';
import { entitlementsOf, type Entitlement } from './entitlement.ts';
import type { Person } from './identity.ts';
import type { Review } from './review.ts';

export interface ForeseenDemand {
  readonly demand: Demand;
  /** Whether as many could approve as it asks for: distinct people, and one seat for each right. */
  readonly enough: boolean;
  /** Everybody: those who could first, with why and why not. */
  readonly people: readonly Entitlement[];
}

type ForeseenSubject = Pick<
  Review['subject'],
  'requester' | 'target' | 'operation' | 'datasets' | 'risk' | 'demands'
>;

export interface Foresight {
  readonly atMs: number;
  readonly electorate: Electorate;
  /** The policies that let this person decide on that review, or forbid it, with whose right. */
  readonly policies: (review: Review, person: Person, delegator: Person | null) => readonly string[];
}

/** Of each demand, who could approve at that instant; no step of an escalation has begun. */
export function foresee(
  subject: ForeseenSubject,
  { atMs, electorate, policies }: Foresight,
): readonly ForeseenDemand[] {
  const review = unopened(subject);
  return subject.demands.map((demand, index) => {
    const people = entitlementsOf(review, index, atMs, {
      electorate,
      policies: (person, delegator) => policies(review, person, delegator),
    });
    const rights = electorate
      .people()
      .flatMap((person) => rightsTo(review, index, { person, atMs }, electorate));
    const enough = new Set(rights.map(({ identity }) => identity)).size >= demand.quorum;
    return { demand, enough, people };
  });
}

/** As much of a review as the electorate and policies look at. */
function unopened(subject: ForeseenSubject): Review {
  const schedule = subject.demands.map(({ escalation }) => ({
    remindersAtMs: [],
    escalationsAtMs: escalation.map(() => Infinity),
    expiresAtMs: Infinity,
  }));
  return { subject, schedule, votes: [] } as unknown as Review;
}
