/**
 * One message that stands for many reviews, because their destination can't take a message for each: how many of what
 * there are, and how many of them wait. Pure. It says what is there and offers no judgment of it (law 6).
 */
import type { DeliveryId } from './ids.ts';
import type { Review, ReviewStatus } from './review.ts';

export type GroupCounts = Readonly<Partial<Record<ReviewStatus, number>>>;

/** Reviews that look alike from afar. */
export interface GroupKind {
  readonly agent: string;
  readonly target: string;
  readonly environment: string;
  /** Of the data, in their order. */
  readonly classes: readonly string[];
}

export interface GroupLine extends GroupKind {
  readonly counts: GroupCounts;
}

export interface MessageGroup {
  /** The first delivery that it took in: the same after a crash, so that a platform that can tell shows it once. */
  readonly id: DeliveryId;
  readonly channel: string;
  readonly destination: string;
  readonly openedAtMs: number;
  /** The platform's own name for its message; null: it was never sent. */
  readonly reference: string | null;
  /** In the order in which they came; what comes when there is no room for a line is one of the others. */
  readonly lines: readonly GroupLine[];
  readonly others: GroupCounts;
}

export interface GroupBounds {
  readonly groupLines: number;
  readonly groupReviews: number;
  readonly groupJoinMs: number;
}

export const newGroup = (
  given: Pick<MessageGroup, 'id' | 'channel' | 'destination' | 'openedAtMs'>,
): MessageGroup => ({ ...given, reference: null, lines: [], others: {} });

export function kindOf({ subject }: Review): GroupKind {
  const { requester, target, datasets } = subject;
  const classes = datasets.flatMap(({ classes: own, columns }) => [
    ...own,
    ...columns.flatMap((column) => column.classes),
  ]);
  return {
    agent: requester.agent,
    target: target.name,
    environment: target.environment,
    classes: [...new Set(classes)].sort(),
  };
}

const isSame = (left: GroupKind, right: GroupKind): boolean =>
  left.agent === right.agent &&
  left.target === right.target &&
  left.environment === right.environment &&
  left.classes.length === right.classes.length &&
  left.classes.every((each, at) => each === right.classes[at]);

/** A count below nothing would be a bug of ours: the message stays sound. */
function shift(counts: GroupCounts, from: ReviewStatus | null, to: ReviewStatus | null): GroupCounts {
  const changed: Partial<Record<ReviewStatus, number>> = { ...counts };
  if (from !== null) changed[from] = Math.max(0, (changed[from] ?? 0) - 1);
  if (to !== null) changed[to] = (changed[to] ?? 0) + 1;
  return changed;
}

/**
 * The group after one of its reviews has come to another state.
 * @param from null: it joins.
 * @param to null: it leaves, because it has a message of its own.
 */
export function recount(
  group: MessageGroup,
  kind: GroupKind,
  change: { readonly from: ReviewStatus | null; readonly to: ReviewStatus | null },
  { groupLines }: Pick<GroupBounds, 'groupLines'>,
): MessageGroup {
  const { from, to } = change;
  const { lines } = group;
  const at = lines.findIndex((line) => isSame(line, kind));
  if (at >= 0)
    return {
      ...group,
      lines: lines.map((line, index) =>
        index === at ? { ...line, counts: shift(line.counts, from, to) } : line,
      ),
    };
  // Lines are never taken away: what joined among the others is counted there to its end.
  if (lines.length >= groupLines) return { ...group, others: shift(group.others, from, to) };
  return { ...group, lines: [...lines, { ...kind, counts: shift({}, from, to) }] };
}

export function totals({ lines, others }: MessageGroup): GroupCounts {
  const sums: Partial<Record<ReviewStatus, number>> = {};
  for (const counts of [...lines.map((line) => line.counts), others])
    for (const [status, count] of Object.entries(counts) as [ReviewStatus, number][])
      sums[status] = (sums[status] ?? 0) + count;
  return sums;
}

export const sizeOfCounts = (counts: GroupCounts): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

/** A message that is old stands far above what people read, and one whose reviews are over is closed. */
export function takesIn(
  group: MessageGroup,
  nowMs: number,
  { groupJoinMs, groupReviews }: GroupBounds,
): boolean {
  const counts = totals(group);
  const ageMs = nowMs - group.openedAtMs;
  const isYoung = ageMs >= 0 && ageMs < groupJoinMs;
  return isYoung && (counts.pending ?? 0) > 0 && sizeOfCounts(counts) < groupReviews;
}
