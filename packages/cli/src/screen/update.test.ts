import type { ReviewSummary } from '@sallyport/sdk/contract';
import { describe, expect, it } from 'vitest';
import { presentUseSummary } from '../../../gateway/src/api/present-break-glass.ts';
import { openedUse } from '../../../gateway/test/support/break-glass.ts';
import { makeReview } from '../../../gateway/test/support/made-review.ts';
import { asked, event, long, Play, whole } from '../../test/play.ts';

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

it('a summary that is no review of mine changes nothing of the open card', () => {
  const [mine, other] = [makeReview(), makeReview()];
  const play = new Play().opened(mine);
  const before = play.model.card;
  play.tell(event(other, true)).load(other);
  expect(play.model.card).toBe(before);
  expect((play.model.items.get(other.id)?.summary as ReviewSummary).id).toBe(other.id);
});
