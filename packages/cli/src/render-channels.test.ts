import { expect, test } from 'vitest';
import { renderChannelCheck, renderChannels, renderDeliveries } from './render-channels.ts';
import { createStyle } from './style.ts';

const plain = createStyle(false);

test('what is owed stands in a line for each destination, and its name can’t move the cursor', () => {
  const destinations = [{ channel: 'webhook', destination: 'ops\u001b[2J', waiting: 2, dead: 1 }];
  const text = renderChannels({ channels: ['webhook'], destinations }, plain);
  expect(text).toContain('webhook');
  expect(text).toContain('ops⟨U+001B⟩[2J');
  expect(text).not.toContain('\u001b[2J');
});

test('a dead letter says what it tells, how often it was tried, and why it was given up', () => {
  const letter = {
    id: 'dlv_01jd7z3v8k4m5n6p7q8r9s0t1v',
    channel: 'email',
    destination: 'stewards@example.com',
    review: 'rev_01jd7z3v8k4m5n6p7q8r9s0t1v',
    revision: 2,
    notice: 'remind',
    at: '2026-11-21T09:30:00.000Z',
    attempts: 100,
    notBefore: null,
    state: 'dead',
    problem: 'the mail server answered 550 (EENVELOPE)',
  } as const;
  const text = renderDeliveries([letter], plain);
  for (const part of [letter.id, letter.destination, 'remind', '100', letter.problem])
    expect(text).toContain(part);
  expect(renderDeliveries([], plain)).toBe('there is none');
});

test('a check says of each channel that nothing is wrong, or what is', () => {
  const channels = [
    { channel: 'webhook', problems: ['webhook ops: hooks.example cannot be resolved; correct the URL'] },
    { channel: 'email', problems: [] },
  ];
  expect(renderChannelCheck({ channels }, plain)).toBe(
    'webhook ops: hooks.example cannot be resolved; correct the URL\nemail: nothing is wrong',
  );
});
