import type { CatalogScan } from '@sallyport/sdk/contract';
import { expect, test } from 'vitest';
import { proposalOf, renderScan } from './render-scan.ts';
import { createStyle } from './style.ts';

const finding = {
  detector: 'email',
  title: 'e-mail address',
  class: 'pii',
  values: 998,
  of: 1_000,
  confidence: 0.99,
};
const card = { ...finding, detector: 'payment_card', title: 'payment card number', class: 'pci' };

const scan: CatalogScan = {
  target: 'orders',
  at: '2026-11-21T09:30:00.000Z',
  complete: false,
  datasets: [
    {
      dataset: 'public.leads',
      skipped: null,
      rows: 1_000,
      left: 2,
      columns: [
        { column: 'reach: [x]\u2028', classes: [], findings: [finding], proposed: ['pii'] },
        { column: 'card', classes: ['pci'], findings: [card], proposed: [] },
      ],
    },
    { dataset: 'public.away', skipped: 'It took too long.', rows: 0, left: 0, columns: [] },
  ],
};

test('a person sees what was found, what is proposed, what is known already, and what was not looked at', () => {
  const text = renderScan(scan, null, createStyle(false));
  expect(text).toContain('Samples of orders, 1 table, 1,000 rows');
  expect(text).toMatch(/reach: \[x\].*\+ pii +e-mail address: 998 of 1000 values, confidence 0\.99/);
  expect(text).toMatch(/card +[^\n]*= pci +payment card number/);
  expect(text).toMatch(/public\.away +It took too long\./);
  expect(text).toContain('this is not the whole of it');
  expect(text).toContain('1 column with proposed classes. Nothing is changed; --out FILE');
});

test('the proposal is a part of a configuration, in which no name of the target can say anything else', () => {
  expect(proposalOf(scan)).toBe(
    [
      '# Proposed on 2026-11-21T09:30:00.000Z from samples of the data, in counts; nobody has accepted it yet.',
      '# Keep what is right, and add it to the catalog of the configuration. Entries only ever add classes.',
      'catalog:',
      '  - target: "orders"',
      '    dataset: "public.leads"',
      '    columns:',
      '      # e-mail address: 998 of 1000 values, confidence 0.99',
      '      "reach: [x]\\u2028": ["pii"]',
      '',
    ].join('\n'),
  );
});
