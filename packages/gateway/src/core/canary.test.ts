import { openingOf } from '@sallyport/verifier';
import { expect, test } from 'vitest';
import { review } from '../../test/support/subjects.ts';
import { hashing } from '../system.ts';
import { canaryDelayMs, canarySession, revealCanary, weeklyMs } from './canary.ts';

const action = 'act_01hzzzzzzzzzzzzzzzzzzzzzzz';

test('a session of a canary is an id of its time, and what the verifier makes of the nonce is its end', async () => {
  const nonce = new Uint8Array(32).fill(9);
  const session = canarySession({ nonce, action, atMs: 1_700_000_000_000 }, hashing.sha256);
  expect(session).toMatch(/^ses_01hf7yat00[0-9a-hjkmnp-tv-z]{16}$/);
  const canary = { nonce: hashing.base64url(nonce), status: 'expired', votes: [] } as const;
  const about = { at: 1, commitment: null, review: 'rev_1', subject: 's' };
  const opened = (id: string) => openingOf({ ...about, kind: 'canary', action: id, canary }, hashing.sha256);
  expect(await opened(action)).toBe(session.slice(-16));
  expect(await opened('act_01hzzzzzzzzzzzzzzzzzzzzzzy')).not.toBe(session.slice(-16));
  const other = canarySession({ nonce: nonce.fill(8), action, atMs: 1_700_000_000_000 }, hashing.sha256);
  expect(other).not.toBe(session);
});

test('waits are exponential: their mean is what was asked for, and none is longer than eight of it', () => {
  const at = (high: number): number => canaryDelayMs(Uint8Array.of(high, 0, 0, 0, 0, 0, 0, 0), 1_000);
  expect(at(0)).toBe(0);
  expect(at(128)).toBe(Math.ceil(1_000 * Math.LN2));
  expect(canaryDelayMs(new Uint8Array(8).fill(255), 1_000)).toBe(8_000);
  const mean = Array.from({ length: 256 }, (_, high) => at(high)).reduce((sum, each) => sum + each) / 256;
  expect(mean).toBeGreaterThan(950);
  expect(mean).toBeLessThan(1_050);
});

test('a week of working time is the sum of its hours', () => {
  const day = [
    { from: 540, to: 720 },
    { from: 780, to: 1_020 },
  ];
  expect(weeklyMs({ weekly: [[], day, day, [], [], [], []] })).toBe(14 * 3_600_000);
});

test('only a review that is over says that it was one, once', () => {
  const over = review({ state: { status: 'expired', resolvedAtMs: 5 } });
  const revealed = revealCanary(over, 'no WHERE', 7);
  expect(revealed).toMatchObject({ canary: { flaw: 'no WHERE', atMs: 7 }, revision: over.revision + 1 });
  expect(revealed === undefined ? null : revealCanary(revealed, 'no WHERE', 8)).toBeUndefined();
  expect(revealCanary(review(), 'no WHERE', 7)).toBeUndefined();
  expect(revealCanary({ ...over, erasedAtMs: 6 }, 'no WHERE', 7)?.canary?.flaw).toBe('');
});
