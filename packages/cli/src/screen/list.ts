import type { ReviewSummary } from '@sallyport/sdk/contract';
import type { Item, Model } from './model.ts';

/** How long a review that is over stays in the list, so that a person sees what became of it. */
export const lingerMs = 30_000;

/** A line of the list: a review, or the head of those that one session waits for together. */
export type Entry =
  | {
      readonly kind: 'review';
      readonly item: Item;
      readonly isMember: boolean;
      /** How many of the list are of its shape, itself included. */
      readonly alike: number;
    }
  | { readonly kind: 'bundle'; readonly session: string; readonly items: readonly Item[] };

/**
 * What the list shows, in its order: oldest first, reviews of one session together. Folded, the oldest of what looks
 * alike stands for all of it.
 */
export function entriesOf(model: Model): readonly Entry[] {
  const found = [...model.items.values()].filter((item) => isShown(item, model)).toSorted(byAge);
  const shapes = Map.groupBy(found, ({ summary }) => summary.shape);
  const shown = model.folded ? [...shapes.values()].flatMap((alike) => alike.slice(0, 1)) : found;
  const sessions = Map.groupBy(shown, ({ summary }) => summary.session);
  return [...sessions].flatMap(([session, items]): Entry[] => {
    const isMember = items.length > 1;
    const members = items.map((item): Entry => {
      const alike = shapes.get(item.summary.shape)?.length ?? 1;
      return { kind: 'review', item, isMember, alike };
    });
    return isMember ? [{ kind: 'bundle', session, items }, ...members] : members;
  });
}

/** Ids of the reviews that can be selected, in the list's order. */
export const selectable = (model: Model): readonly string[] =>
  entriesOf(model).flatMap((entry) => (entry.kind === 'review' ? [entry.item.summary.id] : []));

const byAge = (left: Item, right: Item): number => (left.summary.id < right.summary.id ? -1 : 1);

function isShown({ summary, endedAtMs }: Item, { only, filter, nowMs }: Model): boolean {
  const lingers = endedAtMs !== null && nowMs < endedAtMs + lingerMs;
  if (only.status !== null && summary.status !== only.status && !lingers) return false;
  if (only.agent !== null && summary.agent !== only.agent) return false;
  const text = textOf(summary);
  return filter
    .toLowerCase()
    .split(' ')
    .every((word) => text.includes(word));
}

function textOf(summary: ReviewSummary): string {
  const { id, agent, onBehalfOf, target, operation, title, datasets, classes, session, status } = summary;
  const parts = [id, agent, onBehalfOf, target.name, target.environment, operation, title, session, status];
  return [...parts, ...datasets, ...classes].join(' ').toLowerCase();
}

/** Takes a summary in, unless a newer one is there. */
export function withSummary(model: Model, summary: ReviewSummary): Model {
  const known = model.items.get(summary.id);
  if (known !== undefined && known.summary.revision > summary.revision) return model;
  const isOver = summary.status !== 'pending';
  // Over before it was heard of: nobody here waits to see what became of it.
  if (isOver && known === undefined && model.only.status === 'pending') return model;
  const wasPending = known?.summary.status === 'pending';
  const endedAtMs = isOver && wasPending ? model.nowMs : isOver ? (known?.endedAtMs ?? null) : null;
  return { ...model, items: new Map(model.items).set(summary.id, { summary, endedAtMs }) };
}

/** The list as the gateway says it, with what was heard of since it was asked. */
export function withList(model: Model, reviews: readonly ReviewSummary[]): Model {
  const listed = new Set(reviews.map(({ id }) => id));
  const kept = [...model.items].filter(([id]) => listed.has(id) || model.touched.has(id));
  const base: Model = { ...model, isListed: true, touched: new Set(), items: new Map(kept) };
  return withSelection(reviews.reduce(withSummary, base));
}

/** Something is selected wherever there is something. */
export function withSelection(model: Model): Model {
  const ids = selectable(model);
  if (model.selected !== null && ids.includes(model.selected)) return model;
  return { ...model, selected: nearest(ids, model.selected) };
}

/** What stands where the one that is gone stood. */
function nearest(ids: readonly string[], gone: string | null): string | null {
  if (gone === null) return ids[0] ?? null;
  return ids.find((id) => id > gone) ?? ids.at(-1) ?? null;
}
