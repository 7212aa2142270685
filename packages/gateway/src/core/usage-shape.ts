import { canonicalize } from '@sallyport/verifier';
import { canonicalDatasets, type Circumstances, type UsageShape } from './entry.ts';

/** Of an intent that nobody reported on: from its own leaf. Null: it is none of a version that says so much. */
export function usageShapeOfLeaf(text: string): UsageShape | null {
  // Written by ourselves, from `attemptMembers`.
  const leaf = JSON.parse(text) as Partial<Pick<Circumstances, 'requester' | 'target' | 'operation'>> & {
    readonly usage?: Circumstances['datasets'];
    readonly review?: string;
    readonly breakGlass?: string;
  };
  const { requester, target, operation, usage: datasets, review, breakGlass } = leaf;
  if (requester === undefined || target === undefined || operation === undefined || datasets === undefined)
    return null;
  const isReviewed = typeof review === 'string';
  return usageShape({ requester, target, operation, datasets }, isReviewed, breakGlass !== undefined);
}

/** What all uses have in common whose rows are counted together. */
export function usageShape(
  circumstances: Pick<Circumstances, 'requester' | 'target' | 'operation' | 'datasets'>,
  reviewed: boolean,
  breakGlass = false,
): UsageShape {
  const { requester, target, operation } = circumstances;
  const fields = {
    agent: requester.agent,
    datasets: canonicalize(canonicalDatasets(circumstances.datasets)),
    environment: target.environment,
    onBehalfOf: requester.onBehalfOf,
    operation,
    reviewed,
    target: target.name,
    ...(breakGlass ? ({ breakGlass } as const) : {}),
  };
  return { ...fields, key: canonicalize(fields) };
}
