import { visible as shownByClients } from '@sallyport/sdk';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { visible } from './visible.ts';

test('cards make visible what the command line makes visible (law 9)', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.stringMatching(/^[a-zа-яα-ω⟨⟩\u202e\u200b\u00a0“”–' \n]{0,40}$/u),
  );
  fc.assert(
    fc.property(text, fc.boolean(), (given, keepLineFeeds) => {
      expect(visible(given, { keepLineFeeds })).toBe(shownByClients(given, { keepLineFeeds }));
    }),
    { numRuns: 200 },
  );
});
