import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareParameters, parametersIn } from './parameters.ts';

const text = (value: string | null, type = 0) => ({ format: 'text', type, value });
const binary = (bytes: number[], type: number) => ({
  ...{ format: 'binary', type },
  value: Buffer.from(bytes).toString('base64url'),
});

describe('bound values in a target’s log', () => {
  it('are what was written, whatever they hold', () => {
    const value = fc.option(fc.oneof(fc.string(), fc.constantFrom("'", "', $2 = '", "'' ", '', 'NULL')));
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 5 }), (values) => {
        const written = values.map((each, at) => {
          const shown = each === null ? 'NULL' : `'${each.replaceAll("'", "''")}'`;
          return `$${at + 1} = ${shown}`;
        });
        // PostgreSQL 18, and those before it.
        for (const head of ['Parameters', 'parameters'])
          expect(parametersIn(`${head}: ${written.join(', ')}`)).toEqual(values);
      }),
    );
  });

  it.each([
    '',
    'prepare: SELECT 1',
    "Parameters: $2 = '1'",
    "Parameters: $1 = '1",
    "Parameters: $1 = '1' x",
    'Parameters: $1 = 1',
  ])('are none in %j', (detail) => expect(parametersIn(detail)).toBeNull());
});

describe('bound values of the ledger', () => {
  it.each([
    ['same', [text('a')], ['a']],
    ['same', [text(null), text('1')], [null, '1']],
    ['same', [text(' +07', 23)], ['7']],
    ['same', [binary([0, 0, 1, 0], 23)], ['256']],
    ['same', [binary([255, 255], 21)], ['-1']],
    ['same', [binary([0, 0, 0, 0, 0, 0, 0, 5], 20)], ['5']],
    ['same', [binary([...Buffer.from('é')], 25)], ['é']],
    ['other', [text('1')], []],
    ['other', [text(null)], ['']],
    ['other', [text('a')], [null]],
    ['other', [text('a', 25)], ['b']],
    ['other', [text('1', 23)], ['2']],
    // Of open type: no type prints one number as another.
    ['other', [text('1')], ['2']],
    ['other', [binary([0, 0, 1, 0], 23)], ['257']],
    ['other', [text('true', 16), text('x', 25)], ['t', 'y']],
    // As the target spells it: it may be the same.
    ['unclear', [text('01')], ['1']],
    ['unclear', [text('true', 16)], ['t']],
    ['unclear', [text('a')], ['b']],
    ['unclear', [text('abcdef', 25)], ['abc...']],
    ['unclear', [binary([1, 2, 3], 23)], ['5']],
    ['unclear', [binary([255], 25)], ['x']],
    ['unclear', [binary([1], 16)], ['t']],
  ])('are %s: %j as %j', (comparison, bound, logged) => {
    expect(compareParameters(bound, logged)).toBe(comparison);
  });
});
