import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { change, ConfigurationFolder, WHOLE } from '../../test/support/configuration-folder.ts';

let folder: ConfigurationFolder;
beforeEach(() => {
  folder = new ConfigurationFolder();
});
afterEach(() => folder.remove());

describe('what reviewers are asked', () => {
  test('has no bound and a stated pace, unless it is configured', async () => {
    const attention = async (text: string) => (await folder.load(WHOLE + text)).attention;
    const usual = { approvalsPerHour: null, canaries: null, wordsPerMinute: 600, minimumReadingMs: 1_000 };
    expect(await attention('')).toEqual(usual);
    expect(await attention('attention: { approvalsPerHour: 60, minimumReadingMs: 0 }\n')).toEqual({
      ...usual,
      approvalsPerHour: 60,
      minimumReadingMs: 0,
    });
  });

  test.each([
    ['attention: { approvalsPerHour: 0 }', 'attention.approvalsPerHour: expected at least 1;'],
    ['attention: { approvalsPerHour: many }', 'attention.approvalsPerHour: expected number;'],
    ['attention: { wordsPerMinute: 0 }', 'attention.wordsPerMinute: expected at least 1;'],
    ['attention: { wordsPerMinute: 100001 }', 'attention.wordsPerMinute: expected at most 100000;'],
    ['attention: { minimumReadingMs: -1 }', 'attention.minimumReadingMs: expected at least 0;'],
    ['attention: { minimumReadingMs: 1.5 }', 'attention.minimumReadingMs: expected int;'],
    ['attention: { canaries: true }', 'attention.canaries: expected object;'],
    ['attention: { canaries: { perWeek: 0 } }', 'attention.canaries.perWeek: expected at least 1;'],
    ['attention: { canaries: { perWeek: 51 } }', 'attention.canaries.perWeek: expected at most 50;'],
    [
      'attention: { canaries: { perWeek: 1, requests: [] } }',
      'attention.canaries.requests: expected at least 1;',
    ],
  ])('%s is refused', async (text, expected) => {
    expect((await folder.problemsOf(`${WHOLE}${text}\n`)).join('\n')).toContain(expected);
  });

  test.each(['reviewsPerAgentPerMinute', 'reviewsPerAgentBurst'])(
    'limits.%s is from 1 to 100,000',
    async (key) => {
      const found = async (value: number) =>
        (await folder.problemsOf(change('holdMs: 1000', `${key}: ${value}`))).join('\n');
      expect(await found(0)).toContain(`limits.${key}: expected at least 1;`);
      expect(await found(100_001)).toContain(`limits.${key}: expected at most 100000;`);
    },
  );
});
