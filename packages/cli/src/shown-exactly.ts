import type { Review } from '@sallyport/sdk/contract';
import { digestOf } from './digest.ts';
import { Failure } from './failure.ts';

/** Throws where what the review shows is not what its digest says: then no vote may be cast on it (laws 1 and 6). */
export function requireExact(review: Review): void {
  if (digestOf(review) === review.digest) return;
  const detail =
    'The gateway shows another action than the one under review. Nothing was sent; tell your operator.';
  throw new Failure('verification_failed', 'review.digest_mismatch', detail);
}
