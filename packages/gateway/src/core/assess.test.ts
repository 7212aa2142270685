import { describe, expect, test } from 'vitest';
import { description, target } from '../../test/support/policy.ts';
import { assess, signalRules } from './assess.ts';
import type { Description } from './describe.ts';
import type { DatasetUsage } from './usage.ts';

const emails: DatasetUsage = {
  dataset: 'public.customers',
  access: ['read'],
  basis: 'parsed',
  columns: [{ name: 'email', uses: ['read'], classes: ['pii'] }],
  classes: ['pii'],
};
const written: DatasetUsage = {
  dataset: 'public.orders',
  access: ['write'],
  basis: 'parsed',
  columns: [],
  classes: ['unclassified'],
};

const names = (
  parts: Partial<Description>,
  datasets: readonly DatasetUsage[] = [],
  environment = 'production',
) =>
  assess({ ...description, ...parts }, datasets, { ...target, environment }).signals.map(({ name }) => name);

describe('signals', () => {
  test('a read of harmless data has none', () => {
    const harmless: DatasetUsage = { ...written, access: ['read'], classes: ['internal', 'unclassified'] };
    expect(assess({ ...description, rowLimit: 10 }, [harmless], target)).toEqual({ score: 0, signals: [] });
  });

  test.each<[string, Partial<Description>, readonly DatasetUsage[], readonly string[]]>([
    [
      'a bulk export of e-mail addresses',
      {},
      [emails],
      ['classified', 'bulk_classified_read', 'unlimited_read'],
    ],
    ['harmless rows under a condition', { filtered: true }, [{ ...emails, columns: [], classes: [] }], []],
    ['a hundred e-mail addresses', { rowLimit: 100 }, [emails], ['classified']],
    ['card numbers', { rowLimit: 1 }, [{ ...emails, classes: ['pci'], columns: [] }], ['severe_classes']],
    [
      'DROP TABLE',
      { operation: 'sql:ddl', title: 'DROP TABLE', reach: 'transaction' },
      [],
      ['destructive', 'schema_change', 'production_change'],
    ],
    [
      'DELETE of every row',
      { operation: 'sql:delete', title: 'DELETE', reach: 'transaction' },
      [written],
      ['unfiltered_write', 'write', 'production_change'],
    ],
    [
      'DELETE of some rows',
      { operation: 'sql:delete', title: 'DELETE', reach: 'transaction', filtered: true },
      [written],
      ['write', 'production_change'],
    ],
    [
      'a program on the server',
      { operation: 'sql:copy_out', reach: 'outside', rowLimit: 1 },
      [],
      ['outside_reach', 'production_change'],
    ],
    [
      'TRUNCATE of two tables',
      { operation: 'sql:truncate', title: 'Empties two', filtered: true },
      [],
      ['destructive'],
    ],
    ['GRANT', { operation: 'sql:grant', title: 'GRANT' }, [], ['schema_change']],
    ['a name with ALTER in it', { title: 'SHOW ALTER' }, [], []],
    ['a function that only computes', { functions: [{ name: 'lower', effect: 'none' }] }, [], []],
    ['101 e-mail addresses', { rowLimit: 101 }, [emails], ['classified', 'bulk_classified_read']],
    [
      'classified columns that only filter',
      {},
      [{ ...emails, columns: [{ name: 'email', uses: ['filtered'], classes: ['pii'] }] }],
      ['classified', 'unlimited_read'],
    ],
    [
      'a dataset whose columns are not known, read whole',
      {},
      [{ ...emails, basis: 'unknown', columns: [] }],
      ['classified', 'bulk_classified_read', 'unlimited_read', 'unknown_parts'],
    ],
    [
      'a dataset whose columns are not known, written',
      { rowLimit: 1 },
      [{ ...emails, access: ['write'], basis: 'unknown', columns: [] }],
      ['classified', 'write', 'unknown_parts', 'production_change'],
    ],
    ['nextval', { functions: [{ name: 'nextval', effect: 'effects' }] }, [], ['function_effects']],
    ['a trigger', { flags: ['hiddenEffects'] }, [], ['hidden_effects']],
    ['an unknown name', { unknown: ['t'] }, [], ['unknown_parts']],
    [
      'an unknown dataset',
      { rowLimit: 1 },
      [{ ...written, access: ['read'], basis: 'unknown' }],
      ['unknown_parts'],
    ],
  ])('%s', (_, parts, datasets, expected) => {
    expect(names(parts, datasets)).toEqual(expected);
  });

  test('an environment counts as production unless it is known not to be', () => {
    const change = { operation: 'sql:update', reach: 'transaction', filtered: true } as const;
    expect(names(change, [], 'blue')).toEqual(['production_change']);
    expect(names(change, [], 'staging')).toEqual([]);
  });

  test('each is explained to the reviewer in a sentence that names what it is about', () => {
    const worst: Partial<Description> = {
      operation: 'sql:truncate',
      title: 'TRUNCATE',
      reach: 'outside',
      rowLimit: 5_000,
      functions: [
        { name: 'lower', effect: 'none' },
        { name: 'setval', effect: 'effects' },
        { name: 'nextval', effect: 'effects' },
      ],
      unknown: ['x'],
      flags: ['hiddenEffects'],
    };
    const cards: DatasetUsage = {
      ...written,
      dataset: 'public.cards',
      access: ['read', 'write'],
      columns: [{ name: 'number', uses: ['read'], classes: ['secret', 'pci', 'public', 'pci'] }],
    };
    const explained = assess({ ...description, ...worst }, [emails, cards, written], target).signals;
    expect(Object.fromEntries(explained.map(({ name, explanation }) => [name, explanation]))).toEqual({
      destructive: 'TRUNCATE can remove or rewrite what is there for good.',
      outside_reach: 'Part of its effect lies outside of the transaction: a rollback would not undo it.',
      severe_classes: 'It touches data of the gravest classes: pci, secret.',
      classified: 'It touches classified data: pii.',
      bulk_classified_read: 'It reads pci, pii, secret data, up to 5000 rows.',
      unfiltered_write: 'It changes every row of a table: no condition on a column says which ones.',
      write: 'It changes public.cards, public.orders.',
      function_effects: 'It calls functions that may change something: setval, nextval.',
      hidden_effects: 'Triggers or rules of the tables run code that the statement does not show.',
      unknown_parts: 'The gateway could not establish everything that it touches.',
      production_change: 'It changes something in production, which counts as production.',
    });
    const [, bulk] = assess(description, [emails], target).signals;
    expect(bulk?.explanation).toBe('It reads pii data, and nothing limits how many rows.');
    const [change] = assess({ ...description, operation: 'sql:ddl', reach: 'none' }, [], target).signals;
    expect(change?.explanation).toBe('It changes the structure of the database or who may do what in it.');
  });
});

describe('the score', () => {
  test('is the sum of the weights', () => {
    const { score, signals } = assess(description, [emails], target);
    expect(score).toBe(signals.reduce((sum, { weight }) => sum + weight, 0));
    expect(score).toBe(45);
  });

  test('ends at 100', () => {
    const worst: Partial<Description> = {
      operation: 'sql:truncate',
      title: 'TRUNCATE',
      reach: 'outside',
      unknown: ['x'],
      flags: ['hiddenEffects'],
    };
    expect(assess({ ...description, ...worst }, [emails, written], target).score).toBe(100);
  });

  test('each signal has a name of its own and a weight', () => {
    expect(new Set(signalRules.map(({ name }) => name)).size).toBe(signalRules.length);
    expect(signalRules.every(({ weight }) => weight > 0 && weight <= 100)).toBe(true);
  });
});
