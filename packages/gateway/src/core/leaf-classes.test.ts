import { describe, expect, test } from 'vitest';
import { CANARY, everyEntry as entries } from '../../test/support/every-entry.ts';
import { unclassified } from './classes.ts';
import { leafClasses } from './leaf-classes.ts';

describe('every member of a leaf has a class, and is open: what is sensitive is beside it', () => {
  test.each(entries.map((entry) => [entry.kind, entry] as const))('%s', (kind, { leaf, aside, subject }) => {
    expect(unclassified(JSON.parse(leaf) as object, leafClasses[kind])).toEqual([]);
    expect(leaf).not.toContain(CANARY);
    expect(subject === undefined).toBe(aside === null);
  });

  test('of every kind of entry there is one here', () => {
    const kinds = new Set(entries.map(({ kind }) => kind));
    expect(Object.keys(leafClasses).filter((kind) => kind !== 'notice' && !kinds.has(kind as never))).toEqual(
      [],
    );
  });
});
