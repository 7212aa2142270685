import { z } from 'zod';
import { BreakGlassSummary } from './break-glass.ts';
import { Timestamp } from './primitives.ts';
import { ReviewSummary } from './review.ts';

/**
 * One event of the stream. Its id is `PROCESS-NUMBER`: numbers have no gap within one process of the gateway.
 * `stream.reset`: events may be missing before this point (a restart, too long away), so read the list again.
 */
export const ReviewEvent = z
  .discriminatedUnion('kind', [
    z.object({
      kind: z
        .enum(['review.opened', 'review.changed', 'review.reminded', 'review.escalated', 'canary.revealed'])
        .meta({
          description:
            '`review.reminded`: nobody has decided yet, and a reminder is due. `review.escalated`: from now on more people may decide. `canary.revealed`: the review is over, and the gateway had opened it to be rejected.',
        }),
      at: Timestamp,
      review: ReviewSummary,
    }),
    z.object({
      kind: z
        .enum(['break_glass.opened', 'break_glass.reminded', 'break_glass.closed'])
        .meta({ description: 'A person ran without approval; nobody has reviewed that yet; somebody has.' }),
      at: Timestamp,
      breakGlass: BreakGlassSummary,
    }),
    z.object({ kind: z.literal('stream.reset'), at: Timestamp }),
  ])
  .meta({ id: 'Event' });
export type ReviewEvent = z.infer<typeof ReviewEvent>;
