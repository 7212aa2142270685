/** Deliveries that waited when a gateway of an earlier version ended, sent by this one. */
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import type { Delivery, Notice } from '../../core/delivery.ts';
import { Deliveries } from './deliveries.ts';
import { VERSIONS } from './schema.ts';

const delivery = (number: number, review: string, notice: Notice): Delivery => ({
  id: `dlv_01kajbch80ym6p68habwrg7z${number.toString().padStart(2, '0')}`,
  channel: 'chat',
  destination: 'room',
  review: `rev_${review}`,
  revision: 1,
  notice,
  atMs: 0,
  attempts: 0,
  notBeforeMs: 0,
  state: 'waiting',
  problem: '',
});

const apply = (database: Database.Database, versions: typeof VERSIONS): void => {
  for (const version of versions)
    if (typeof version === 'string') database.exec(version);
    else version(database);
};

test('what waited is sent by its urgency, and of each review in its order; messages stay known', () => {
  const database = new Database(':memory:');
  const before = VERSIONS.findIndex((version) => String(version).includes('TABLE message_groups'));
  apply(database, VERSIONS.slice(0, before));
  const insert = database.prepare(
    `INSERT INTO deliveries (id, channel, destination, review, state, not_before_ms, buried, delivery)
     VALUES (?, 'chat', 'room', ?, ?, 0, ?, ?)`,
  );
  const all = [
    delivery(1, 'a', { kind: 'close' }),
    delivery(2, 'a', { kind: 'remind', demands: [0] }),
    delivery(3, 'b', { kind: 'open' }),
    delivery(4, 'c', { kind: 'escalate', demand: 0, step: 0 }),
  ];
  const dead = { ...delivery(5, 'd', { kind: 'open' }), state: 'dead' } as const;
  for (const each of all) insert.run(each.id, each.review, each.state, null, JSON.stringify(each));
  insert.run(dead.id, dead.review, dead.state, 1, JSON.stringify(dead));
  database.exec(`INSERT INTO messages VALUES ('chat', 'room', 'rev_a', 'C1 1.1', 4)`);
  apply(database, VERSIONS.slice(before));
  const deliveries = new Deliveries(database);
  const ask = { channel: 'chat', destination: 'room', atMs: 1, longestMs: 1, limit: 9 };
  const ids = (urgentFirst: boolean): readonly string[] =>
    deliveries.due({ ...ask, urgentFirst }).map(({ delivery: { id } }) => id);
  expect(ids(true)).toEqual([all[3], all[2], all[0]].map((each) => each?.id));
  expect(ids(false)).toEqual([all[0], all[2], all[3]].map((each) => each?.id));
  const [first] = deliveries.due({ ...ask, urgentFirst: false });
  expect(first?.message).toEqual({ reference: 'C1 1.1', revision: 4 });
  database.close();
});
