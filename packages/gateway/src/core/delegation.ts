/** A person's right to decide, handed to another person until an instant. Pure. */
import { noticeEntry, type SealedEntry } from './entry.ts';
import type { Agent, Person } from './identity.ts';
import type { DelegationId } from './ids.ts';
import { err, ok, type Result } from './result.ts';

export interface Delegation {
  readonly kind: 'delegation';
  readonly id: DelegationId;
  /** Whose right it is, and who may use it, by name. */
  readonly from: string;
  readonly to: string;
  /**
   * Who the two were when it was made: a name that is somebody else's by now takes no right along (law 4). Absent: it was
   * made without, and counts for nobody.
   */
  readonly identities?: { readonly from: string; readonly to: string };
  readonly fromMs: number;
  /** At this instant it is over. */
  readonly untilMs: number;
  readonly madeAtMs: number;
  /** `configuration`: it stands in sallyport.yaml, and ends when it is taken out there too. */
  readonly origin: 'person' | 'configuration';
  readonly revoked: { readonly by: string; readonly atMs: number } | null;
  /** Grows by one with each change. */
  readonly revision: number;
}

export type DelegationStatus = 'coming' | 'live' | 'over' | 'revoked';

export function statusOfDelegation(
  { revoked, fromMs, untilMs }: Delegation,
  nowMs: number,
): DelegationStatus {
  if (revoked !== null) return 'revoked';
  if (nowMs < fromMs) return 'coming';
  return nowMs < untilMs ? 'live' : 'over';
}

/** Whether it was in force at an instant. What is revoked is so for votes of earlier instants too: it ends at once. */
export const isInForce = ({ revoked, fromMs, untilMs }: Delegation, atMs: number): boolean =>
  revoked === null && fromMs <= atMs && atMs < untilMs;

/** Who has a name now. */
export type PersonNow = (name: string) => Pick<Person, 'identity'> | undefined;

export const identitiesOf = (
  { from, to }: Pick<Delegation, 'from' | 'to'>,
  person: PersonNow,
): Delegation['identities'] => {
  const [giver, holder] = [person(from)?.identity, person(to)?.identity];
  return giver === undefined || holder === undefined ? undefined : { from: giver, to: holder };
};

/** Whether both people are the humans that they were when it was made. Fails closed: who can't be told apart is not. */
export function isOfSamePeople(delegation: Delegation, person: PersonNow): boolean {
  const [then, now] = [delegation.identities, identitiesOf(delegation, person)];
  return then !== undefined && now !== undefined && then.from === now.from && then.to === now.to;
}

/** Whether a name in it is somebody else's by now, or it was never said whose it was. Whoever is gone may come back. */
export function isOutlived({ from, to, identities }: Delegation, person: PersonNow): boolean {
  if (identities === undefined) return true;
  const isOther = (name: string, identity: string): boolean =>
    (person(name)?.identity ?? identity) !== identity;
  return isOther(from, identities.from) || isOther(to, identities.to);
}

/** Closed: documented in spec/policy.md. */
export type DelegationRefusalCode =
  | 'delegation.not_a_person'
  | 'delegation.not_yours'
  | 'delegation.unknown_person'
  | 'delegation.to_oneself'
  | 'delegation.time'
  | 'delegation.too_many'
  | 'delegation.not_found'
  | 'delegation.over'
  | 'ledger.unavailable';

export interface DelegationRefusal {
  readonly code: DelegationRefusalCode;
  /** A sentence for whoever asked. */
  readonly message: string;
}

export const refuseDelegation = (
  code: DelegationRefusalCode,
  message: string,
): { readonly ok: false; readonly error: DelegationRefusal } => err({ code, message });

export interface DelegationTerms {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Whether a person may hand their right to that principal, for that long. */
export function checkDelegation(
  from: Person,
  to: Agent | Person | undefined,
  { fromMs, untilMs }: DelegationTerms,
  { nowMs, longestMs }: { readonly nowMs: number; readonly longestMs: number },
): Result<Person, DelegationRefusal> {
  if (to === undefined) return refuseDelegation('delegation.unknown_person', 'There is no such person.');
  if (to.kind !== 'person')
    return refuseDelegation(
      'delegation.not_a_person',
      'A right to decide goes to people alone, never to an agent.',
    );
  if (to.disabled) return refuseDelegation('delegation.unknown_person', 'This person is disabled.');
  if (to.name === from.name || to.identity === from.identity)
    return refuseDelegation('delegation.to_oneself', 'This is the same person.');
  if (untilMs <= nowMs || untilMs <= fromMs)
    return refuseDelegation('delegation.time', 'It would be over before it begins.');
  if (untilMs - Math.max(fromMs, nowMs) > longestMs) {
    const days = Math.floor(longestMs / 86_400_000).toString();
    return refuseDelegation('delegation.time', `It may last for ${days} days at most.`);
  }
  return ok(to);
}

/** What the ledger says of it: names and times. */
export function delegationEntry(
  delegation: Delegation,
  code: 'delegation.made' | 'delegation.revoked',
  by: string,
  atMs: number,
): SealedEntry {
  const { id, from, to, fromMs, untilMs } = delegation;
  const [since, until] = [new Date(fromMs).toISOString(), new Date(untilMs).toISOString()];
  return noticeEntry(code, { by, delegation: id, from, since, to, until }, atMs);
}
