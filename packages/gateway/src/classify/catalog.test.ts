import { describe, expect, test } from 'vitest';
import { description } from '../../test/support/policy.ts';
import type { DatasetReference } from '../core/describe.ts';
import { Catalog, type CatalogEntry } from './catalog.ts';

const target = { name: 'shop', protocol: 'postgresql', environment: 'production' };

const entry = (parts: Partial<CatalogEntry>): CatalogEntry => ({
  target: 'shop',
  dataset: 'public.customers',
  columns: [],
  classes: [],
  ...parts,
});

const catalog = new Catalog([
  entry({
    columns: [
      { pattern: 'email', classes: ['pii'] },
      { pattern: 'card_*', classes: ['pci', 'pii'] },
    ],
  }),
  entry({ dataset: '*.patients_*', classes: ['phi'] }),
  entry({ dataset: 'public.*', columns: [{ pattern: '*password*', classes: ['secret'] }] }),
  entry({ target: 'other', dataset: '*', classes: ['confidential'] }),
]);

const reference = (dataset: string, parts: Partial<DatasetReference> = {}): DatasetReference => ({
  dataset,
  access: ['read'],
  basis: 'parsed',
  columns: [],
  ...parts,
});

function classify(...datasets: DatasetReference[]) {
  return catalog.classify(target, { ...description, datasets });
}

const reads = (...names: string[]) => names.map((name) => ({ name, uses: ['read' as const] }));

describe('classes', () => {
  test('of columns, sorted, from every entry that matches', () => {
    const columns = reads('id', 'email', 'card_number', 'old_password_hash');
    const [usage] = classify(reference('public.customers', { columns }));
    expect(usage?.columns.map(({ classes }) => classes)).toEqual([[], ['pii'], ['pci', 'pii'], ['secret']]);
    expect(usage?.classes).toEqual(['pci', 'pii', 'secret']);
  });

  test('of a dataset hold for each of its columns', () => {
    const [usage] = classify(reference('clinic.patients_2026', { columns: reads('id') }));
    expect(usage).toMatchObject({ classes: ['phi'], columns: [{ classes: ['phi'] }] });
  });

  test('a count touches only what the dataset has as a whole', () => {
    expect(classify(reference('public.customers'))[0]?.classes).toEqual([]);
  });

  test('a dataset that nobody classified says so', () => {
    expect(classify(reference('audit.log', { columns: reads('email') }))[0]).toMatchObject({
      classes: ['unclassified'],
      columns: [{ classes: [] }],
    });
  });

  test('another case is the same name: a quoted "Email" is no way around', () => {
    expect(classify(reference('PUBLIC.Customers', { columns: reads('Email') }))[0]?.classes).toEqual(['pii']);
  });

  test('a pattern is no regular expression', () => {
    const dotted = new Catalog([entry({ dataset: 'public.c+s', classes: ['pii'] })]);
    const names = ['publicXc+s', 'public.ccs', 'public.c+s'];
    const found = dotted.classify(target, { ...description, datasets: names.map((name) => reference(name)) });
    expect(found.map(({ classes }) => classes)).toEqual([['unclassified'], ['unclassified'], ['pii']]);
  });
});

describe('what is not known counts as everything', () => {
  const all = ['pci', 'pii', 'secret'];

  test.each([
    ['columns that could not be listed', reference('public.customers', { basis: 'unknown' })],
    ['the column *', reference('public.customers', { columns: reads('*') })],
    ['rows deleted whole', reference('public.customers', { access: ['write'] })],
    [
      'rows deleted by a condition',
      reference('public.customers', {
        access: ['read', 'write'],
        columns: [{ name: 'id', uses: ['filtered'] }],
      }),
    ],
  ])('%s', (_, dataset) => {
    const [usage] = classify(dataset);
    expect(usage?.classes).toEqual(all);
    expect(usage?.basis).toBe(dataset.basis);
  });

  test('a write of one column touches that column', () => {
    const columns = [{ name: 'email', uses: ['written' as const] }];
    expect(classify(reference('public.customers', { access: ['write'], columns }))[0]?.classes).toEqual([
      'pii',
    ]);
  });
});

describe('what the target says of itself', () => {
  const marks = { classes: ['confidential'], columns: new Map([['note', ['pii']]]) };

  test('adds to what the configuration says', () => {
    const [usage] = classify(reference('public.customers', { columns: reads('email', 'note', 'id'), marks }));
    expect(usage?.columns.map(({ classes }) => classes)).toEqual([
      ['confidential', 'pii'],
      ['confidential', 'pii'],
      ['confidential'],
    ]);
    expect(usage?.classes).toEqual(['confidential', 'pii']);
  });

  test('counts whole where rows are touched whole', () => {
    const [usage] = classify(reference('public.orders', { access: ['write'], marks }));
    expect(usage?.classes).toEqual(['confidential', 'pii', 'secret']);
  });

  test('does not make a dataset that nobody classified here a classified one', () => {
    expect(classify(reference('audit.log', { columns: reads('note'), marks }))[0]?.classes).toEqual([
      'confidential',
      'pii',
      'unclassified',
    ]);
  });
});

describe('owners and compliance', () => {
  const owned = new Catalog([
    entry({ owner: 'data-stewards', compliance: ['SOC2', 'GDPR'] }),
    entry({ dataset: 'public.*', owner: 'ana', compliance: ['GDPR'] }),
  ]);
  const usageOf = (name: string) =>
    owned.classify(target, { ...description, datasets: [reference(name)] })[0];

  test('come from every entry that matches', () => {
    expect(usageOf('public.customers')).toMatchObject({
      owners: ['ana', 'data-stewards'],
      compliance: ['GDPR', 'SOC2'],
    });
  });

  test('are not there where no entry names any', () => {
    expect(usageOf('audit.log')).toEqual({
      dataset: 'audit.log',
      access: ['read'],
      basis: 'parsed',
      columns: [],
      classes: ['unclassified'],
    });
  });
});

test('the answer for a description is made once for each target', () => {
  const described = { ...description, datasets: [reference('public.customers')] };
  expect(catalog.classify(target, described)).toBe(catalog.classify({ ...target }, described));
  const other = catalog.classify({ ...target, name: 'other' }, described);
  expect(other[0]?.classes).toEqual(['confidential']);
});
