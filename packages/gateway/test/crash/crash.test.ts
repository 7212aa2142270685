import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkAfterCrash, nothingTold, type Exported } from '../support/crash-checker.ts';
import type { GatewayProcess } from '../support/crash-process.ts';
import { openSite, targetName, type Site } from '../support/crash-site.ts';
import { reviewOf, runWork, type Moment, type Work } from '../support/crash-work.ts';
import { createFakeRandom } from '../support/fake-clock.ts';

/** Another run of the same moments: SEED=… in the environment. */
const seed = process.env['SEED'] ?? String(Date.now());
const ROUNDS = 2;
const STATEMENTS = 4;

let site: Site;
let gateway: GatewayProcess;
const told = nothingTold();
let marks = 0;

beforeAll(async () => {
  site = await openSite();
  gateway = await site.start();
});

afterAll(() => site.remove());

const insert = (marker: string): string => `INSERT INTO runs (marker) VALUES ('${marker}')`;
/** Its result has thousands of rows, so that there is a time at which part of it has arrived. */
const insertAndTell = (marker: string): string =>
  `WITH run AS (INSERT INTO runs (marker) VALUES ('${marker}') RETURNING 1)
   SELECT n, repeat('x', 100) FROM run, generate_series(1, 20000) n`;

function statements(name: string, make = insert): Map<string, string> {
  const markers = Array.from({ length: STATEMENTS }, () => `m-${name}-${(marks += 1)}`);
  return new Map(markers.map((marker) => [marker, make(marker)]));
}

/** Kills the gateway at that moment of one of several statements, or so many milliseconds later. */
async function killAt(moment: Moment, delaysMs: number, round: string, make = insert): Promise<void> {
  const chance = createFakeRandom(round);
  const ordinal = 1 + chance.pick(STATEMENTS);
  let seen = 0;
  let killed: Promise<void> | undefined;
  const onMoment = (observed: Moment): void => {
    if (observed !== moment || ++seen !== ordinal) return;
    killed = delaysMs === 0 ? gateway.kill() : sleep(chance.pick(delaysMs)).then(() => gateway.kill());
  };
  const name = moment.replace(' ', '-');
  await runWork({ site, gateway, told, chance, onMoment }, statements(name, make));
  expect(killed, `${moment} came to pass (${round})`).toBeDefined();
  await killed;
}

/** Starts it again, and holds what it says against what was told before and what the database says. */
async function restart(): Promise<Exported> {
  gateway = await site.start();
  return checkAfterCrash(site, gateway, told);
}

/** What waits for a person, or was approved and not run yet, ends well: the same bytes run, once (threat B9). */
async function finish(log: Exported): Promise<void> {
  const spent = new Set(log.leaves.flatMap((leaf) => (leaf.kind === 'intent' ? [leaf.review] : [])));
  const api = site.person(gateway);
  const { reviews } = await api.listReviews({ limit: 100 });
  const open = reviews.filter(
    ({ id, status }) => status === 'pending' || (status === 'approved' && !spent.has(id)),
  );
  const markers = await Promise.all(open.map(({ id, status }) => finishOne(id, status === 'pending')));
  const runs = await site.runs();
  for (const marker of markers) expect(runs.get(marker), `${marker} ran once`).toBe(1);
}

/** Resolves with the statement's marker. */
async function finishOne(id: string, isPending: boolean): Promise<string> {
  const api = site.person(gateway);
  const { command, digest, rendering } = await api.getReview(id);
  const client = site.agent(gateway);
  const notices: string[] = [];
  client.on('notice', ({ message }) => {
    notices.push(reviewOf(message));
    told.reviews.add(reviewOf(message));
    if (isPending) void api.vote(id, { kind: 'approve', digest, rendering }).then(() => told.votes.add(id));
  });
  await client.connect();
  await client.query(command);
  await client.end();
  const marker = /'(m-[^']+)'/.exec(command)?.[1] ?? '';
  told.done.add(marker);
  expect(notices, `${id} goes on under its own name`).toEqual(
    isPending ? [id] : [id].slice(0, notices.length),
  );
  return marker;
}

interface Case {
  readonly step: string;
  readonly moment: Moment;
  /** Up to so many milliseconds later; 0: at once. */
  readonly delaysMs: number;
  readonly make?: (marker: string) => string;
}

const cases: readonly Case[] = [
  { step: 'attempt', moment: 'sent', delaysMs: 12 },
  { step: 'review opened', moment: 'opened', delaysMs: 0 },
  { step: 'client notified', moment: 'notified', delaysMs: 0 },
  { step: 'vote under way', moment: 'vote sent', delaysMs: 6 },
  { step: 'review resolved', moment: 'resolved', delaysMs: 0 },
  { step: 'grant issued', moment: 'vote acknowledged', delaysMs: 0 },
  { step: 'authorize and dispatch', moment: 'vote acknowledged', delaysMs: 8 },
  { step: 'result arriving', moment: 'first row', delaysMs: 0, make: insertAndTell },
  { step: 'record', moment: 'done', delaysMs: 25 },
];

describe(`killed at any step, nothing is lost and nothing runs twice (SEED=${seed})`, () => {
  test.each(cases)('$step', { timeout: 90_000 }, async ({ moment, delaysMs, make }) => {
    for (let round = 1; round <= ROUNDS; round++) {
      await killAt(moment, delaysMs, `${seed} ${moment} ${delaysMs} ${round}`, make);
      await finish(await restart());
    }
    await checkAfterCrash(site, gateway, told);
  });

  test('while the target runs it: it ends as unknown, and is not run again', async () => {
    const locker = new pg.Client(connectionOf(site.admin));
    locker.on('error', () => undefined);
    await locker.connect();
    await locker.query('BEGIN; LOCK TABLE runs IN ACCESS EXCLUSIVE MODE');
    const work: Work = { site, gateway, told, chance: createFakeRandom(seed), onMoment: () => undefined };
    const asked = statements('running');
    const ended = runWork(work, asked);
    await allWait(asked.size);
    await gateway.kill();
    await ended;
    await locker.query('COMMIT');
    await locker.end();
    const before = await site.runs();
    const log = await restart();
    const unknown = log.leaves.filter(
      (leaf) =>
        leaf.kind === 'outcome' &&
        leaf.outcome.status === 'unknown' &&
        leaf.outcome.code === 'gateway.crashed',
    );
    expect(unknown.length).toBeGreaterThanOrEqual(asked.size);
    for (const marker of asked.keys()) expect((await site.runs()).get(marker)).toBe(1);
    expect(before.size).toBeLessThanOrEqual((await site.runs()).size);
    // The same bytes ask anew: the approval is spent, whatever became of it.
    const again = site.agent(gateway);
    const noticed = new Promise<string>((resolve) =>
      again.on('notice', ({ message }) => resolve(reviewOf(message))),
    );
    await again.connect();
    const [[, sql = ''] = []] = [...asked];
    const refused = again.query(sql).catch(() => undefined);
    const id = await noticed;
    expect(told.reviews.has(id)).toBe(false);
    const { digest, rendering } = await site.person(gateway).getReview(id);
    await site.person(gateway).vote(id, {
      kind: 'reject',
      reason: 'it may have run',
      digest,
      rendering,
    });
    await refused;
    await again.end();
  });
});

const connectionOf = ({ host, port, user, password }: pg.Client) => ({
  host,
  port,
  ...(user === undefined ? {} : { user }),
  ...(typeof password === 'string' ? { password } : {}),
  database: targetName,
});

/** Until so many statements of the gateway's wait for a lock of the table. */
async function allWait(count: number): Promise<void> {
  // A preview waits for the lock as well, for a moment.
  const waiting = `SELECT FROM pg_stat_activity WHERE usename = 'gateway' AND application_name <> 'sallyport-preview'
    AND wait_event_type = 'Lock' AND query LIKE '%INTO runs%'`;
  const deadline = Date.now() + 20_000;
  while ((await site.admin.query(waiting)).rowCount !== count) {
    if (Date.now() > deadline) throw new Error('the statements do not reach the target');
    await sleep(10);
  }
}
