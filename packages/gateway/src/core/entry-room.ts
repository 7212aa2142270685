import type { Decision } from './decide.ts';
import { attemptMembers, type AttemptMembers, type Circumstances } from './entry.ts';

/** Besides the members of an attempt, a leaf has ids, times and a commitment. */
const ENTRY_BYTES_RESERVED = 1_000;
/** Of UTF-8, for one UTF-16 code unit. */
const MAX_BYTES_PER_UNIT = 3;

export interface Recordable {
  readonly decision: Decision;
  readonly members: AttemptMembers;
}

/**
 * A leaf holds every column that an action touches, with its classes; what can't be recorded whole is denied (laws 3 and
 * 7). The denial says as much of it as there is room for: all; which datasets; that it was attempted.
 */
export function withinEntry(circumstances: Circumstances, mostBytes: number): Recordable {
  const { decision } = circumstances;
  const room = mostBytes - ENTRY_BYTES_RESERVED;
  const members = attemptMembers(circumstances);
  if (isWithin(members, room)) return { decision, members };
  const denied = decision.effect === 'deny' ? decision : denialOf(circumstances);
  const named = attemptMembers({ ...namesOf(circumstances), decision: denied });
  if (isWithin(named, room)) return { decision: denied, members: named };
  const bare = attemptMembers({ ...circumstances, description: null, datasets: [], decision: denied });
  return { decision: denied, members: bare };
}

const isWithin = ({ beforeKind, afterKind }: AttemptMembers, room: number): boolean =>
  (beforeKind.length + afterKind.length) * MAX_BYTES_PER_UNIT <= room ||
  bytesOf(beforeKind) + bytesOf(afterKind) <= room;

/** In UTF-8. A surrogate is half of a character of four bytes. */
function bytesOf(text: string): number {
  let bytes = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 2 : 3;
  }
  return bytes;
}

/** Without columns and classes, and saying so: `unknown` is what may be incomplete. */
function namesOf(circumstances: Circumstances): Circumstances {
  const { description, datasets } = circumstances;
  return {
    ...circumstances,
    description: description === null ? null : { ...description, functions: [], flags: [] },
    datasets: datasets.map(({ access, dataset }) => ({
      access,
      basis: 'unknown',
      classes: [],
      columns: [],
      dataset,
    })),
  };
}

function denialOf({ datasets, description }: Circumstances): Decision {
  const columns = datasets.reduce((sum, dataset) => sum + dataset.columns.length, 0);
  const touched = datasets.length + columns + (description?.functions.length ?? 0);
  const reasons = [
    `This statement touches ${touched.toString()} datasets, columns and functions, more than one ledger entry can hold with their classes. Split it.`,
  ];
  return { effect: 'deny', code: 'policy.error', policies: [], reasons };
}
