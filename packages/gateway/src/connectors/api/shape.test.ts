import { expect, test } from 'vitest';
import { groupingTemplate } from './shape.ts';

const call = (args: unknown, operation = 'invoice.refund'): string =>
  groupingTemplate(JSON.stringify({ arguments: args, operation }));

test('calls that differ in the values of their arguments are alike', () => {
  expect(call({ invoice: 1, note: 'a' })).toBe(call({ note: 'b', invoice: 2 }));
  expect(call({ lines: [{ sku: 'a' }] })).toBe(call({ lines: [{ sku: 'b' }, { sku: 'c' }] }));
});

test.each([
  ['operation', call({ invoice: 1 }, 'invoice.void')],
  ['names', call({ order: 1 })],
  ['kinds', call({ invoice: '1' })],
  ['null', call({ invoice: null })],
  ['depth', call({ invoice: { id: 1 } })],
  ['an empty list', call({ invoice: [] })],
])('calls that differ in %s are not', (_, other) => expect(other).not.toBe(call({ invoice: 1 })));
