/** What each key does. */
import { cardRows, isSeen, newCard, scrollTo } from './card.ts';
import type { Key, KeyName } from './keys.ts';
import { edit, emptyLine, lineOf, textOf } from './line-editor.ts';
import { selectable, withSelection } from './list.ts';
import { type Card, type Effect, type Model, only, type Prompt, type Step } from './model.ts';

export function onKey(model: Model, key: Key): Step {
  const name = nameOf(key);
  if (name === 'interrupt') return quit(model);
  if (name === 'redraw') return { model, effects: [{ kind: 'redraw' }] };
  const quiet: Model = { ...model, notice: null };
  if (quiet.prompt !== null) return onPrompt(quiet, quiet.prompt, key);
  if (name === 'q') return quit(model);
  return quiet.card === null ? onListKey(quiet, name) : onCardKey(quiet, quiet.card, name);
}

/** The word for a key in the tables below. A pasted text is none. */
function nameOf(key: Key): string {
  if (key.kind === 'named') return key.name satisfies KeyName;
  return key.kind === 'character' ? key.character : '';
}

const quit = (model: Model): Step => ({ model, effects: [{ kind: 'quit' }] });

const warn = (model: Model, text: string): Step => only({ ...model, notice: { tone: 'warning', text } });

/** How far a key moves, given a page. */
const moves: Readonly<Record<string, (page: number) => number>> = {
  up: () => -1,
  k: () => -1,
  down: () => 1,
  j: () => 1,
  pageUp: (page) => -page,
  pageDown: (page) => page,
  ' ': (page) => page,
  g: () => -Infinity,
  home: () => -Infinity,
  G: () => Infinity,
  end: () => Infinity,
};

function onListKey(model: Model, name: string): Step {
  const move = moves[name];
  if (move !== undefined)
    return only(moveSelection(model, move(Math.max(1, Math.floor(model.size.height / 3)))));
  switch (name) {
    case 'enter':
    case 'right':
    case 'l':
      return openSelected(model);
    case '/':
      return only({ ...model, prompt: { kind: 'filter', line: lineOf(model.filter) } });
    case 'escape':
      return only(withSelection({ ...model, filter: '' }));
    case 'f':
      return only(withSelection({ ...model, folded: !model.folded }));
    case 'a':
    case 'r':
    case '?':
    case 'x':
      return warn(model, 'A line of a list is too little to decide on: open the review with Enter.');
    default:
      return only(model);
  }
}

function moveSelection(model: Model, by: number): Model {
  const ids = selectable(model);
  const at = model.selected === null ? 0 : ids.indexOf(model.selected);
  const to = Math.max(0, Math.min(ids.length - 1, at + by));
  return { ...model, selected: ids[to] ?? null };
}

function openSelected(model: Model): Step {
  const { selected } = model;
  if (selected === null) return only(model);
  return { model: { ...model, card: newCard(selected) }, effects: [{ kind: 'load', id: selected }] };
}

function onCardKey(model: Model, card: Card, name: string): Step {
  const move = moves[name];
  if (move !== undefined) {
    const { size } = model;
    const to = Math.min(card.lines.length, card.top + move(Math.max(1, cardRows(size))));
    // What has changed is said until somebody has looked at it and goes on.
    const changed = isSeen(card) ? [] : card.changed;
    return only({ ...model, card: scrollTo({ ...card, changed }, to, size) });
  }
  switch (name) {
    case 'escape':
    case 'backspace':
    case 'left':
    case 'h':
      return only(withSelection({ ...model, card: null }));
    case 'a':
      return askForApproval(model, card);
    case 'r':
      return begin(model, card, { kind: 'reason', line: emptyLine });
    case '?':
      return begin(model, card, { kind: 'question', line: emptyLine, to: 'agent' });
    case 'x':
      return send(model, 'Taking your vote back…', { kind: 'retract', id: card.id });
    default:
      return only(model);
  }
}

/** Why nobody may decide on what is on the screen now; null where they may. */
function obstacle({ busy }: Model, { review, isExact }: Card): string | null {
  if (busy !== null) return 'The gateway has not answered yet.';
  if (review === null) return 'It is not here yet.';
  if (!isExact)
    return 'This shows another action than the one under review: nothing is sent. Tell your operator.';
  return review.status === 'pending' ? null : `It is over: ${review.status}.`;
}

function begin(model: Model, card: Card, prompt: Prompt): Step {
  const why = obstacle(model, card);
  return why === null ? only({ ...model, prompt }) : warn(model, why);
}

/** Law 6: who has not seen all of it has no key that approves it. */
function askForApproval(model: Model, card: Card): Step {
  if (obstacle(model, card) === null && !isSeen(card))
    return warn(model, 'Look at the whole action first: scroll down to its end.');
  return begin(model, card, { kind: 'confirm' });
}

function send(model: Model, busy: string, effect: Effect): Step {
  if (model.busy !== null) return warn(model, 'The gateway has not answered yet.');
  return { model: { ...model, busy, prompt: null }, effects: [effect] };
}

function onPrompt(model: Model, prompt: Prompt, key: Key): Step {
  if (prompt.kind === 'confirm') return onConfirmation(model, key);
  const name = key.kind === 'named' ? key.name : '';
  if (name === 'escape') return onLeave(model, prompt);
  if (name === 'enter') return onEnter({ ...model, prompt: null }, prompt);
  if (prompt.kind === 'question' && name === 'tab') {
    const to = prompt.to === 'agent' ? 'sponsor' : 'agent';
    return only({ ...model, prompt: { ...prompt, to } });
  }
  const line = edit(prompt.line, key);
  const next = { ...model, prompt: { ...prompt, line } };
  return only(prompt.kind === 'filter' ? withSelection({ ...next, filter: textOf(line) }) : next);
}

function onConfirmation(model: Model, key: Key): Step {
  const { card } = model;
  const review = card?.review ?? null;
  const next: Model = { ...model, prompt: null };
  // A key that came along with others is no answer: it may have been typed before the question was read.
  const isYes = key.kind === 'character' && key.alone && /^y$/i.test(key.character);
  if (!isYes || card === null || review === null) return warn(next, 'Nothing was approved.');
  const why = obstacle(next, card) ?? (isSeen(card) ? null : 'It has changed: look at all of it again.');
  if (why !== null) return warn(next, why);
  return send(next, 'Approving…', { kind: 'vote', review, vote: 'approve', reason: '' });
}

function onLeave(model: Model, prompt: Prompt): Step {
  const next: Model = { ...model, prompt: null };
  return only(prompt.kind === 'filter' ? withSelection({ ...next, filter: '' }) : next);
}

function onEnter(model: Model, prompt: Exclude<Prompt, { kind: 'confirm' }>): Step {
  const text = textOf(prompt.line).trim();
  const { card } = model;
  const review = card?.review ?? null;
  if (prompt.kind === 'filter' || card === null || review === null) return only(model);
  if (text === '')
    return warn(
      model,
      prompt.kind === 'reason'
        ? 'A rejection needs a reason: the agent is told it.'
        : 'The question has no text.',
    );
  const why = obstacle(model, card);
  if (why !== null) return warn(model, why);
  if (prompt.kind === 'question')
    return send(model, 'Asking…', { kind: 'ask', id: card.id, to: prompt.to, text });
  return send(model, 'Rejecting…', { kind: 'vote', review, vote: 'reject', reason: text });
}
