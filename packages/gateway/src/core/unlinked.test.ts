import { expect, test } from 'vitest';
import { person } from '../../test/support/subjects.ts';
import { unlinkedLine } from './unlinked.ts';

const line = (people: Parameters<typeof unlinkedLine>[0], linked: readonly string[] = []): string | null =>
  unlinkedLine(people, { platform: 'Slack', field: 'slack', isLinked: (name) => linked.includes(name) });

test('whoever is in a group and has no account is named, with the way out', () => {
  const people = [person('ana', ['stewards']), person('kim', ['stewards']), person('zoe')];
  expect(line(people, ['ana'])).toMatch(/^No account in Slack is linked to kim, who .*people\[\]\.slack\.$/);
});

test('nothing is said where everybody has one, is disabled, or may decide nothing', () => {
  expect(
    line([person('ana', ['stewards']), person('zoe'), person('gone', ['stewards'], true)], ['ana']),
  ).toBeNull();
});

test('of many, the first five are named and the others counted', () => {
  const people = Array.from({ length: 8 }, (_, at) => person(`p${at.toString()}`, ['stewards']));
  expect(line(people)).toContain('p0, p1, p2, p3, p4 and 3 more');
});
