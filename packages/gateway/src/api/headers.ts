import { z } from 'zod';

const header = (description: string) => z.string().optional().meta({ description });

export const repeatable = z.object({
  'Idempotency-Key': header(
    'Your own key for this request, 1 to 200 visible characters: for 24 hours its repetition answers as the first did.',
  ),
});
export const conditionalRead = z.object({
  'If-None-Match': header('The `ETag` of what you have; 304 where that is what there is.'),
});
export const conditionalVote = repeatable.extend({
  'If-Match': header('The `ETag` of the review as you read it: any change since is a conflict (412).'),
});
export const proof = z.object({
  DPoP: z
    .string()
    .meta({ description: 'A proof (RFC 9449), without `ath`, for the `grantUrl` of the action.' }),
});
export const resumed = z.object({
  'Last-Event-ID': header('The id of the last event that you handled; what came after it is sent first.'),
});
