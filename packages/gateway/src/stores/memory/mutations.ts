import { spendUse } from '../../core/break-glass.ts';
import type { Grant, GrantBinding, GrantRefusal } from '../../core/grant.ts';
import type { Passkey } from '../../core/passkey.ts';
import type { Review } from '../../core/review.ts';
import { revokeStanding, settleStanding, spendStanding } from '../../core/standing-changes.ts';
import { isForWhom, type StandingGrant } from '../../core/standing.ts';
import { StoreError } from '../store.ts';
import type { Mutation, StoreRefusal } from '../store.ts';
import { openCanary, revealCanary } from './canaries.ts';
import { chatLinkMutations } from './chat-links.ts';
import { deliveryMutations } from './deliveries.ts';
import { eraseSubject } from './erase.ts';
import { tileKey } from './medium.ts';
import type { MemoryMedium } from './medium.ts';

type Of<K extends Mutation['kind']> = Extract<Mutation, { readonly kind: K }>;
type Table = {
  readonly [K in Mutation['kind']]: (medium: MemoryMedium, mutation: Of<K>) => StoreRefusal | null;
};

const BOUND_FIELDS: readonly (keyof GrantBinding)[] = ['digest', 'agent', 'target', 'environment'];

/** A field that is missing on either side is no match (threat A6). */
export function isSameBinding(left: GrantBinding, right: GrantBinding): boolean {
  return BOUND_FIELDS.every((field) => {
    const value: unknown = left[field];
    return typeof value === 'string' && value !== '' && value === right[field];
  });
}

export function findPending(medium: MemoryMedium, binding: GrantBinding): Review | null {
  for (const review of medium.reviews.values()) {
    const { digest, requester, target } = review.subject;
    const own = { digest, agent: requester.agent, target: target.name, environment: target.environment };
    if (review.state.status === 'pending' && isSameBinding(own, binding)) return review;
  }
  return null;
}

function whyNotSpendable(grant: Grant, { binding, atMs }: Of<'grant.spend'>): GrantRefusal | null {
  if (!isSameBinding(grant.binding, binding)) return 'grant.mismatch';
  if (grant.state.status === 'spent') return 'grant.spent';
  if (grant.state.status === 'revoked') return 'grant.revoked';
  return atMs < grant.expiresAtMs ? null : 'grant.expired';
}

function checkRevision(medium: MemoryMedium, id: string, revision: number): StoreRefusal | null {
  const review = medium.reviews.get(id);
  if (review === undefined) return { code: 'review.missing' };
  return review.revision === revision ? null : { code: 'review.conflict' };
}

function whyNotLive(medium: MemoryMedium, id: string, identity?: string): StoreRefusal | null {
  const passkey = medium.passkeys.get(id)?.passkey;
  if (passkey === undefined || (identity !== undefined && passkey.identity !== identity))
    return { code: 'passkey.missing' };
  return passkey.revokedAtMs === null ? null : { code: 'passkey.revoked' };
}

function whyNotRegistered(
  medium: MemoryMedium,
  { identity, credential, vouchedBy }: Passkey,
): StoreRefusal | null {
  const all = [...medium.passkeys.values()].map(({ passkey }) => passkey);
  if (all.some((each) => each.credential === credential)) return { code: 'passkey.known' };
  if (vouchedBy !== null) return whyNotLive(medium, vouchedBy, identity);
  return all.some((each) => each.identity === identity) ? { code: 'passkey.unvouched' } : null;
}

function assertNew(map: ReadonlyMap<string, unknown>, id: string): void {
  if (map.has(id)) throw new StoreError('store.invalid', `${id} exists`);
}

/** Replaces a grant by what `change` makes of it; `change` says why not. */
function changeStanding(
  medium: MemoryMedium,
  id: string,
  change: (stored: StandingGrant) => StandingGrant | StandingRefused,
): StoreRefusal | null {
  const stored = medium.standings.get(id);
  if (stored === undefined) return { code: 'standing.missing' };
  const changed = change(stored);
  if (typeof changed === 'string') return { code: changed };
  medium.put(medium.standings, id, changed);
  return null;
}

type StandingRefused = 'standing.conflict' | 'standing.unusable' | 'standing.over';

/** Two names in one: neither can be taken for the other's end. */
export const requestKeyName = ({
  principal,
  key,
}: {
  readonly principal: string;
  readonly key: string;
}): string => JSON.stringify([principal, key]);

function forget<V>(medium: MemoryMedium, map: Map<string, V>, isOver: (value: V) => boolean): void {
  for (const [name, value] of [...map]) if (isOver(value)) medium.remove(map, name);
}

/** When the identity made the approval that has to be out of the span first; undefined where there is room. */
function approvalInTheWay(
  { judgments }: MemoryMedium,
  identity: string,
  { most, sinceMs }: { readonly most: number; readonly sinceMs: number },
): number | undefined {
  return [...judgments.values()]
    .filter((each) => each.identity === identity && each.kind === 'approve' && each.atMs > sinceMs)
    .filter(({ canary }) => !canary)
    .map(({ atMs }) => atMs)
    .sort((left, right) => right - left)[most - 1];
}

const table: Table = {
  'review.open': (medium, { review }) => {
    const { digest, requester, target } = review.subject;
    const binding = { digest, agent: requester.agent, target: target.name, environment: target.environment };
    const pending = findPending(medium, binding);
    if (pending !== null) return { code: 'review.duplicate', existing: pending.id };
    assertNew(medium.reviews, review.id);
    medium.put(medium.reviews, review.id, review);
    return null;
  },
  'review.update': (medium, { review }) => {
    const refusal = checkRevision(medium, review.id, review.revision - 1);
    if (refusal === null) medium.put(medium.reviews, review.id, review);
    return refusal;
  },
  'review.check': (medium, { id, revision }) => checkRevision(medium, id, revision),
  'review.shown': (medium, { review, identity, atMs }) => {
    const name = JSON.stringify([review, identity]);
    if (!medium.showings.has(name)) medium.put(medium.showings, name, atMs);
    return null;
  },
  'judgment.record': (medium, { judgment, budget }) => {
    const { review, identity, kind, atMs } = judgment;
    const blocking =
      budget === null || kind !== 'approve' ? undefined : approvalInTheWay(medium, identity, budget);
    if (blocking !== undefined) return { code: 'judgment.over_budget', atMs: blocking };
    const shownAtMs = medium.showings.get(JSON.stringify([review, identity])) ?? null;
    medium.put(medium.judgments, JSON.stringify([identity, atMs, review]), {
      ...judgment,
      shownAtMs,
      canary: false,
    });
    return null;
  },
  'grant.issue': (medium, { grant }) => {
    assertNew(medium.grants, grant.id);
    medium.put(medium.grants, grant.id, grant);
    return null;
  },
  'grant.spend': (medium, spend) => {
    const grant = medium.grants.get(spend.id);
    if (grant === undefined) return { code: 'grant.missing' };
    const code = whyNotSpendable(grant, spend);
    if (code !== null) return { code };
    const state = { status: 'spent', atMs: spend.atMs, action: spend.action } as const;
    medium.put(medium.grants, grant.id, { ...grant, state });
    return null;
  },
  'grant.revoke': (medium, { id, atMs }) => {
    const grant = medium.grants.get(id);
    if (grant === undefined) return { code: 'grant.missing' };
    if (grant.state.status !== 'live') return { code: `grant.${grant.state.status}` };
    medium.put(medium.grants, id, { ...grant, state: { status: 'revoked', atMs } });
    return null;
  },
  'standing.propose': (medium, { standing }) => {
    assertNew(medium.standings, standing.id);
    medium.put(medium.standings, standing.id, standing);
    return null;
  },
  'standing.update': (medium, { standing }) =>
    changeStanding(medium, standing.id, (stored) =>
      stored.revision === standing.revision - 1 ? standing : 'standing.conflict',
    ),
  'standing.revoke': (medium, { id, revocation }) =>
    changeStanding(medium, id, (stored) => {
      const revoked = revokeStanding(stored, revocation);
      return revoked.ok ? revoked.value : 'standing.over';
    }),
  'standing.spend': (medium, { id, binding, use }) =>
    changeStanding(medium, id, (stored) => {
      const spent = spendStanding(stored, use);
      return spent.ok && isForWhom(stored, binding) ? spent.value : 'standing.unusable';
    }),
  'standing.settle': (medium, { id, action, rows }) =>
    changeStanding(medium, id, (stored) => settleStanding(stored, action, rows) ?? stored),
  'submission.open': (medium, { submission }) => {
    assertNew(medium.submissions, submission.id);
    forget(medium, medium.submissions, ({ keptUntilMs }) => keptUntilMs <= submission.openedAtMs);
    medium.put(medium.submissions, submission.id, submission);
    return null;
  },
  'submission.update': (medium, { submission }) => {
    const stored = medium.submissions.get(submission.id);
    if (stored === undefined) return { code: 'submission.missing' };
    if (stored.revision !== submission.revision - 1) return { code: 'submission.conflict' };
    medium.put(medium.submissions, submission.id, submission);
    return null;
  },
  'key.take': (medium, { key, atMs }) => {
    forget(medium, medium.keys, ({ expiresAtMs }) => expiresAtMs <= atMs);
    const name = requestKeyName(key);
    const by = medium.keys.get(name);
    if (by !== undefined) return { code: 'key.taken', by };
    medium.put(medium.keys, name, key);
    return null;
  },
  'passkey.register': (medium, { passkey }) => {
    const refusal = whyNotRegistered(medium, passkey);
    if (refusal !== null) return refusal;
    assertNew(medium.passkeys, passkey.id);
    medium.put(medium.passkeys, passkey.id, { passkey, registration: medium.entries.length });
    return null;
  },
  'passkey.revoke': (medium, { id, atMs }) => {
    const row = medium.passkeys.get(id);
    const refusal = whyNotLive(medium, id);
    if (row === undefined || refusal !== null) return refusal;
    medium.put(medium.passkeys, id, { ...row, passkey: { ...row.passkey, revokedAtMs: atMs } });
    return null;
  },
  'passkey.check': (medium, { id }) => whyNotLive(medium, id),
  'break_glass.open': (medium, { use, mostOpen }) => {
    const own = [...medium.breakGlass.values()].filter((each) => each.identity === use.identity);
    if (own.filter(({ closing }) => closing === null).length >= mostOpen)
      return { code: 'break_glass.too_many' };
    assertNew(medium.breakGlass, use.id);
    medium.put(medium.breakGlass, use.id, use);
    return null;
  },
  'break_glass.spend': (medium, { id, binding, atMs }) => {
    const stored = medium.breakGlass.get(id);
    if (stored === undefined) return { code: 'break_glass.missing' };
    const spent = spendUse(stored, binding, atMs);
    if (!spent.ok) return { code: spent.error };
    medium.put(medium.breakGlass, id, spent.value);
    return null;
  },
  'break_glass.update': (medium, { use }) => {
    const stored = medium.breakGlass.get(use.id);
    if (stored === undefined) return { code: 'break_glass.missing' };
    if (stored.revision !== use.revision - 1) return { code: 'break_glass.conflict' };
    medium.put(medium.breakGlass, use.id, use);
    return null;
  },
  'governance.put': (medium, { record }) => {
    if ((medium.governance.get(record.id)?.revision ?? 0) !== record.revision - 1)
      return { code: 'governance.conflict' };
    medium.put(medium.governance, record.id, record);
    return null;
  },
  ...chatLinkMutations,
  ...deliveryMutations,
  'subject.erase': (medium, { subject, atMs }) => eraseSubject(medium, subject, atMs),
  'canary.plan': (medium, { dueAtMs }) => {
    medium.put(medium.canaryPlan, 'only', dueAtMs);
    return null;
  },
  'canary.open': openCanary,
  'canary.reveal': revealCanary,
  'key.handOver': (medium) => {
    medium.put(medium.handovers, medium.entries.length, medium.entries.length);
    return null;
  },
  'checkpoint.publish': (medium, { tiles, checkpoint }) => {
    if (checkpoint.size < (medium.checkpoints.get('only')?.size ?? 0)) return { code: 'checkpoint.stale' };
    for (const tile of tiles) medium.put(medium.tiles, tileKey(tile.level, tile.index), tile);
    medium.put(medium.checkpoints, 'only', checkpoint);
    return null;
  },
};

/** Null where the condition held; then it is done. */
export function applyMutation(medium: MemoryMedium, mutation: Mutation): StoreRefusal | null {
  const apply = table[mutation.kind] as (medium: MemoryMedium, mutation: Mutation) => StoreRefusal | null;
  return apply(medium, mutation);
}
