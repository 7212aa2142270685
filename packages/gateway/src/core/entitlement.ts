/** Who can decide on a review, with why and why not, in words for people. Pure. */
import { isBarred, isNamed, isParty, rightsTo, type Electorate, type Voter } from './electorate.ts';
import type { Person } from './identity.ts';
import { standingVotes, type Review } from './review.ts';

/** Closed: documented in spec/policy.md. */
export type EntitlementCode =
  'own_right' | 'delegated' | 'voted' | 'disabled' | 'party' | 'excluded' | 'not_named' | 'not_permitted';

export interface Entitlement {
  readonly person: string;
  readonly may: boolean;
  readonly code: EntitlementCode;
  /** A sentence. */
  readonly why: string;
  /** Whose right they would use, by name; empty: their own, or none. */
  readonly delegators: readonly string[];
  /** The policies that say so, by id, as far as they are told. */
  readonly policies: readonly string[];
}

export interface Deciders {
  readonly electorate: Electorate;
  /** The policies that let this person decide, or forbid it, with whose right. */
  readonly policies: (person: Person, delegator: Person | null) => readonly string[];
}

/** Everybody, for one demand: those who may first, each in the order of the directory. */
export function entitlementsOf(
  review: Review,
  index: number,
  atMs: number,
  { electorate, policies }: Deciders,
): readonly Entitlement[] {
  const all = electorate
    .people()
    .map((person) => entitlementOf(review, index, { person, atMs }, { electorate, policies }));
  return [...all.filter(({ may }) => may), ...all.filter(({ may }) => !may)];
}

function entitlementOf(
  review: Review,
  index: number,
  voter: Voter,
  { electorate, policies }: Deciders,
): Entitlement {
  const { person } = voter;
  const answer = (
    code: EntitlementCode,
    why: string,
    more: Partial<Pick<Entitlement, 'delegators' | 'policies'>> = {},
  ): Entitlement => ({
    person: person.name,
    may: code === 'own_right' || code === 'delegated',
    code,
    why,
    delegators: [],
    policies: [],
    ...more,
  });
  if (isBarred(review, index, person)) return answer(...barOf(review, person));
  const earlier = standingVotes(review).find(({ identity }) => identity === person.identity);
  if (earlier !== undefined) return answer('voted', `has voted already, to ${earlier.kind}`);
  const rights = rightsTo(review, index, voter, electorate);
  const own = isNamed(review, index, voter);
  if (rights.includes(person))
    return answer('own_right', `is named: ${namesOf(review, index, person)}`, {
      policies: policies(person, null),
    });
  if (rights.length > 0) {
    const delegators = rights.map(({ name }) => name);
    const by = policies(person, rights[0] ?? null);
    return answer('delegated', `has the right of ${delegators.join(', ')}`, { delegators, policies: by });
  }
  if (!own)
    return answer('not_named', 'is not named, nor in a group that is, nor stands in for anybody who is');
  const by = policies(person, null);
  const which = by.length === 0 ? 'no policy permits it' : `forbidden by ${by.join(', ')}`;
  return answer('not_permitted', `is named, and ${which}`, { policies: by });
}

/** Law 4, and @exclude: no right gets around them. */
function barOf({ subject }: Review, person: Person): [EntitlementCode, string] {
  if (person.disabled) return ['disabled', 'is disabled'];
  if (isParty(subject.requester, person))
    return ['party', 'stands behind the request: sponsor, person for whom, or owner of the credential'];
  return ['excluded', 'is excluded by the policy that asks: its author, or named in @exclude'];
}

function namesOf({ subject }: Review, index: number, person: Person): string {
  const demand = subject.demands[index];
  const all = [...(demand?.approvers ?? []), ...(demand?.escalation ?? []).flatMap((step) => step.approvers)];
  const matching = all.filter(({ kind, name }) =>
    kind === 'group' ? person.groups.includes(name) : person.name === name,
  );
  return [...new Set(matching.map(({ kind, name }) => `${kind}:${name}`))].join(', ');
}
