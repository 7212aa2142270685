import { createHash } from 'node:crypto';
import type { BreakGlass, Review } from '@sallyport/sdk/contract';
import { canonicalize } from '@sallyport/verifier';

/** What of a review, or of a use of break-glass, is digested. */
type Exactly = Pick<Review, 'command' | 'parameters' | 'preconditions' | 'requester' | 'target'> | BreakGlass;

/**
 * The digest of what this review shows (spec/action.md), computed here, so that a vote is for what was on the screen
 * and not for what somebody says was on it.
 */
export function digestOf(review: Exactly): string {
  const { requester, target } = review;
  const form = canonicalize({
    agent: requester.agent,
    command: review.command,
    environment: target.environment,
    onBehalfOf: requester.onBehalfOf,
    parameters: [...review.parameters].map(({ format, type, value }) => ({ format, type, value })),
    preconditions: review.preconditions,
    protocol: target.protocol,
    target: target.name,
    version: 'sallyport/action/v1',
  });
  return createHash('sha256').update(form, 'utf8').digest('hex');
}
