import type { CatalogScan } from '@sallyport/sdk/contract';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestSystem, type TestSystem } from '../support/system-fixture.ts';

/** In every value of the sample: none of it may come out anywhere. */
const CANARY = 'canary5e1d';

let system: TestSystem;
let scan: CatalogScan;

const SCHEMA = `
  CREATE TABLE leads (id int PRIMARY KEY, reach text, card text, memo text, note varchar(200), counter bigint, made timestamptz);
  INSERT INTO leads SELECT i, 'p' || i || '.${CANARY}@example.com', '4111111111111111',
    CASE WHEN i = 7 THEN '-----BEGIN RSA PRIVATE KEY----- ${CANARY}' ELSE '${CANARY} nothing to see' END,
    '${CANARY}', 4111111111110000 + i, now() FROM generate_series(1, 40000) i;
  COMMENT ON COLUMN leads.card IS '@class pci';
  CREATE TABLE "Odd ""name""" ("a,b" text);
  INSERT INTO "Odd ""name""" VALUES ('+49 170 1234567'), ('+49 171 7654321'), ('+44 20 7183 8750');
  CREATE FUNCTION nosy(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM pg_notify('ran', $1); RETURN $1; END $$;
  CREATE TABLE trapped (mail text CHECK (nosy(mail) IS NOT NULL));
  INSERT INTO trapped VALUES ('a@example.com');
  CREATE TABLE hidden (mail text);
  INSERT INTO hidden SELECT 'h' || i || '@example.com' FROM generate_series(1, 10) i;
  ALTER TABLE hidden ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
  CREATE VIEW leads_seen AS SELECT reach FROM leads;
  ANALYZE leads`;

beforeAll(async () => {
  system = await startTestSystem({ schema: SCHEMA });
  scan = await system.sam.scanCatalog(system.target);
}, 60_000);
afterAll(() => system.close());

const dataset = (name: string) => scan.datasets.find((each) => each.dataset === name);

describe('a scan', () => {
  test('proposes classes with counts, from a sample of a large table', () => {
    const leads = dataset('public.leads');
    expect(leads?.rows).toBe(1_000);
    expect(leads?.columns.map(({ column }) => column)).toEqual(['reach', 'card', ...memoOf(leads)]);
    expect(leads?.columns[0]).toMatchObject({
      classes: [],
      proposed: ['pii'],
      findings: [{ detector: 'email', class: 'pii', values: 1_000, of: 1_000 }],
    });
  });

  test('does not propose what the target says of itself already', () => {
    const card = dataset('public.leads')?.columns.find(({ column }) => column === 'card');
    expect(card).toMatchObject({ classes: ['pci'], proposed: [] });
  });

  test('does not propose what the configuration says already', () => {
    const customers = dataset('public.customers');
    expect(customers?.columns.find(({ column }) => column === 'email')).toMatchObject({
      classes: ['pii'],
      proposed: [],
    });
  });

  test('looks at tables with any name', () => {
    expect(dataset('public."Odd ""name"""')?.columns).toMatchObject([
      { column: 'a,b', findings: [{ detector: 'phone', values: 3 }] },
    ]);
  });

  test('leaves alone what would run somebody’s functions, and says so', () => {
    expect(dataset('public.trapped')?.skipped).toContain('User-defined functions');
  });

  test('says so where row security would keep rows from it', () => {
    expect(dataset('public.hidden')?.skipped).toContain('row security');
  });

  test('looks at tables, not at views of them', () => {
    expect(dataset('public.leads_seen')).toBeUndefined();
    expect(scan.complete).toBe(true);
  });

  test('shows and records no value', async () => {
    const leaves = await system.checkLedger();
    for (const text of [JSON.stringify(scan), JSON.stringify(leaves)]) {
      expect(text).not.toContain(CANARY);
      expect(text).not.toContain('4111111111111111');
      expect(text).not.toContain('PRIVATE KEY-----');
    }
  });

  test('is in the ledger with each of its statements, and who asked for it', async () => {
    const leaves = await system.checkLedger();
    const notices = leaves.flatMap((leaf) =>
      leaf.kind === 'notice' ? [leaf.notice as unknown as Readonly<Record<string, string>>] : [],
    );
    const codes = notices.map((notice) => notice['code'] ?? '').filter((code) => code.startsWith('catalog.'));
    expect([codes[0], codes.at(-1)]).toEqual(['catalog.scan_started', 'catalog.scanned']);
    const sampled = notices.find((each) => each['dataset'] === 'public.leads');
    expect(sampled).toMatchObject({ by: 'sam', code: 'catalog.sampled', target: system.target });
    expect(sampled?.['statement']).toMatch(/^SELECT .* FROM ONLY "public"\."leads" d TABLESAMPLE SYSTEM/);
  });

  test('changes neither the data nor the configuration', async () => {
    const before = readFileSync(system.configPath, 'utf8');
    await system.sam.scanCatalog(system.target);
    expect(readFileSync(system.configPath, 'utf8')).toBe(before);
    expect(await system.behind('SELECT count(*)::int AS rows FROM leads')).toEqual([{ rows: 40_000 }]);
  });
});

/** One key in forty thousand rows: the sample has it, or not. */
const memoOf = (leads: CatalogScan['datasets'][number] | undefined): readonly string[] =>
  leads?.columns.some(({ column }) => column === 'memo') === true ? ['memo'] : [];

describe('who may', () => {
  test('an agent may not, whatever it asks for, and that is recorded', async () => {
    await expect(system.as('agent').scanCatalog(system.target)).rejects.toMatchObject({
      code: 'access.people_only',
    });
  });

  test('a person without the right may not', async () => {
    await expect(system.as('ana').scanCatalog(system.target)).rejects.toMatchObject({
      code: 'access.forbidden',
    });
  });

  test('nobody scans what is no target', async () => {
    await expect(system.sam.scanCatalog('nowhere')).rejects.toMatchObject({ code: 'scan.unknown_target' });
  });
});
