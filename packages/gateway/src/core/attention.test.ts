import { expect, test } from 'vitest';
import { review } from '../../test/support/subjects.ts';
import { figuresOf, readingMs, readMs, type KeptJudgment } from './attention.ts';
import { wordsOf } from './reading.ts';

const pace = { wordsPerMinute: 600, minimumReadingMs: 1_000 };

const judged = (more: Partial<KeptJudgment>): KeptJudgment => ({
  review: 'rev_01hzzzzzzzzzzzzzzzzzzzzzzz',
  identity: 'sam',
  person: 'sam',
  kind: 'approve',
  openedAtMs: 0,
  shownAtMs: null,
  atMs: 10_000,
  words: 50,
  canary: false,
  ...more,
});

test('the figures of four decisions, worked out by hand', () => {
  // 50 words at 600 a minute take 5 s.
  const judgments = [
    judged({ atMs: 60_000, shownAtMs: 56_000 }), // 4 s: too fast
    judged({ atMs: 30_000, shownAtMs: 25_000 }), // 5 s: in time
    judged({ atMs: 90_000, shownAtMs: null, kind: 'reject', person: 'sam-2' }), // never shown: 90 s
    judged({ atMs: 20_000, openedAtMs: 19_500, words: 2 }), // 0.5 s, less than the least
    judged({ identity: 'kim', person: 'kim', atMs: 7_000 }),
  ];
  expect(figuresOf(judgments, pace)).toEqual([
    {
      identity: 'kim',
      person: 'kim',
      decided: 1,
      approved: 1,
      medianDecideMs: 7_000,
      medianReadMs: 7_000,
      hasty: 0,
      canaries: 0,
      canariesApproved: 0,
      lastAtMs: 7_000,
    },
    {
      identity: 'sam',
      person: 'sam-2',
      decided: 4,
      approved: 3,
      // 500, 30,000, 60,000, 90,000: the lower one of the two in the middle.
      medianDecideMs: 30_000,
      // 500, 4,000, 5,000, 90,000.
      medianReadMs: 4_000,
      hasty: 2,
      canaries: 0,
      canariesApproved: 0,
      lastAtMs: 90_000,
    },
  ]);
});

test('nobody decided: no figures', () => {
  expect(figuresOf([], pace)).toEqual([]);
});

test('reading takes its words, and never less than the least', () => {
  expect([0, 10, 11, 600].map((words) => readingMs(words, pace))).toEqual([1_000, 1_000, 1_100, 60_000]);
});

test('a clock that was set back leaves no time, and one mark from before the opening is the opening', () => {
  expect(readMs(judged({ openedAtMs: 5_000, shownAtMs: 9_000, atMs: 8_000 }))).toBe(0);
  expect(readMs(judged({ openedAtMs: 5_000, shownAtMs: 1_000, atMs: 8_000 }))).toBe(3_000);
});

test('what a person has to read counts: the command, its values, the agent’s words, the preview, the answers', () => {
  const base = review();
  const words = wordsOf(base);
  const longer = (text: string) => ({
    ...base,
    subject: { ...base.subject, command: base.subject.command + text },
  });
  expect(wordsOf(longer('x'.repeat(600)))).toBe(words + 100);
  const task = {
    ...base,
    subject: { ...base.subject, statedTask: `${base.subject.statedTask}${'x'.repeat(60)}` },
  };
  expect(wordsOf(task)).toBe(words + 10);
  const preview = {
    atMs: 0,
    findings: [{ kind: 'rows', title: 'x'.repeat(30), text: 'x'.repeat(30), basis: 'counted' as const }],
  };
  expect(wordsOf({ ...base, preview })).toBe(words + 10);
});
