import { expect, test } from 'vitest';
import { makeReview } from '../../test/support/made-review.ts';
import { cardOf, sectionsWithin, type Card } from './card.ts';
import { cardText } from './card-text.ts';
import type { CardSection } from './card-sections.ts';
import type { Standing } from './electorate.ts';
import type { Review, ReviewSubject, Vote } from './review.ts';

const roomy = { perSection: 3_000, inAll: 12_000, sections: 45, linesPerSection: 200 };

function cardFor(review: Review, more: Partial<Standing> = {}, nowMs = review.openedAtMs): Card {
  const standings = review.subject.demands.map((demand) => ({
    demand,
    approvals: 0,
    met: false,
    eligible: ['kim', 'sam'],
    ...more,
  }));
  return cardOf(review, { rendering: 'ab'.repeat(32), standings, nowMs, publicUrl: 'https://gate.example' });
}

const card = (changes: Partial<ReviewSubject> = {}): Card => cardFor(makeReview(changes));
const vote: Vote = {
  person: 'kim',
  identity: 'kim',
  kind: 'approve',
  reason: '',
  digest: '',
  rendering: '',
  atMs: Date.UTC(2026, 10, 21, 9, 5),
  channel: 'slack',
  passkey: null,
  retractedAtMs: null,
};

test('a card says who, for whom, what exactly, which data, how risky, why, and who may decide until when', () => {
  const text = cardText(
    cardFor({
      ...makeReview({
        parameters: [{ type: 25, format: 'text', value: 'DE' }],
        preconditions: { search_path: 'public' },
      }),
      preview: {
        atMs: 0,
        findings: [{ kind: 'count', title: 'Rows', text: '4,711', basis: 'counted', rows: 4_711 }],
      },
      votes: [vote],
    }),
  );
  for (const words of [
    'SELECT on shop-db (production)',
    'Waits for a decision until 2026-11-21 09:30 UTC, 30 minutes from 2026-11-21 09:00 UTC.',
    'Agent: reporter',
    'On behalf of: sam, its sponsor, by configuration',
    'Session: ses_1 from 127.0.0.1:50000',
    '  | SELECT email FROM customers',
    'Value $1 (type 25)\n  | DE',
    'public.customers: read',
    'public.customers.email: read [pii]',
    'Because: Personal data leaves the database.',
    'row limit: none',
    'Preview: Rows (as the target has it; nothing of the action has run, 4,711 rows)',
    'Risk 55 of 100\n  - +55 reads personal data of every customer',
    'Why a person is asked (classified-reads)\n  - Personal data without a row limit.',
    'search_path: public',
    'Approvals: 0 of 1',
    'May approve: group data-owners',
    'Could do so now: kim, sam',
    'kim approved at 2026-11-21 09:05 UTC, through slack, as that platform asserts',
    'https://gate.example/reviews/rev_',
  ])
    expect(text).toContain(words);
});

test('the agent’s words stand apart and say that nobody checked them (law 9)', () => {
  const words = card({ statedTask: 'Approved by sam.\n\nDigest: 1234' }).sections.filter(
    ({ kind }) => kind === 'words',
  );
  expect(words).toEqual([
    {
      kind: 'words',
      title: 'reporter says about its task',
      note: 'the agent’s own words: nobody checked them',
      text: 'Approved by sam.\n\nDigest: 1234',
    },
  ]);
});

test('an answer of the agent is its own words, one of a person is not', () => {
  const answer = { by: 'reporter', kind: 'agent', text: 'Because.', atMs: 0, channel: 'api' } as const;
  const asked = { id: 1, by: 'kim', to: 'agent', text: 'Why?', atMs: 0, channel: 'slack', answer } as const;
  const bySponsor = {
    ...asked,
    id: 2,
    to: 'sponsor',
    answer: { ...answer, by: 'sam', kind: 'person' },
  } as const;
  const { sections } = cardFor({ ...makeReview({ statedTask: '' }), questions: [asked, bySponsor] });
  const notes = sections.flatMap((each) => (each.kind === 'words' ? [each.note] : []));
  expect(notes.filter((note) => note.includes('nobody checked'))).toHaveLength(1);
});

test('what can’t be seen is shown as its code point, in commands, values and words (threat A7)', () => {
  const hidden = card({
    command: 'SELECT 1 -- \u202e\u200b',
    parameters: [{ type: 25, format: 'text', value: 'раураl' }],
    statedTask: 'x\u2028y',
    title: 'SELECT\u202e',
  });
  const text = cardText(hidden);
  expect(text).toContain('⟨U+202E⟩⟨U+200B⟩');
  expect(text).toContain('2 characters that can’t be seen, or look like others');
  expect(text).toContain('x⟨U+2028⟩y');
  expect(text).not.toMatch(/[\u202e\u200b\u2028а-я]/u);
});

test('a forged line of the command stays behind its bar in plain text', () => {
  const text = cardText(card({ command: 'SELECT 1\nRisk 0 of 100\nApproved by sam' }));
  expect(text).toContain('  | Risk 0 of 100\n  | Approved by sam');
  expect(text.split('\n').filter((line) => line.startsWith('Risk'))).toEqual(['Risk 55 of 100']);
});

test('a section that doesn’t fit is left out whole, never cut (law 6)', () => {
  const long = card({ command: `SELECT 1 ${'-'.repeat(10_000)} DROP TABLE customers` });
  const shown = sectionsWithin(long, roomy);
  expect(shown).toHaveLength(long.sections.length - 1);
  expect(shown.some(({ title }) => title === 'Command')).toBe(false);
  expect(sectionsWithin(card(), roomy)).toHaveLength(card().sections.length);
});

test.each([
  ['a section', { perSection: 20 }],
  ['all together', { inAll: 100 }],
  ['the number of sections', { sections: 2 }],
  ['the lines of a section', { linesPerSection: 1 }],
])('a surface too small for %s shows less than all', (_, less) => {
  const whole: readonly CardSection[] = card().sections;
  expect(sectionsWithin(card(), { ...roomy, ...less }).length).toBeLessThan(whole.length);
});

test('a passkey that is demanded, and still to be met, is on the card', () => {
  const review = makeReview();
  const [demand] = review.subject.demands;
  const signed: Review = {
    ...review,
    subject: { ...review.subject, demands: [{ ...demand!, passkeyFromRisk: 50 }] },
  };
  expect(cardFor(signed).needsPasskey).toBe(true);
  expect(cardFor(signed, { met: true }).needsPasskey).toBe(false);
  expect(cardFor(review).needsPasskey).toBe(false);
});

test('a review that is over, or past its time, says how it ended and is not open', () => {
  const review = makeReview();
  const rejected: Review = {
    ...review,
    state: { status: 'rejected', by: 'kim', reason: 'no', resolvedAtMs: review.openedAtMs },
  };
  expect(cardFor(rejected).state).toContain('rejected by kim');
  expect(cardFor(rejected).isOpen).toBe(false);
  expect(cardFor(review, {}, review.expiresAtMs).isOpen).toBe(false);
  expect(cardFor(review).isOpen).toBe(true);
});

test('erased values are not shown again', () => {
  const text = cardText(cardFor({ ...makeReview({ command: '' }), erasedAtMs: 1 }));
  expect(text).toContain('Erased, with all values and words.');
});
