import { expect, test } from 'vitest';
import { canonicalDescription, type Description } from './describe.ts';

const description: Description = {
  operation: 'sql:select',
  title: 'SELECT',
  datasets: [],
  functions: [{ name: 'pg_catalog.now', effect: 'none' }],
  reach: 'none',
  rowLimit: 10,
  filtered: true,
  unknown: [],
  flags: ['locks'],
};

test('a leaf says that everything was resolved', () => {
  expect(canonicalDescription(description)).toEqual({
    filtered: true,
    flags: ['locks'],
    functions: [{ name: 'pg_catalog.now', effect: 'none' }],
    reach: 'none',
    rowLimit: 10,
    title: 'SELECT',
    unknown: false,
  });
});

test('a leaf says that something was not resolved, without the agent’s words', () => {
  const found = canonicalDescription({ ...description, unknown: ['column "4111111111111111" is not known'] });
  expect(found.unknown).toBe(true);
  expect(JSON.stringify(found)).not.toContain('4111');
});
