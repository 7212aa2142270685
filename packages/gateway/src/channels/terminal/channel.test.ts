import { expect, test } from 'vitest';
import { routedReview } from '../../../test/support/routed-review.ts';
import { channelCompliance } from '../compliance.ts';
import { TerminalChannel } from './channel.ts';

let lines: string[] = [];

channelCompliance('the terminal channel', async () => {
  lines = [];
  return {
    channel: new TerminalChannel((text) => lines.push(text)),
    review: routedReview(),
    set: () => undefined,
    arrived: () => lines,
    dispose: async () => undefined,
    without: ['busy', 'away', 'refusing'],
    showsAction: true,
  };
});

test('an agent’s words can’t move the cursor, and are labelled', async () => {
  const printed: string[] = [];
  const { subject } = routedReview();
  const review = routedReview({ subject: { ...subject, statedTask: '\u001b[2J\u202eall good' } });
  const delivery = {
    id: 'dlv_01kajbch80ym6p68habwrg7z00',
    channel: 'terminal',
    destination: 'terminal',
    review: review.id,
    revision: 1,
    notice: { kind: 'open' },
    atMs: 0,
    attempts: 0,
    notBeforeMs: 0,
    state: 'waiting',
    problem: '',
  } as const;
  const shown = { rendering: 'e'.repeat(64), standings: [] };
  const view = { review, shown, url: 'http://gate/reviews/1', message: null, nowMs: 0 };
  await new TerminalChannel((text) => printed.push(text)).deliver(delivery, view);
  expect(printed[0]).toMatch(/^[\x20-\x7e\n]+$/);
  expect(printed[0]).toContain(`shown: ${'e'.repeat(64)}`);
  expect(printed[0]).toContain(
    "reporter says about its task (the agent's own words: nobody checked them)\n  | \\u{1b}[2J\\u{202e}all good\n",
  );
});
