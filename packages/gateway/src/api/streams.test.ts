import { expect, test } from 'vitest';
import { Streams } from './streams.ts';

test('one caller that opens more and more keeps nobody else out (B11)', () => {
  const streams = new Streams({ apiStreams: 5, apiStreamsPerCaller: 3 });
  const own = Array.from({ length: 5 }, () => streams.take('reporter'));
  expect(own.map((place) => place !== undefined)).toEqual([true, true, true, false, false]);
  expect(streams.take('refunder')).toBeDefined();
  own[0]?.();
  own[0]?.();
  expect(streams.take('reporter')).toBeDefined();
  expect(streams.take('reporter')).toBeUndefined();
});

test('all callers together open so many, and no more', () => {
  const streams = new Streams({ apiStreams: 2, apiStreamsPerCaller: 2 });
  const [first] = ['ana', 'ben'].map((caller) => streams.take(caller));
  expect(streams.take('cy')).toBeUndefined();
  first?.();
  expect(streams.take('cy')).toBeDefined();
});
