import { createHash } from 'node:crypto';
import type { PolicyChange } from '@sallyport/sdk/contract';
import { canonicalize } from '@sallyport/verifier';

/** The digest of the change that is shown (spec/policy.md), computed here, so that a vote is for what was on the screen. */
export function digestOfChange({ author, base, files, reason }: PolicyChange): string {
  const form = canonicalize({
    author,
    base,
    files: files.map(({ name, after }) => ({ name, text: after })),
    reason,
    version: 'sallyport/policy-change/v1',
  });
  return createHash('sha256').update(form, 'utf8').digest('hex');
}
