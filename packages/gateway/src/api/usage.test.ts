import { expect, it } from 'vitest';
import type { HourOfUsage } from './deps.ts';
import { reportUsage } from './usage.ts';

const dataset = (name: string, column: string, classes: readonly string[]) => ({
  dataset: name,
  access: ['read'],
  basis: 'parsed',
  classes: [],
  columns: [{ name: column, uses: ['read'], classes }],
});

function hour(hourMs: number, rows: number, datasets: readonly object[], reviewed = false): HourOfUsage {
  const text = JSON.stringify(datasets);
  const shape = {
    key: `${text} ${reviewed}`,
    agent: 'reporter',
    onBehalfOf: 'sam',
    target: 'shop-db',
    environment: 'production',
    operation: 'sql:select',
    datasets: text,
    reviewed,
  };
  return { shape, status: 'succeeded', hourMs, actions: 1, rows, bytes: rows * 10 };
}

const span = { agent: 'reporter', sinceMs: 3_600_000 + 1, untilMs: 3 * 3_600_000 - 1 };

it('adds the hours of one shape to one line', () => {
  const report = reportUsage(
    [
      hour(0, 5, [dataset('customers', 'email', ['pii'])]),
      hour(1, 7, [dataset('customers', 'email', ['pii'])]),
    ],
    span,
  );
  expect(report.lines).toMatchObject([{ actions: 2, rows: 12, bytes: 120 }]);
});

it('keeps what a person approved apart from what nobody saw', () => {
  const datasets = [dataset('customers', 'email', ['pii'])];
  const report = reportUsage([hour(0, 5, datasets), hour(0, 7, datasets, true)], span);
  expect(report.lines.map((line) => [line.reviewed, line.rows])).toEqual([
    [true, 7],
    [false, 5],
  ]);
});

it('adds datasets up over lines, with all columns and classes that were touched', () => {
  const customers = dataset('customers', 'email', ['pii']);
  const report = reportUsage(
    [
      hour(0, 5, [customers]),
      hour(0, 2, [dataset('customers', 'card', ['pci']), dataset('orders', 'id', [])]),
    ],
    span,
  );
  expect(report.datasets).toMatchObject([
    {
      target: 'shop-db',
      dataset: 'customers',
      columns: ['card', 'email'],
      classes: ['pci', 'pii'],
      actions: 2,
      rows: 7,
      bytes: 70,
    },
    { target: 'shop-db', dataset: 'orders', columns: ['id'], classes: [], actions: 1, rows: 2, bytes: 20 },
  ]);
});

it('names owners and what obliges somebody to protect the data, as recorded with each use', () => {
  const owned = { ...dataset('customers', 'email', ['pii']), owners: ['ana'], compliance: ['GDPR'] };
  const report = reportUsage([hour(0, 5, [owned]), hour(0, 2, [dataset('customers', 'id', [])])], span);
  expect(report.datasets).toMatchObject([{ owners: ['ana'], compliance: ['GDPR'], actions: 2 }]);
});

it('says that it counts whole hours', () => {
  const { since, until } = reportUsage([], span);
  expect([since, until]).toEqual(['1970-01-01T01:00:00.000Z', '1970-01-01T03:00:00.000Z']);
});
