import type pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Catalog } from '../../src/classify/catalog.ts';
import { prepareParser, SqlDescriber } from '../../src/connectors/postgres/describe/index.ts';
import { sessionWith } from '../../src/connectors/postgres/preview/understand.ts';
import { limits } from '../../src/limits.ts';
import { CatalogWatcher } from '../../src/connectors/postgres/catalog/index.ts';
import { clock as systemClock } from '../../src/system.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { type Database, startDatabase } from './database.ts';

let database: Database;
let client: pg.Client;
const open: CatalogWatcher[] = [];

beforeAll(async () => {
  database = await startDatabase();
  client = await database.connect();
});
afterAll(async () => {
  await client.end();
  await database.stop();
});
afterEach(async () => {
  for (const watcher of open.splice(0)) await watcher.close();
});

function watch(more: Partial<ConstructorParameters<typeof CatalogWatcher>[0]> = {}): {
  watcher: CatalogWatcher;
  problems: unknown[];
} {
  const problems: unknown[] = [];
  const watcher = new CatalogWatcher({
    connection: database.connection,
    clock: createFakeClock(),
    onProblem: (error) => problems.push(error),
    ...more,
  });
  open.push(watcher);
  return { watcher, problems };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}

it('knows the target after start', async () => {
  const { watcher } = watch();
  expect(watcher.current()).toBeNull();
  await watcher.start();
  const catalog = watcher.current();
  expect(catalog?.relation('public', 'customers')?.uniqueKeys).toContainEqual(['id']);
  expect(catalog?.relation('public', 'orders')?.cascades.map(({ deletesRows }) => deletesRows)).toEqual([
    true,
    true,
  ]);
  expect(catalog?.functionsNamed('touch_customer')[0]).toMatchObject({
    volatility: 'volatile',
    language: 'plpgsql',
  });
  expect(catalog?.functionsNamed('nextval')[0]).toMatchObject({ volatility: 'volatile', userDefined: false });
});

it.each([
  ['a table', 'create table w1 (a int)'],
  ['a column', 'alter table products add column w2 int'],
  ['a function', 'create function w3() returns int language sql as $$ select 1 $$'],
  ['volatility', 'alter function w3() volatile cost 7'],
  [
    'a view',
    'create or replace view contacts as select id as contact_id, full_name as who, phone as address from customers',
  ],
  [
    'a trigger',
    'create trigger w4 after delete on products for each row execute function trigger_function()',
  ],
  ['a policy', 'create policy w5 on secured using (true)'],
  ['a default', "alter table products alter column name set default 'x'"],
  ['a unique key', 'create unique index on products (name)'],
  ['a rule', 'create rule w6 as on delete to products do instead nothing'],
  ['a type', "create type w7 as enum ('a')"],
  ['a schema', 'create schema w8'],
  [
    'a foreign key',
    'alter table employees add constraint w9 foreign key (id) references products on delete cascade',
  ],
  ['a comment', "comment on column products.name is 'no class yet'"],
  ['the right to look into a schema', 'grant usage on schema evil to public'],
])('sees a change of %s after refresh, and nothing else changed', async (_what, ddl) => {
  const { watcher } = watch();
  await watcher.start();
  const before = watcher.current();
  await watcher.refresh();
  expect(watcher.current()).toBe(before);
  await client.query(ddl);
  await watcher.refresh();
  expect(watcher.current()?.version).not.toBe(before?.version);
});

it('does not take rows, statistics or temporary tables for a change', async () => {
  const { watcher } = watch();
  await watcher.start();
  const before = watcher.current();
  await client.query('insert into audited select i from generate_series(1, 50) i');
  await client.query('analyze audited');
  await client.query('vacuum audited');
  await client.query('create temp table scratch (a int primary key, b text default current_user)');
  await watcher.refresh();
  expect(watcher.current()).toBe(before);
});

it('sees a change by itself within a poll', async () => {
  const { watcher } = watch({ clock: systemClock });
  await watcher.start();
  await client.query('create table polled (a int)');
  await until(() => watcher.current()?.relation('public', 'polled') !== undefined);
});

it('knows the classes that comments and security labels give, partitions and parents included', async () => {
  await client.query(`
    create table marked (id int, note text, area text) partition by list (area);
    create table marked_north partition of marked for values in ('north');
    comment on table marked is 'Visits. @class phi';
    comment on column marked_north.note is 'free text; @Class PII, free_text and @class secret';
    comment on column marked.id is '@class public, internal, unclassified';
    comment on column marked.area is 'mail@class pii? no: me@classroom';
    set allow_system_table_mods = on;
    insert into pg_seclabel select 'marked'::regclass, 'pg_class'::regclass, 3, 'of any provider', '@class geo';
  `);
  const { watcher } = watch();
  await watcher.start();
  const marks = watcher.current()?.marks;
  const expected = {
    classes: ['phi'],
    columns: new Map([
      ['note', ['free_text', 'pii', 'secret']],
      ['area', ['geo', 'pii']],
    ]),
  };
  expect(marks?.get('public.marked')).toEqual(expected);
  expect(marks?.get('public.marked_north')).toEqual(expected);
  await client.query("comment on table marked is 'Visits.'; delete from pg_seclabel");
  await watcher.refresh();
  expect(watcher.current()?.marks.get('public.marked')?.classes).toEqual([]);
  await prepareParser();
  const described = new SqlDescriber(limits).describe(
    'select note from marked',
    watcher.current() ?? fail('no catalog'),
    sessionWith(['public']),
  );
  const [usage] = new Catalog([]).classify(
    { name: 'shop', protocol: 'postgresql', environment: 'production' },
    described.ok ? (described.value[0]?.description ?? fail('no statement')) : fail('refused'),
  );
  expect(usage?.classes).toEqual(['free_text', 'pii', 'secret', 'unclassified']);
});

const fail = (what: string): never => {
  throw new Error(what);
};

it('hands nothing out while the target was never reached, and comes back by itself', async () => {
  const clock = createFakeClock();
  const { watcher, problems } = watch({ clock, connection: { ...database.connection, password: 'wrong' } });
  await watcher.start();
  expect(watcher.current()).toBeNull();
  expect(problems).toHaveLength(1);
  clock.advance(1_000);
  await until(() => problems.length >= 2);
  expect(watcher.available).toBe(false);
});

it('reconnects after its connection was ended', async () => {
  const clock = createFakeClock();
  const { watcher } = watch({ clock });
  await watcher.start();
  await client.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sallyport-catalog'",
  );
  await watcher.refresh().catch(() => undefined);
  await watcher.refresh();
  expect(watcher.current()).not.toBeNull();
});

it('does not hand out a snapshot that could not be checked for long', async () => {
  const clock = createFakeClock();
  const { watcher } = watch({ clock });
  await watcher.start();
  await watcher.close();
  clock.advance(60_000);
  expect(watcher.current()).toBeNull();
});
