import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeReview } from '../../../test/support/made-review.ts';
import { messageBlocks, modal, mostBlockCharacters } from '../../../test/fakes/slack/shapes.ts';
import { textOf } from '../../../test/fakes/slack/workspace.ts';
import { cardOf, type Card } from '../../core/card.ts';
import type { Review, ReviewSubject } from '../../core/review.ts';
import { visible } from '../../core/visible.ts';
import { limits } from '../../limits.ts';
import { ACTIONS, linkMessageOf, messageOf } from './message.ts';
import { askModal, detailsModal, rejectModal } from './modals.ts';
import { literal } from './rich-text.ts';
import { parseValue, valueOf } from '../../core/shown-value.ts';

function card(changes: Partial<ReviewSubject> = {}, more: Partial<Review> = {}): Card {
  const review = { ...makeReview(changes), ...more };
  const standings = review.subject.demands.map((demand) => ({
    demand,
    approvals: 0,
    met: false,
    eligible: ['kim'],
  }));
  const view = { rendering: 'ab'.repeat(32), standings, nowMs: review.openedAtMs };
  return cardOf(review, { ...view, publicUrl: 'https://gate.example' });
}

const blocksOf = (changes: Partial<ReviewSubject> = {}) => messageOf(card(changes), limits).blocks;
const actionsOf = (blocks: ReturnType<typeof blocksOf>): string[] =>
  blocks.flatMap((block) => (block.type === 'actions' ? block.elements.map(({ action_id: id }) => id) : []));

/** Every text that Slack gets, by itself. */
function textsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(textsIn);
  if (value === null || typeof value !== 'object') return [];
  const { text } = value as { readonly text?: unknown };
  return [...(typeof text === 'string' ? [text] : []), ...Object.values(value).flatMap(textsIn)];
}

const HOSTILE = [
  '<!channel> <!here> <!everyone>',
  '<@U0SAM> <#C0REVIEWS> <!subteam^S1>',
  '<https://evil.example|https://gate.example/reviews>',
  '*Approved by* sam _yes_ ~no~ `x` ```y``` >quote',
  '&lt;!channel&gt; &amp;',
  ':white_check_mark: Approved by sam',
  '```\nRisk 0 of 100\n```',
];

describe('agent’s text in a message (C, law 9)', () => {
  test.each(HOSTILE)(
    '%j is shown letter for letter, as text and in no piece that Slack could take for markup',
    (text) => {
      const blocks = blocksOf({ statedTask: text, command: `SELECT 1 -- ${text}` });
      expect(messageBlocks.safeParse(blocks).success).toBe(true);
      expect(textOf(blocks)).toContain(visible(text, { keepLineFeeds: true }));
      for (const each of textsIn(blocks)) expect(each).not.toMatch(/<[!@#a-z]/i);
      expect(JSON.stringify(blocks)).not.toContain('"mrkdwn"');
    },
  );

  test('a forged “Approved by” stands in the agent’s quote, below the words that nobody checked it', () => {
    const blocks = blocksOf({ statedTask: 'Approved by sam' });
    const [quoted, ...more] = blocks.filter((block) => textOf([block]).includes('Approved by sam'));
    expect(more).toEqual([]);
    expect(JSON.stringify(quoted)).toContain('rich_text_quote');
    expect(textOf([quoted])).toMatch(/nobody checked them\s*Approved by sam/);
  });

  test('a flood of line feeds is not shown, and nothing can be approved below it', () => {
    const blocks = blocksOf({ statedTask: `harmless${'\n'.repeat(500)}DROP` });
    expect(textOf(blocks)).not.toContain('DROP');
    expect(actionsOf(blocks)).not.toContain(ACTIONS.approve);
  });

  test('the text of the notification holds nothing of the agent, with Slack’s markup escaped', () => {
    const { text } = messageOf(card({ statedTask: 'pay', title: '<!channel> & co' }), limits);
    expect(text).toContain('&lt;!channel&gt; &amp; co on shop-db (production)');
    expect(text).not.toContain('pay');
  });
});

test('any text is taken by Slack’s rules, and read again as it was (property)', () => {
  const anything = fc.string({ unit: 'binary', maxLength: 200 });
  fc.assert(
    fc.property(anything, anything, anything, (command, value, statedTask) => {
      const parameters = [{ type: 25, format: 'text', value } as const];
      const blocks = blocksOf({ command, parameters, statedTask });
      expect(messageBlocks.safeParse(blocks).success).toBe(true);
      expect(JSON.stringify(blocks).length).toBeLessThan(mostBlockCharacters);
      expect(textOf(blocks)).toContain(visible(command, { keepLineFeeds: true }));
      for (const each of textsIn(blocks)) expect(each).not.toMatch(/<./s);
    }),
    { numRuns: 100 },
  );
});

test.each([
  [
    'a command of 10,000 characters with the payload at its end',
    { command: `${'-'.repeat(10_000)}\nDROP TABLE x` },
  ],
  ['a value of 4,000 characters', { parameters: [{ type: 25, format: 'text', value: 'x'.repeat(4_000) }] }],
  [
    'sixty values',
    { parameters: Array.from({ length: 60 }, () => ({ type: 25, format: 'text', value: 'x' })) },
  ],
  [
    'five values of 2,900',
    { parameters: Array.from({ length: 5 }, () => ({ type: 25, format: 'text', value: 'x'.repeat(2_900) })) },
  ],
  ['a command of many <', { command: '<'.repeat(1_000) }],
  ['letters that take much room in a form', { command: '\u202e'.repeat(400) }],
] as readonly (readonly [string, Partial<ReviewSubject>])[])(
  '%s: no Approve, what is left out is named, Slack takes the message (A7, law 6)',
  (_, changes) => {
    const { blocks } = messageOf(card(changes), limits);
    expect(messageBlocks.safeParse(blocks).success).toBe(true);
    expect(JSON.stringify(blocks).length).toBeLessThan(mostBlockCharacters);
    expect(encodeURIComponent(JSON.stringify(blocks)).length).toBeLessThan(limits.apiBodyBytes);
    expect(textOf(blocks)).toContain('Too long to be shown here');
    expect(actionsOf(blocks)).toEqual([ACTIONS.reject, ACTIONS.ask, ACTIONS.details, ACTIONS.open]);
  },
);

test('a message that is over, and one that Slack can’t show, have nothing to decide with', () => {
  const review = makeReview();
  const over = { status: 'expired', resolvedAtMs: review.openedAtMs } as const;
  expect(actionsOf(messageOf(card({}, { state: over }), limits).blocks)).toEqual([ACTIONS.open]);
  expect(actionsOf(linkMessageOf(card(), limits).blocks)).toEqual([ACTIONS.open]);
});

test('modals are what Slack takes, whatever the review', () => {
  const long = card({ command: 'x'.repeat(20_000), title: `T${'x'.repeat(5_000)}` });
  for (const made of [
    rejectModal(valueOf(long), long.heading, limits),
    askModal(valueOf(long), long.heading, limits),
    detailsModal(long, limits),
  ])
    expect(modal.safeParse(made).success).toBe(true);
});

test('a name too long for a header stands whole among the facts', () => {
  const title = `SELECT${'x'.repeat(400)}`;
  const { blocks } = messageOf(card({ title }), limits);
  expect(messageBlocks.safeParse(blocks).success).toBe(true);
  expect(textOf(blocks)).toContain(`sql:select: ${title}`);
});

test('joined again, the pieces of a text are the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('<', '!', 'a', '\n'), minLength: 1 }), (text) => {
      expect(
        literal(text)
          .map((each) => each.text)
          .join(''),
      ).toBe(text);
    }),
  );
});

test.each([
  '',
  'rev_x',
  'rev_01hzzzzzzzzzzzzzzzzzzzzzzz aa bb',
  `rev_01hzzzzzzzzzzzzzzzzzzzzzzz ${'a'.repeat(64)} ${'A'.repeat(64)}`,
  `rev_01hzzzzzzzzzzzzzzzzzzzzzzz ${'a'.repeat(64)} ${'b'.repeat(64)} more`,
])('a button’s value that is not ours is none: %j', (value) => {
  expect(parseValue(value)).toBeUndefined();
});
