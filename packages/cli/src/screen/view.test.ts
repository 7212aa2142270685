import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeReview } from '../../../gateway/test/support/made-review.ts';
import { asked, long, type Made, openedAtMs, Play } from '../../test/play.ts';
import { columnsOf } from '../columns.ts';
import type { Size } from './model.ts';
import { view } from './view.ts';

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
