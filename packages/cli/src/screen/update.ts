/** The screen as a pure machine: what it is, and what happens, give what it is then, and what is to be done. */
import type { Review, ReviewSummary } from '@sallyport/sdk/contract';
import { glassWords } from '../render-break-glass.ts';
import { resized, withReview } from './card.ts';
import { onKey } from './update-keys.ts';
import { lingerMs, withList, withSelection, withSummary } from './list.ts';
import { type Act, type Effect, type Message, type Model, only, type Read, type Step } from './model.ts';

export function update(model: Model, message: Message): Step {
  switch (message.kind) {
    case 'key':
      return onKey(model, message.key);
    case 'tick':
      return askAgain(onTick(model, message.hereMs));
    case 'resized':
      return only(onResize({ ...model, size: message.size }));
    case 'connected':
      return only({ ...model, connection: { state: 'live' } });
    case 'lost':
      return only({ ...model, connection: { state: 'lost', message: message.message } });
    case 'reset':
      return onReset(inStep(model, message.at, message.hereMs));
    case 'happened':
      return onEvent(model, message);
    case 'glass':
      return onGlass(model, message);
    case 'listed':
      return only(withList(model, message.reviews));
    case 'loaded':
      return only(onLoaded(inStep(model, message.review.readAt, message.hereMs), message));
    case 'done':
      return onDone(model, message);
    case 'refused':
      return onRefusal(model, message);
    case 'unread':
      return only(owing(model, message.read, message.message));
  }
}

/** Nobody approved it, so everybody who watches hears of it; it is looked at with `sallyport break-glass show`. */
function onGlass(model: Model, { event, use }: Extract<Message, { kind: 'glass' }>): Step {
  const text = `${glassWords(event, use)} See: sallyport break-glass show ${use.id}`;
  const tone = event === 'closed' ? ('warning' as const) : ('bad' as const);
  const effects: Effect[] = model.rings && event === 'opened' ? [{ kind: 'bell' }] : [];
  return { model: { ...model, notice: { tone, text } }, effects };
}

/** Sets the clock by the gateway's. */
function inStep(model: Model, at: string, hereMs: number): Model {
  const nowMs = Date.parse(at);
  return { ...model, nowMs, aheadMs: nowMs - hereMs };
}

function onTick(model: Model, hereMs: number): Model {
  const nowMs = hereMs + model.aheadMs;
  const items = [...model.items].filter(
    ([, { endedAtMs }]) => endedAtMs === null || nowMs < endedAtMs + lingerMs,
  );
  if (items.length === model.items.size) return { ...model, nowMs };
  return withSelection({ ...model, nowMs, items: new Map(items) });
}

function owing(model: Model, read: Read, message: string): Model {
  const others = model.owed.filter((each) => JSON.stringify(each) !== JSON.stringify(read));
  const notice = { tone: 'bad' as const, text: `${message}; trying again` };
  return { ...model, notice, owed: [...others, read] };
}

function askAgain(model: Model): Step {
  if (model.owed.length === 0) return only(model);
  const wanted = model.owed.filter((read) => read.kind === 'list' || read.id === model.card?.id);
  return { model: { ...model, owed: [], notice: null }, effects: wanted };
}

function onResize(model: Model): Model {
  return model.card === null ? model : { ...model, card: resized(model, model.card) };
}

function onReset(model: Model): Step {
  const load: Effect[] = model.card === null ? [] : [{ kind: 'load', id: model.card.id }];
  return { model: { ...model, isListed: false, touched: new Set() }, effects: [{ kind: 'list' }, ...load] };
}

function onEvent(model: Model, event: { readonly isOpening: boolean; readonly review: ReviewSummary }): Step {
  const { review, isOpening } = event;
  const touched = model.isListed ? model.touched : new Set(model.touched).add(review.id);
  const next = withSelection(withSummary({ ...model, touched }, review));
  const isOpen = model.card?.id === review.id && (model.card.review?.revision ?? -1) < review.revision;
  const isMeant = model.only.agent === null || model.only.agent === review.agent;
  const effects: Effect[] = [
    ...(isOpen ? [{ kind: 'load' as const, id: review.id }] : []),
    ...(model.rings && isOpening && isMeant ? [{ kind: 'bell' as const }] : []),
  ];
  return { model: next, effects };
}

type Loaded = { readonly review: Review; readonly isExact: boolean };

function onLoaded(model: Model, { review, isExact }: Loaded): Model {
  if (model.card?.id !== review.id) return model;
  const card = withReview(model, model.card, { review, isExact });
  const hasChanged = card.changed.length > model.card.changed.length || card.seenTo < model.card.seenTo;
  // A yes would be for what is not on the screen any more.
  const prompt = hasChanged && model.prompt?.kind === 'confirm' ? null : model.prompt;
  return { ...model, card, prompt };
}

const past: Readonly<Record<Act, string>> = {
  approve: 'Approved by you.',
  reject: 'Rejected.',
  ask: 'Asked. The answer will be in the card.',
  retract: 'Your vote is taken back.',
};

function onDone(model: Model, { act, ...loaded }: Loaded & { readonly act: Act }): Step {
  const { status } = loaded.review;
  const text = status === 'pending' ? past[act] : `${past[act]} The review is ${status}.`;
  const next = onLoaded({ ...model, busy: null, notice: { tone: 'good', text } }, loaded);
  // What the person has just done is no news to them.
  const card = next.card === null ? null : { ...next.card, changed: model.card?.changed ?? [] };
  return only({ ...next, card });
}

function onRefusal(model: Model, refusal: { readonly act: Act | null; readonly message: string }): Step {
  const next: Model = { ...model, busy: null, notice: { tone: 'bad', text: refusal.message } };
  // Whatever the reason, what is shown may be old: the review is read again, and says what is different.
  if (refusal.act === null || model.card === null) return only(next);
  return { model: next, effects: [{ kind: 'load', id: model.card.id }] };
}
