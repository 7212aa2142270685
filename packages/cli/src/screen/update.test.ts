import type { Review, ReviewSummary } from '@sallyport/sdk/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { presentReview, presentSummary } from '../../../gateway/src/api/present.ts';
import { presentUseSummary } from '../../../gateway/src/api/present-break-glass.ts';
import { openedUse } from '../../../gateway/test/support/break-glass.ts';
import { createFake, makeReview } from '../../../gateway/test/api-fake.ts';
import { columnsOf } from '../columns.ts';
import { createStyle } from '../style.ts';
import { KeyReader } from './keys.ts';
import { type Effect, initialModel, type Message, type Model, type Size } from './model.ts';
import { update } from './update.ts';
import { view } from './view.ts';

const { desk } = createFake().deps;
const openedAtMs = makeReview().openedAtMs;

type Made = ReturnType<typeof makeReview>;
const whole = (made: Made): Review =>
  presentReview(made, { ...desk.show(made), readAtMs: openedAtMs, publicUrl: 'http://gw' });

/** A screen that a test plays with, and what it wants done. */
class Play {
  model: Model;
  effects: Effect[] = [];

  constructor(size: Size = { width: 80, height: 24 }, more: Partial<Pick<Model, 'only' | 'rings'>> = {}) {
    const only = { status: 'pending' as const, agent: null };
    this.model = initialModel({ style: createStyle(false), size, only, rings: false, ...more });
    this.tell({ kind: 'connected' });
    this.tell({ kind: 'reset', at: new Date(openedAtMs).toISOString(), hereMs: 0 });
  }

  tell(message: Message): this {
    const { model, effects } = update(this.model, message);
    this.model = model;
    this.effects.push(...effects);
    return this;
  }

  press(...chunks: string[]): this {
    const reader = new KeyReader();
    for (const chunk of chunks) for (const key of reader.read(chunk)) this.tell({ kind: 'key', key });
    return this;
  }

  list(...made: Made[]): this {
    return this.tell({ kind: 'listed', reviews: made.map(presentSummary) });
  }

  load(made: Made, isExact = true): this {
    return this.tell({ kind: 'loaded', review: whole(made), isExact, hereMs: 0 });
  }

  opened(made: Made): this {
    return this.list(made).press('\r').load(made);
  }

  get text(): string {
    return view(this.model).lines.join('\n');
  }

  get votes() {
    return this.effects.filter((effect) => effect.kind === 'vote');
  }
}

const long = (end = 'DROP TABLE payments'): Made =>
  makeReview({ command: `SELECT 1\n${'-- filler\n'.repeat(100)}${end}` });

const event = (made: Made, isOpening = false): Message => ({
  kind: 'happened',
  isOpening,
  review: presentSummary(made),
});

const asked = (made: Made): Made => ({
  ...made,
  revision: made.revision + 1,
  questions: [
    { id: 1, by: 'vera', to: 'agent', text: 'Why?', atMs: openedAtMs, channel: 'cli', answer: null },
  ],
});

describe('break-glass', () => {
  it('is told to whoever watches, and rings where that is asked for', () => {
    const play = new Play({ width: 160, height: 24 }, { rings: true });
    const use = presentUseSummary(openedUse());
    play.tell({ kind: 'glass', event: 'opened', use });
    expect(play.text).toContain('BREAK-GLASS: sam broke glass for service.restart on shop (production).');
    expect(play.effects.map(({ kind }) => kind)).toContain('bell');
    const quiet = new Play({ width: 160, height: 24 });
    quiet.tell({ kind: 'glass', event: 'opened', use });
    expect(quiet.effects.map(({ kind }) => kind)).not.toContain('bell');
  });
});

describe('law 6: an approval on the screen', () => {
  it('is not offered, and not taken, before all of the action has been on it (A7)', () => {
    const play = new Play().opened(long());
    expect(play.text).toMatch(/No approval yet: \d+ lines below not seen/);
    expect(play.text).not.toContain('a approve');
    play.press('a');
    expect(play.text).toContain('Look at the whole action first');
    play.press('y');
    expect(play.votes).toEqual([]);
  });

  it('is not to be had by a jump to the end (A7)', () => {
    const play = new Play().opened(long()).press('G', 'a', 'y');
    expect(play.text).toContain('link ');
    expect(play.votes).toEqual([]);
  });

  it('is offered after scrolling through, asks, and takes y for exactly what was shown', () => {
    const made = long();
    const play = new Play().opened(made);
    while (!play.text.includes('a approve')) play.press(' ');
    play.press('a');
    expect(play.text).toContain(`digest ${made.subject.digest.slice(0, 12)}`);
    expect(play.votes).toEqual([]);
    play.press('y');
    const { id, digest, rendering } = whole(made);
    expect(play.votes).toMatchObject([{ vote: 'approve', review: { id, digest, rendering } }]);
  });

  it.each([
    ['any other key', 'n'],
    ['Enter', '\r'],
    ['a paste of y', '\u001b[200~y\u001b[201~'],
  ])('is not given by %s', (_name, keys) => {
    const play = new Play().opened(makeReview());
    play.press(' ', ' ', 'a', keys);
    expect(play.votes).toEqual([]);
    expect(play.text).toContain('Nothing was approved');
  });

  it('is not given by a y that came along with other keys', () => {
    expect(new Play().opened(makeReview()).press(' ', ' ', 'a', 'yy').votes).toEqual([]);
  });

  it('is not given by text that was pasted over the card', () => {
    const play = new Play().opened(makeReview()).press(' ', ' ', '\u001b[200~ay\u001b[201~', 'ay');
    expect(play.votes).toEqual([]);
  });

  it('is never offered where the terminal is too small to show anything', () => {
    for (const size of [
      { width: 80, height: 4 },
      { width: 6, height: 24 },
    ]) {
      const play = new Play(size).opened(makeReview()).press(...Array<string>(200).fill('j'), 'a', 'y');
      expect(play.votes).toEqual([]);
    }
  });

  it('is not offered for what is not what its digest says', () => {
    const made = makeReview();
    const play = new Play().list(made).press('\r').load(made, false).press(' ', ' ', 'a');
    expect(play.text).toContain('shows another action');
    expect(play.press('y').votes).toEqual([]);
  });

  it('is not given twice while the gateway has not answered', () => {
    const play = new Play().opened(makeReview()).press(' ', ' ', 'a', 'y', 'a', 'y');
    expect(play.votes).toHaveLength(1);
  });

  it('is not to be had from the list', () => {
    const play = new Play().list(makeReview()).press('a');
    expect(play.text).toContain('open the review with Enter');
    expect(play.press('y').votes).toEqual([]);
  });

  it('has to be earned again in another size, unless all was seen', () => {
    const play = new Play().opened(long()).press(' ');
    play.tell({ kind: 'resized', size: { width: 60, height: 20 } });
    expect(play.model.card?.seenTo).toBe(0);
    while (!play.text.includes('a approve')) play.press('g', ...Array<string>(40).fill(' '));
    play.tell({ kind: 'resized', size: { width: 80, height: 24 } });
    expect(play.text).toContain('a approve');
  });
});

describe('what changes while a person looks (A4)', () => {
  it('is said, and has to be looked at before an approval', () => {
    const made = long();
    const play = new Play().opened(made);
    while (!play.text.includes('a approve')) play.press(' ');
    play.press('a').tell(event(asked(made)));
    expect(play.effects.at(-1)).toEqual({ kind: 'load', id: made.id });
    play.load(asked(made)).press('y');
    expect(play.votes).toEqual([]);
    expect(play.text).toContain('Changed since you looked: question 1 was asked.');
    expect(play.text).toContain('No approval yet');
  });

  it('is to be looked at from the beginning, even where as many lines say something else', () => {
    const made = long();
    const play = new Play().opened(made);
    while (!play.text.includes('a approve')) play.press(' ');
    const review = { ...whole(made), rendering: 'f'.repeat(64), revision: 2 };
    play.tell({ kind: 'loaded', review, isExact: true, hereMs: 0 }).press('a', 'y');
    expect(play.votes).toEqual([]);
    expect(play.text).toMatch(/Changed since you looked: the policies in force[^]*SELECT on shop-db/);
  });

  it('is read again where the gateway says that the vote was for something else', () => {
    const made = makeReview();
    const play = new Play().opened(made).press(' ', ' ', 'a', 'y');
    const refused = { code: 'vote.rendering_mismatch', message: 'Something has changed.' };
    play.tell({ kind: 'refused', act: 'approve', ...refused });
    expect(play.effects.at(-1)).toEqual({ kind: 'load', id: made.id });
    const review = { ...whole(made), rendering: 'f'.repeat(64), revision: 2 };
    play.tell({ kind: 'loaded', review, isExact: true, hereMs: 0 });
    expect(play.text).toContain('Changed since you looked: the policies in force.');
    expect(play.text).toContain('Something has changed.');
  });

  it('is no change where others voted: what was seen stays seen', () => {
    const made = makeReview();
    const play = new Play().opened(made).press(' ', ' ', ' ');
    const review = { ...whole(made), revision: 2 };
    play.tell({ kind: 'loaded', review, isExact: true, hereMs: 0 });
    expect(play.text).toContain('a approve');
    expect(play.text).not.toContain('Changed');
  });

  it('is not undone by an older answer that comes later', () => {
    const made = makeReview();
    const play = new Play().opened(asked(made)).load(made);
    expect(play.model.card?.review?.revision).toBe(asked(made).revision);
  });
});

describe('the other judgments', () => {
  it('a rejection takes a line for its reason, and none without', () => {
    const play = new Play().opened(long()).press('r', '\r');
    expect(play.votes).toEqual([]);
    play.press('r', 'use the report', '\r');
    expect(play.votes).toMatchObject([{ vote: 'reject', reason: 'use the report' }]);
  });

  it('a question goes to the agent, or with Tab to the sponsor', () => {
    const play = new Play().opened(makeReview()).press('?', 'Why?', '\t');
    expect(play.text).toContain('Ask the sponsor: Why?');
    play.press('\r');
    expect(play.effects.at(-1)).toMatchObject({ kind: 'ask', to: 'sponsor', text: 'Why?' });
  });

  it('Esc gives up a line and sends nothing', () => {
    const play = new Play().opened(makeReview()).press('r', 'no', '\u001b');
    expect(play.votes).toEqual([]);
    expect(play.model.prompt).toBeNull();
  });

  it('x takes the vote back', () => {
    const made = makeReview();
    expect(new Play().opened(made).press('x').effects.at(-1)).toEqual({ kind: 'retract', id: made.id });
  });

  it('what the gateway refuses is said in its words, made visible', () => {
    const play = new Play().opened(makeReview()).press('x');
    play.tell({
      kind: 'refused',
      act: 'retract',
      code: 'vote.nothing_to_retract',
      message: 'No \u001b[2J vote',
    });
    expect(play.text).toContain('No ⟨U+001B⟩[2J vote');
  });
});

describe('the list', () => {
  const inSession = (session: string, more: Parameters<typeof makeReview>[0] = {}): Made =>
    makeReview({ requester: { ...makeReview().subject.requester, session }, ...more });

  it('groups what one session waits for, where its oldest stands', () => {
    const [first, second, third] = [inSession('s1'), inSession('s2'), inSession('s1')];
    const { text } = new Play().list(third, second, first);
    expect(text).toMatch(/┌ 2 actions of reporter together, session s1\n▸ │ .*\n.*\n {2}│ .*\n.*\n {2}[█░]/);
  });

  it('takes in what opens, rings where it was asked to, and keeps the selection', () => {
    const [first, second] = [inSession('s1'), inSession('s2')];
    const play = new Play({ width: 80, height: 24 }, { rings: true }).list(first);
    play.tell(event(second, true));
    expect(play.text).toContain('2 wait');
    expect(play.effects).toContainEqual({ kind: 'bell' });
    expect(play.model.selected).toBe(first.id);
    expect(new Play().tell(event(second, true)).effects).not.toContainEqual({ kind: 'bell' });
  });

  it('keeps what is over for a while, and selects the next one then', () => {
    const [first, second] = [inSession('s1'), inSession('s2')];
    const over = { ...first, revision: 5, state: { status: 'expired' as const, resolvedAtMs: openedAtMs } };
    const play = new Play().list(first, second).tell(event(over));
    expect(play.text).toMatch(/▸ .*expired/);
    play.tell({ kind: 'tick', hereMs: 31_000 });
    expect(play.text).not.toContain('expired');
    expect(play.model.selected).toBe(second.id);
  });

  it('ignores what is older than what it knows, and loses nothing to a list that was on its way', () => {
    const [first, second] = [inSession('s1'), inSession('s2')];
    const newer = { ...first, revision: 7 };
    const play = new Play().tell(event(newer)).tell(event(second, true)).list(first);
    expect(play.model.items.get(first.id)?.summary.revision).toBe(7);
    expect(play.model.items.has(second.id)).toBe(true);
  });

  it('keeps nothing of what was over before it was heard of', () => {
    const first = inSession('s1');
    const over = { ...first, revision: 5, state: { status: 'expired' as const, resolvedAtMs: openedAtMs } };
    const play = new Play().list().tell(event(over));
    expect([play.model.items.size, play.model.touched.size]).toEqual([0, 0]);
  });

  it('forgets after a reset what the gateway does not list any more', () => {
    const [first, second] = [inSession('s1'), inSession('s2')];
    const play = new Play().list(first, second);
    play.tell({ kind: 'reset', at: new Date(openedAtMs).toISOString(), hereMs: 0 }).list(second);
    expect([...play.model.items.keys()]).toEqual([second.id]);
  });

  it('is narrowed by words as they are typed, and wide again by Esc', () => {
    const [first, second] = [inSession('s1'), inSession('s2', { title: 'DELETE' })];
    const play = new Play().list(first, second).press('/', 'delete pii');
    expect(play.model.selected).toBe(second.id);
    expect(play.text).not.toContain('SELECT');
    play.press('\r');
    expect(play.text).toContain('/delete pii');
    play.press('\u001b');
    expect(play.text).toContain('SELECT');
  });

  it('counts time left by the gateway’s clock', () => {
    const play = new Play().list(makeReview()).tell({ kind: 'tick', hereMs: 25 * 60_000 });
    expect(play.text).toContain('5m left');
    play.tell({ kind: 'tick', hereMs: 31 * 60_000 });
    expect(play.text).toContain('out of time');
  });

  it('shows an open question, and whether the connection holds', () => {
    const play = new Play().list(asked(makeReview()));
    expect(play.text).toMatch(/0\/1\?/);
    play.tell({ kind: 'lost', message: 'nobody answers' });
    expect(play.text).toContain('not connected, trying again');
    expect(play.text).toContain('nobody answers');
    expect(play.tell({ kind: 'connected' }).text).toContain('● live');
  });

  it('is asked for again where it could not be read, once a second, and a card as long as it is open', () => {
    const made = makeReview();
    const play = new Play().list(made).press('\r');
    for (const read of [{ kind: 'list' as const }, { kind: 'load' as const, id: made.id }])
      play.tell({ kind: 'unread', read, message: 'nobody answers' });
    expect(play.text).toContain('nobody answers; trying again');
    const before = play.effects.length;
    play.tell({ kind: 'tick', hereMs: 1_000 }).tell({ kind: 'tick', hereMs: 2_000 });
    expect(play.effects.slice(before)).toEqual([{ kind: 'list' }, { kind: 'load', id: made.id }]);
    play.tell({ kind: 'unread', read: { kind: 'load', id: made.id }, message: '' }).press('\u001b');
    expect(play.tell({ kind: 'tick', hereMs: 3_000 }).effects).toHaveLength(before + 2);
  });

  it('q and Ctrl-C leave, also out of a line that is being written', () => {
    for (const keys of [['q'], ['\u0003'], ['/', '\u0003']])
      expect(new Play().press(...keys).effects.at(-1)).toEqual({ kind: 'quit' });
    expect(new Play().press('/', 'q').effects).not.toContainEqual({ kind: 'quit' });
  });
});

describe('a picture', () => {
  const hostile = '\u001b[2J\u202enimda\u2066\u200b\u0007\r\n漢字';
  const made = makeReview({
    command: `SELECT '${hostile}'`,
    statedTask: hostile,
    title: hostile,
    reasons: [hostile],
    requester: { ...makeReview().subject.requester, agent: hostile, session: hostile },
    datasets: [{ dataset: hostile, access: ['read'], basis: 'unknown', classes: [hostile], columns: [] }],
  });
  const answer = { by: hostile, kind: 'agent' as const, text: hostile, atMs: openedAtMs, channel: hostile };
  const hard: Made = { ...made, questions: asked(made).questions.map((each) => ({ ...each, answer })) };
  const states: readonly (readonly [string, (size: Size) => Play])[] = [
    ['an empty list', (size) => new Play(size)],
    ['a list', (size) => new Play(size).list(hard, makeReview(), long())],
    ['a filter', (size) => new Play(size).list(hard).press('/', '漢'.repeat(50))],
    ['a card on its way', (size) => new Play(size).list(hard).press('\r')],
    ['a card', (size) => new Play(size).opened(hard).press('j', 'j')],
    ['a reason', (size) => new Play(size).opened(hard).press('r', 'because '.repeat(30))],
    [
      'a refusal',
      (size) => new Play(size).opened(hard).tell({ kind: 'refused', act: null, code: 'x', message: hostile }),
    ],
  ];

  it.each(states)('of %s has as many rows as the terminal, and none is too wide', (_name, play) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 130 }), fc.integer({ min: 1, max: 40 }), (width, height) => {
        const { lines, cursor } = view(play({ width, height }).model);
        expect(lines).toHaveLength(height);
        for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(width);
        if (cursor !== null) expect(cursor.row < height && cursor.column < width).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it.each(states)('of %s holds nothing of an agent that moves a cursor or hides (law 9)', (_name, play) => {
    const { text } = play({ width: 100, height: 30 });
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  });

  it('of a card holds every character of the action, whatever the width', () => {
    const command = `SELECT '${'0123456789'.repeat(60)}'`;
    for (const width of [20, 33, 80, 120]) {
      const play = new Play({ width, height: 24 }).opened(makeReview({ command }));
      const text = play.model.card?.lines.join('') ?? '';
      const bare = text.replaceAll(/[^0-9]/g, '');
      expect(bare).toContain('0123456789'.repeat(60));
    }
  });
});

it('a summary that is no review of mine changes nothing of the open card', () => {
  const [mine, other] = [makeReview(), makeReview()];
  const play = new Play().opened(mine);
  const before = play.model.card;
  play.tell(event(other, true)).load(other);
  expect(play.model.card).toBe(before);
  expect((play.model.items.get(other.id)?.summary as ReviewSummary).id).toBe(other.id);
});

describe('what looks alike', () => {
  const shape = 'd'.repeat(64);
  const alike = (): Made[] => [1, 2, 3].map((at) => ({ ...makeReview({ command: `SELECT ${at}` }), shape }));

  it('is counted in the list; f folds it to the oldest, and unfolds it', () => {
    const made = alike();
    const other = makeReview({ command: 'SELECT 9' });
    made.push(other);
    const play = new Play().list(...made);
    expect(play.text.match(/×3 alike/g)).toHaveLength(3);
    expect(play.text).toContain('4 wait');
    play.press('f');
    expect(play.text.match(/×3 alike/g)).toHaveLength(1);
    expect(play.text).toContain('4 wait');
    expect(play.press('g').model.selected).toBe(made[0]?.id);
    expect(play.press('G').model.selected).toBe(other.id);
    expect(play.press('f').text.match(/×3 alike/g)).toHaveLength(3);
  });

  it('keeps something selected when the selected one is folded away', () => {
    const made = alike();
    const play = new Play().list(...made).press('G', 'f');
    expect(play.model.selected).toBe(made[0]?.id);
  });

  it('folded, one that is decided makes room for the next', () => {
    const made = alike();
    const play = new Play().list(...made).press('f');
    const over = { ...made[0]!, revision: 5, state: { status: 'expired', resolvedAtMs: 1 } } as const;
    play.tell(event(over)).tell({ kind: 'tick', hereMs: 60_000 });
    expect(play.text).toContain('×2 alike');
  });
});
