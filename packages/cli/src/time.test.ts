import { expect, it } from 'vitest';
import { duration, parseWhen } from './time.ts';

const nowMs = Date.UTC(2026, 10, 21, 12);

it.each([
  ['30m', '2026-11-21T11:30:00.000Z'],
  ['24h', '2026-11-20T12:00:00.000Z'],
  ['7d', '2026-11-14T12:00:00.000Z'],
  ['2026-11-21', '2026-11-21T00:00:00.000Z'],
  ['2026-11-21T10:00:00+02:00', '2026-11-21T08:00:00.000Z'],
])('%s is a time', (text, instant) => {
  expect(parseWhen(text, nowMs)).toBe(instant);
});

it.each(['', 'yesterday', '7', '7w', '-7d', '2026-13-01', '21.11.2026', '2026-11-21T10:00'])(
  '"%s" is none',
  (text) => {
    expect(parseWhen(text, nowMs)).toBeNull();
  },
);

it.each([
  [999, '0 s'],
  [59_999, '59 s'],
  [60_000, '1 min 0 s'],
  [29 * 60_000, '29 min'],
  [3_600_000, '1 h'],
  [90 * 60_000, '1 h 30 min'],
  [49 * 3_600_000, '2 d 1 h'],
])('%i ms are %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});
