/** The end of a canary: in one transaction the review says what it was, and nothing that came of it is any use. */
import { canaryEntry, revealCanary, type Canary } from '../../core/canary.ts';
import type { SealedEntry } from '../../core/entry.ts';
import type { Review } from '../../core/review.ts';
import { revokeStanding } from '../../core/standing-changes.ts';
import { standingEntry } from '../../core/standing-entry.ts';
import type { Limits } from '../../limits.ts';
import type { Clock, Hashing, Mutation, Random, Store } from '../../ports.ts';

export interface RevealingPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly hashing: Hashing;
  readonly store: Store;
  readonly limits: Pick<Limits, 'standingsPerAgent'>;
}

interface Parts {
  readonly mutations: readonly Mutation[];
  readonly entries: readonly SealedEntry[];
}

const SALT_BYTES = 16;
const NOTHING: Parts = { mutations: [], entries: [] };

/** `pending`: its review isn't over. `conflict`: something else changed at the same time; try again. */
export type Revealed = Review | 'pending' | 'conflict';

export async function reveal(canary: Canary, ports: RevealingPorts): Promise<Revealed> {
  const { store, clock, hashing, random } = ports;
  const review = await store.read('review', { id: canary.review });
  const atMs = clock.nowMs();
  const revealed = review === null ? undefined : revealCanary(review, canary.flaw, atMs);
  if (revealed === undefined) return 'pending';
  const salt = hashing.base64url(random.bytes(SALT_BYTES));
  const entry = canaryEntry(revealed, canary.nonce, atMs, {
    salt,
    sha256Base64url: hashing.sha256Base64url,
  });
  const [grant, standings] = [
    await grantEnd(revealed, atMs, ports),
    await standingEnds(revealed, atMs, ports),
  ];
  const { action } = canary;
  const committed = await store.commit({
    mutations: [
      { kind: 'review.update', review: revealed },
      { kind: 'canary.reveal', action },
      ...grant.mutations,
      ...standings.mutations,
    ],
    entries: [entry, ...standings.entries],
  });
  return committed.ok ? revealed : 'conflict';
}

/** The grant of an approved canary was refused to everybody; from here on there is none. */
async function grantEnd({ state }: Review, atMs: number, { store }: RevealingPorts): Promise<Parts> {
  if (state.status !== 'approved') return NOTHING;
  const grant = await store.read('grant', { id: state.grant });
  if (grant?.state.status !== 'live') return NOTHING;
  return { mutations: [{ kind: 'grant.revoke', id: grant.id, atMs }], entries: [] };
}

/** Leave that people proposed, or gave, for the like of it. */
async function standingEnds(review: Review, atMs: number, ports: RevealingPorts): Promise<Parts> {
  const { agent } = review.subject.requester;
  const limit = ports.limits.standingsPerAgent;
  const mutations: Mutation[] = [];
  const entries: SealedEntry[] = [];
  for (const status of ['proposed', 'live'] as const) {
    const ask = { agent, status, atMs, limit, before: null };
    for (const stored of await ports.store.read('standings', ask)) {
      if (stored.review !== review.id) continue;
      const revocation = { by: GATEWAY, reason: 'It was made of a canary.', atMs };
      const revoked = revokeStanding(stored, revocation);
      if (!revoked.ok) continue;
      mutations.push({ kind: 'standing.revoke', id: stored.id, revocation });
      entries.push(standingEntry(revoked.value, atMs, null));
    }
  }
  return { mutations, entries };
}

/** No name of the configuration has a space. */
const GATEWAY = 'the gateway';
