import { canonicalize } from '@sallyport/verifier';
import { canonicalDatasets, type Circumstances, type UsageShape } from './entry.ts';

/** What all uses have in common whose rows are counted together. */
export function usageShape(
  circumstances: Omit<Circumstances, 'description'>,
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
