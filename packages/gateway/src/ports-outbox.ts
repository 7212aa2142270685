/** The part of ports.ts that is about telling people outside of the gateway (spec/channels.md). */
import type { Notice } from './core/delivery.ts';
import type { Review } from './core/review.ts';
import type { Mutation } from './stores/store.ts';

export interface Outbox {
  /**
   * What the change that makes the review what it is has to write besides, so that whoever is to know of it will: one
   * delivery a destination. `review` is as it is after the change. Never throws; [] where nobody is to be told.
   */
  tell(review: Review, notice: Notice): readonly Mutation[];
}
