import { canonicalize } from '@sallyport/verifier';
import { canonicalDatasets, type Circumstances, type UsageShape } from './entry.ts';

export function usageShape(circumstances: Circumstances, reviewed: boolean): UsageShape {
  const { requester, target, operation } = circumstances;
  const fields = {
    agent: requester.agent,
    datasets: canonicalize(canonicalDatasets(circumstances.datasets)),
    environment: target.environment,
    onBehalfOf: requester.onBehalfOf,
    operation,
    reviewed,
    target: target.name,
  };
  return { ...fields, key: canonicalize(fields) };
}
