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
    expect(assess(description, [harmless], target)).toEqual({ score: 0, signals: [] });
  });

  test.each<[string, Partial<Description>, readonly DatasetUsage[], readonly string[]]>([
    ['a bulk export of e-mail addresses', {}, [emails], ['classified', 'bulk_classified_read']],
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

  test('the explanation names what it is about', () => {
    const [, bulk] = assess(description, [emails], target).signals;
    expect(bulk?.explanation).toBe('It reads pii data, and nothing limits how many rows.');
  });
});

describe('the score', () => {
  test('is the sum of the weights', () => {
    const { score, signals } = assess(description, [emails], target);
    expect(score).toBe(signals.reduce((sum, { weight }) => sum + weight, 0));
    expect(score).toBe(40);
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
