import { canonicalize } from '@sallyport/verifier';
import type { Preconditions } from '../../core/action.ts';
import type { DatasetReference, Description } from '../../core/describe.ts';
import type { Declared, DeclaredDataset } from '../../core/submission.ts';

/** What a reviewer reads of every submitted action: the gateway sees nothing of what it does. */
const DECLARED =
  'The gateway does not see this call: what it does, and which data it touches, is what its caller says.';

const columnUse = { read: 'read', write: 'written' } as const;

/** No column named: all of them, whichever they are. */
function referenceOf({ dataset, access, columns }: DeclaredDataset): DatasetReference {
  const uses = access.map((each) => columnUse[each]);
  const names = columns.length === 0 ? ['*'] : columns;
  return { dataset, access, basis: 'declared', columns: names.map((name) => ({ name, uses })) };
}

/** Stage 2 for what nobody but its caller can describe. Nothing limits its effect, and no rollback undoes it. */
export function describe({ operation, datasets }: Declared): Description {
  return {
    operation: 'call:perform',
    title: operation,
    datasets: datasets.map(referenceOf),
    functions: [],
    reach: 'outside',
    rowLimit: null,
    filtered: false,
    unknown: [DECLARED],
    flags: [],
  };
}

/** The declared data is part of what is approved: the same call with other data is another action. */
export function preconditionsOf({ datasets }: Declared): Preconditions {
  if (datasets.length === 0) return {};
  const declared = datasets.map(({ dataset, access, columns }) => ({
    access: [...access],
    columns: [...columns],
    dataset,
  }));
  return { datasets: canonicalize(declared) };
}
