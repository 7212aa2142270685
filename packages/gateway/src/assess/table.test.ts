import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { signalRules } from '../core/assess.ts';
import { situationRules } from '../core/situation.ts';

const spec = readFileSync(new URL('../../../../spec/policy.md', import.meta.url), 'utf8');

test('the table of weights that people read is the one that counts', () => {
  const written = [...spec.matchAll(/^\| `(\w+)` \| (\d+) \|/gm)].map(([, name, weight]) => [
    name,
    Number(weight),
  ]);
  const counts = [...signalRules, ...situationRules].map(({ name, weight }) => [name, weight]);
  expect(written).toEqual(counts);
});
