import {
  erasedBreakGlass,
  erasedGrant,
  erasedReview,
  erasedStanding,
  erasedSubmission,
} from '../../core/record-classes.ts';
import { isOfSubject, subjectOf, type ErasedSubject } from '../../core/subject.ts';
import type { StoreRefusal } from '../store.ts';
import type { MemoryMedium } from './medium.ts';

/** A refusal names so many of what is not over at most. */
const MOST_NAMED = 20;

/** Erasure as the contract has it, of what a test can see: there are no keys here. */
export function eraseSubject(
  medium: MemoryMedium,
  subject: ErasedSubject,
  atMs: number,
): StoreRefusal | null {
  const isOf = (whose: { readonly agent: string; readonly onBehalfOf: string }): boolean =>
    isOfSubject(subjectOf(whose), subject);
  const reviews = [...medium.reviews.values()].filter((review) => isOf(review.subject.requester));
  const ids = new Set<string>(reviews.map(({ id }) => id));
  const grants = [...medium.grants.values()].filter(
    ({ review, binding }) => ids.has(review) || isOf({ agent: binding.agent, onBehalfOf: '' }),
  );
  const standings = [...medium.standings.values()].filter(({ terms }) => isOf(terms));
  const submissions = [...medium.submissions.values()].filter(({ requester }) => isOf(requester));
  const uses = [...medium.breakGlass.values()].filter((use) => isOf(use.subject.requester));
  const by = [
    ...reviews.filter(({ state }) => state.status === 'pending'),
    ...grants.filter(({ state, expiresAtMs }) => state.status === 'live' && expiresAtMs > atMs),
    ...standings.filter(
      ({ state, terms }) =>
        (state.status === 'proposed' || state.status === 'live') && terms.validUntilMs > atMs,
    ),
    ...submissions.filter(
      ({ state, deadlineMs }) =>
        state.status === 'granted' || (state.status === 'allowed' && deadlineMs > atMs),
    ),
    ...uses.filter(
      ({ closing, grant }) => closing === null || (grant.spentAtMs === null && grant.expiresAtMs > atMs),
    ),
  ].map(({ id }): string => id);
  if (by.length > 0) return { code: 'subject.in_use', by: by.toSorted().slice(0, MOST_NAMED) };
  const asides = medium.entries.filter((each) => each.aside !== null && isOfSubject(each.subject, subject));
  const isUnerased = (record: { readonly erasedAtMs?: number }): boolean => record.erasedAtMs === undefined;
  const held = [...reviews, ...standings, ...submissions, ...uses].filter(isUnerased).length + asides.length;
  if (held === 0) return { code: 'subject.unknown' };
  for (const each of asides) medium.replace(each.index, { ...each, aside: null });
  for (const each of reviews) medium.put(medium.reviews, each.id, erasedReview(each, atMs));
  for (const each of grants) medium.put(medium.grants, each.id, erasedGrant(each));
  for (const each of standings) medium.put(medium.standings, each.id, erasedStanding(each, atMs));
  for (const each of submissions) medium.put(medium.submissions, each.id, erasedSubmission(each, atMs));
  for (const each of uses) medium.put(medium.breakGlass, each.id, erasedBreakGlass(each, atMs));
  for (const [name, key] of medium.keys)
    if (key.principal === subject.name) medium.put(medium.keys, name, { ...key, digest: '' });
  return null;
}
