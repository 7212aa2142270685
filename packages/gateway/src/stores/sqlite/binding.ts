import type { GrantBinding } from '../../core/grant.ts';
import type { Review } from '../../core/review.ts';

const GRANT_FIELDS: readonly (keyof GrantBinding)[] = ['digest', 'agent', 'target', 'environment'];

/** A field that is missing on either side is no match (threat A6). */
export function isSameBinding(left: GrantBinding, right: GrantBinding): boolean {
  return GRANT_FIELDS.every((field) => {
    const value: unknown = left[field];
    return typeof value === 'string' && value !== '' && value === right[field];
  });
}

/** In clear; a table has a stand-in for it, because the digest in it can be searched for. */
export function bindingKey(binding: GrantBinding): string {
  return JSON.stringify(GRANT_FIELDS.map((field) => binding[field]));
}

export function bindingOf({ subject }: Review): GrantBinding {
  const { digest, requester, target } = subject;
  return { digest, agent: requester.agent, target: target.name, environment: target.environment };
}
