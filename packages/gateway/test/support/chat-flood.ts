/** More reviews at once than a chat takes one by one. */
import { expect } from 'vitest';
import type { Hold } from '../../src/connectors/connector.ts';
import type { Review } from '../../src/core/review.ts';
import type { Desk } from '../../src/review/desk.ts';
import type { Store } from '../../src/stores/store.ts';
import { type ChatWorld, until } from './chat-world.ts';

export const MANY = 60;
/** As many may wait, and ask at once. */
export const crowded = { pendingReviewsPerAgent: 1_000, reviewsPerAgentBurst: 1_000 };

interface FloodedWorld extends ChatWorld {
  readonly store: Store;
  readonly desk: Desk;
  holdOnly(): Promise<Hold>;
  read(id: Hold['review']): Promise<Review>;
}

export const holdMany = (world: FloodedWorld): Promise<readonly Hold[]> =>
  Promise.all(Array.from({ length: MANY }, () => world.holdOnly()));

export async function allTold({ store }: FloodedWorld): Promise<void> {
  await until(async () => ((await store.read('deliveryQueues', {}))[0]?.waiting ?? 0) === 0);
}

/** Elsewhere than in the chat. */
export async function approveAll(world: FloodedWorld, held: readonly Hold[]): Promise<void> {
  const [sam] = world.people;
  for (const { review: id } of held) {
    const review = await world.read(id);
    const { rendering } = world.desk.show(review);
    const ballot = { review: id, voter: sam!, reason: '', digest: review.subject.digest, rendering };
    expect((await world.desk.vote({ ...ballot, kind: 'approve', channel: 'api' })).ok).toBe(true);
  }
}

/** How many reviews the messages tell of: one each that stands alone, and what those of groups count. */
export const toldIn = (alone: number, counted: readonly number[]): number =>
  alone + counted.reduce((sum, count) => sum + count, 0);
