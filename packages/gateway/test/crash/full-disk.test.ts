import { afterAll, beforeAll, expect, test } from 'vitest';
import type pg from 'pg';
import { exportLog } from '../support/crash-checker.ts';
import { openSite, type Site } from '../support/crash-site.ts';
import type { GatewayProcess } from '../support/crash-process.ts';
import { reviewOf } from '../support/crash-work.ts';

/** More than the store's write-ahead log, which it makes whole at start. */
const DISK_KIB = 24 * 1_024;
/** Each statement is kept beside the ledger, so that some dozens of them fill the disk. */
const PADDING = 'x'.repeat(700_000);
const MOST_STATEMENTS = 400;

let site: Site;
let gateway: GatewayProcess;

beforeAll(async () => {
  site = await openSite();
});

afterAll(() => site.remove());

const increment = `UPDATE tallies SET total = total + 1 WHERE id = 1`;

async function total(): Promise<number> {
  const { rows } = await site.admin.query<{ total: number }>('SELECT total FROM tallies');
  return rows[0]?.total ?? -1;
}

/** The SQLSTATE with which a statement fails, or how else it ends. */
const endOf = (client: pg.Client, sql: string): Promise<string> =>
  client.query(sql).then(
    () => 'done',
    (error: { code?: string }) => error.code ?? 'connection lost',
  );

async function session(): Promise<pg.Client> {
  const client = site.agent(gateway);
  await client.connect();
  return client;
}

/** Changes rows until the ledger takes no more; resolves with how often that was reported as done, and the last end. */
async function fill(): Promise<{ readonly done: number; readonly end: string }> {
  const client = await session();
  for (let done = 0; done < MOST_STATEMENTS; done++) {
    const end = await endOf(client, `${increment} /* ${PADDING} */`);
    if (end !== 'done') return { done, end };
  }
  throw new Error('the disk is not full');
}

test('with a full disk nothing runs any more; with room again the whole ledger verifies', async () => {
  gateway = await site.start({ maxFileKib: DISK_KIB });
  const earlier = await session();
  expect(await endOf(earlier, 'SELECT id FROM tallies')).toBe('done');
  const waiting = await session();
  const opened = new Promise<string>((resolve) =>
    waiting.on('notice', ({ message }) => resolve(reviewOf(message))),
  );
  const held = endOf(waiting, "INSERT INTO runs (marker) VALUES ('m-held')");
  const id = await opened;
  const { digest, rendering } = await site.person(gateway).getReview(id);

  const { done, end } = await fill();
  expect(end).toBe('58030');
  expect(done).toBeGreaterThan(0);
  // What was reported as done is there, and what was refused never ran.
  expect(await total()).toBe(done);

  expect(['58030', 'connection lost']).toContain(await endOf(earlier, increment));
  expect(['58030', 'connection lost']).toContain(await endOf(earlier, 'SELECT id FROM tallies'));
  const later = site.agent(gateway);
  const refused = await later.connect().then(
    () => endOf(later, increment),
    (error: { code?: string }) => error.code ?? 'connection lost',
  );
  expect(['58030', 'connection lost']).toContain(refused);
  await expect(site.person(gateway).vote(id, { kind: 'approve', digest, rendering })).rejects.toMatchObject({
    status: expect.toSatisfy((status: number) => status >= 500) as number,
  });
  expect(await total()).toBe(done);
  expect((await site.runs()).size).toBe(0);

  await gateway.kill();
  expect(['58030', 'connection lost']).toContain(await held);
  gateway = await site.start();
  const log = await exportLog(site, gateway);
  const statuses = log.leaves.flatMap((leaf) => (leaf.kind === 'outcome' ? [leaf.outcome.status] : []));
  // One read, and the changes; the last ones' outcomes may have been lost with the disk.
  expect(statuses.length).toBe(done + 1);
  expect(new Set(statuses)).toEqual(
    new Set(statuses.includes('unknown') ? ['succeeded', 'unknown'] : ['succeeded']),
  );
  const again = await session();
  expect(await endOf(again, increment)).toBe('done');
  expect(await total()).toBe(done + 1);
  const voted = await site.person(gateway).vote(id, { kind: 'approve', digest, rendering });
  expect(voted.status).toBe('approved');
  await again.end();
});
