import type { Review } from '@sallyport/sdk/contract';
import { presentReview, presentSummary } from '../../gateway/src/api/present.ts';
import { createFake } from '../../gateway/test/api-fake.ts';
import { makeReview } from '../../gateway/test/support/made-review.ts';
import { KeyReader } from '../src/screen/keys.ts';
import { type Effect, initialModel, type Message, type Model, type Size } from '../src/screen/model.ts';
import { update } from '../src/screen/update.ts';
import { view } from '../src/screen/view.ts';
import { createStyle } from '../src/style.ts';

const { desk } = createFake().deps;
export const openedAtMs = makeReview().openedAtMs;

export type Made = ReturnType<typeof makeReview>;
export const whole = (made: Made): Review =>
  presentReview(made, { ...desk.show(made), readAtMs: openedAtMs, publicUrl: 'http://gw' });

/** A screen that a test plays with, and what it wants done. */
export class Play {
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

export const long = (end = 'DROP TABLE payments'): Made =>
  makeReview({ command: `SELECT 1\n${'-- filler\n'.repeat(100)}${end}` });

export const event = (made: Made, isOpening = false): Message => ({
  kind: 'happened',
  isOpening,
  review: presentSummary(made),
});

export const asked = (made: Made): Made => ({
  ...made,
  revision: made.revision + 1,
  questions: [
    { id: 1, by: 'vera', to: 'agent', text: 'Why?', atMs: openedAtMs, channel: 'cli', answer: null },
  ],
});
