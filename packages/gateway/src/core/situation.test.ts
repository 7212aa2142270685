import { describe, expect, test } from 'vitest';
import { description } from '../../test/support/policy.ts';
import {
  CALM,
  carriedBy,
  flowOf,
  isCalmer,
  situated,
  situationRules,
  situationSignals,
} from './situation.ts';
import type { DatasetUsage } from './usage.ts';

const dataset = (name: string, parts: Partial<DatasetUsage> = {}): DatasetUsage => ({
  dataset: name,
  access: ['read'],
  basis: 'parsed',
  columns: [],
  classes: [],
  ...parts,
});
const emails = dataset('public.customers', {
  columns: [{ name: 'email', uses: ['read'], classes: ['pii'] }],
});
const exports_ = dataset('public.exports', { access: ['write'] });

describe('signals of the moment', () => {
  test('are none where nothing is out of the ordinary', () => {
    expect(situationSignals(CALM)).toEqual([]);
    expect(situationSignals({ ...CALM })).toEqual([]);
  });

  test('each has its weight, and says in words what it is about', () => {
    const all = situationSignals({
      firstUsed: ['public.payments'],
      unusualHour: 3,
      burstOver: 600,
      carried: ['pci', 'pii'],
      afterOutsideText: true,
      estimatedRows: 5_000,
    });
    expect(all.map(({ name, weight }) => [name, weight])).toEqual([
      ['taint', 25],
      ['outside_text', 20],
      ['first_use', 10],
      ['unusual_hour', 10],
      ['burst', 15],
      ['many_rows', 15],
    ]);
    expect(all.map(({ explanation }) => explanation).join('\n')).toMatch(
      /pci, pii data[^]*public\.payments[^]*03:00 UTC[^]*600 actions a minute/,
    );
  });

  test('add to the risk of the action, up to a hundred', () => {
    const risk = { score: 90, signals: [{ name: 'destructive', weight: 40, explanation: 'x' }] };
    const more = situationSignals({ ...CALM, carried: ['pii'] });
    expect(situated(risk, more)).toEqual({ score: 100, signals: [...risk.signals, ...more] });
  });
});

describe('what an action carries', () => {
  const flow = (
    datasets: readonly DatasetUsage[],
    reach: 'none' | 'transaction' | 'outside' = 'transaction',
  ) => flowOf({ ...description, reach }, datasets);
  const before = new Map([['public.customers', ['pii']]]);

  test.each([
    ['a write to another dataset', flow([exports_]), ['pii']],
    ['a write back to where it is', flow([{ ...emails, access: ['read', 'write'] }]), []],
    ['a read', flow([emails], 'none'), []],
    ['something with a reach outside', flow([], 'outside'), ['pii']],
  ])('%s', (_, of, classes) => {
    expect(carriedBy(of, before)).toEqual(classes);
  });

  test('in one statement: what it reads itself, into another dataset', () => {
    const copy = flow([emails, exports_]);
    expect(carriedBy(copy, copy.sources)).toEqual(['pii']);
  });

  test('of ordinary classes nothing: everybody works with those', () => {
    const ordinary = dataset('a', { columns: [{ name: 'b', uses: ['read'], classes: ['internal'] }] });
    expect(flow([ordinary]).sources.size).toBe(0);
  });
});

test('a moment is calmer where signals of the situation are gone and none came; the action’s own don’t matter', () => {
  const risk = (...names: string[]) => ({
    score: 0,
    signals: names.map((name) => ({ name, weight: 1, explanation: '' })),
  });
  expect(isCalmer(risk('write'), risk('write', 'burst'))).toBe(true);
  expect(isCalmer(risk('burst'), risk('burst', 'taint'))).toBe(true);
  expect(isCalmer(risk('burst'), risk('burst'))).toBe(false);
  expect(isCalmer(risk('first_use'), risk('burst', 'taint'))).toBe(false);
  expect(isCalmer(risk(), risk('write'))).toBe(false);
  expect(situationRules.map(({ name }) => name)).toHaveLength(6);
});
