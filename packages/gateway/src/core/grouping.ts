import { canonicalize } from '@sallyport/verifier';
import type { ReviewSubject } from './review.ts';

/**
 * What two reviews have in common that are shown as one group: same agent, for the same person, on the same target, the
 * same operation on the same columns, and the same template. Its SHA-256 is the review's `shape`. It says what looks
 * alike and binds nothing: each action keeps its digest and gets its own votes.
 */
export function groupingForm(
  { requester, target, operation, title, datasets }: ReviewSubject,
  template: string | null,
): string {
  const { name, protocol, environment } = target;
  return canonicalize({
    agent: requester.agent,
    datasets: datasets.map(({ dataset, access, columns }) => ({
      access: [...access],
      columns: columns.map((column) => ({ name: column.name, uses: [...column.uses] })),
      dataset,
    })),
    onBehalfOf: requester.onBehalfOf,
    operation,
    target: { environment, name, protocol },
    template,
    title,
    version: 'sallyport/shape/v1',
  });
}
