import { decodeLeaf, type Handover } from '@sallyport/verifier';
import type { Store } from '../ports.ts';
import { LedgerError } from './error.ts';

/** Hand-overs of the log's key, oldest first, with where they are. */
export async function readHandovers(
  store: Store,
): Promise<readonly { readonly index: number; readonly handover: Handover }[]> {
  const found = [];
  for (const index of await store.read('handovers', {})) {
    const [row] = await store.read('entries', { from: index, limit: 1 });
    const decoded = row === undefined ? undefined : decodeLeaf(row.leaf);
    if (decoded?.ok !== true || decoded.leaf.kind !== 'key')
      throw new LedgerError('log.inconsistent', `entry ${index} is not the hand-over that it was`);
    found.push({ index, handover: decoded.leaf.key });
  }
  return found;
}
