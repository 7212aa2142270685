/** A state folder that an earlier release wrote (vectors/store, made by that release), opened by this one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFakeClock, createFakeRandom } from '../../../test/support/fake-clock.ts';
import { temporaryDirectory } from '../../../test/support/ledger.ts';
import { agent, demand, noPasskeys, person, requester, target } from '../../../test/support/subjects.ts';
import { presentReview, presentSummary } from '../../api/present.ts';
import type { Decision } from '../../core/decide.ts';
import type { ReviewId } from '../../core/ids.ts';
import type { Review } from '../../core/review.ts';
import { limits } from '../../limits.ts';
import { Pipeline } from '../../pipeline.ts';
import { Desk } from '../../review/desk.ts';
import { hashing } from '../../system.ts';
import type { Store } from '../store.ts';
import { openSqliteStore } from './store.ts';

const PENDING = 'rev_01kajbch80ym6p68habwrg7zrm';
const APPROVED = 'rev_01kajbch808n9xat5xy8jvmm8s';
const REJECTED = 'rev_01kajbch80cgcp3jfep64y542d';
/** When that release wrote it. */
const AT_MS = 1_763_700_000_000;

let home: ReturnType<typeof temporaryDirectory>;
const nothing = (): void => undefined;
const kim = person('kim', ['stewards']);
const people = [kim, person('sam', ['stewards']), person('ana', ['stewards'])];
let store: Store;
let desk: Desk;
let gate: Pipeline;
let decision: Decision;

/** The state folder as that release left it. */
function makeFolder(): Database.Database {
  home = temporaryDirectory();
  const database = new Database(join(home.directory, 'store.db'));
  database.pragma('page_size = 8192');
  database.exec(readFileSync(new URL('../../../../../vectors/store/version-1.sql', import.meta.url), 'utf8'));
  return database;
}

beforeEach(async () => {
  makeFolder().close();
  store = await openSqliteStore({ directory: home.directory });
  decision = { effect: 'review', policies: ['p'], reasons: ['r'], demands: [demand({ quorum: 1 })] };
  const policy = { version: '1', decide: () => decision, mayApprove: () => true, mayCall: () => true };
  const directory = {
    agent: (name: string) => (name === agent.name ? agent : undefined),
    person: (name: string) => people.find((one) => one.name === name),
    people: () => people,
  };
  const calendars = { workingTime: (_: string, fromMs: number, durationMs: number) => fromMs + durationMs };
  const clock = createFakeClock(AT_MS + 1_000);
  const random = createFakeRandom('earlier versions');
  const shared = { clock, random, hashing, store, policy, directory, calendars, passkeys: noPasskeys };
  const log = { reviewUndecidable: nothing, voteTaken: nothing, voteRefused: nothing };
  const events = { publish: nothing, subscribe: () => nothing };
  desk = new Desk({ ...shared, events, publicUrl: '', limits, log });
  gate = new Pipeline({ ...shared, classifier: { classify: () => [] } }, desk);
});
afterEach(async () => {
  desk.close();
  await store.close();
  home.remove();
});

async function read(id: ReviewId): Promise<Review> {
  const review = await store.read('review', { id });
  if (review === null) throw new Error('no review');
  return review;
}

async function approve(id: ReviewId): Promise<string> {
  const review = await read(id);
  const { rendering } = desk.show(review);
  const cast = { review: id, voter: kim, kind: 'approve', reason: '', channel: 'api' } as const;
  const voted = await desk.vote({ ...cast, digest: review.subject.digest, rendering });
  return voted.ok ? voted.value.state.status : voted.error.code;
}

const judged = (command: string) =>
  gate.judge({
    requester,
    target,
    command,
    parameters: [],
    preconditions: {},
    description: {
      operation: 'sql:select',
      title: 'SELECT',
      datasets: [],
      functions: [],
      reach: 'none',
      rowLimit: null,
      filtered: false,
      unknown: [],
      flags: [],
    },
    statedTask: '',
    supersedes: null,
  });

describe('a state folder of version 1', () => {
  test('opens, with its whole ledger', async () => {
    const entries = await store.read('entries', { from: 0, limit: 100 });
    expect(entries.map(({ kind }) => kind).join()).toBe(
      'decision,review,vote,decision,review,vote,review,grant,decision,review,vote,review',
    );
    expect(
      await store.read('entriesOfAction', { action: (await read(APPROVED)).subject.action }),
    ).toHaveLength(5);
  });

  test.each([PENDING, APPROVED, REJECTED] as const)(
    'shows %s to people, with its vote unsigned',
    async (id) => {
      const review = await read(id);
      const shown = presentReview(review, { ...desk.show(review), readAtMs: AT_MS, publicUrl: '' });
      expect(shown.votes).toMatchObject([
        { signed: false, retractedAt: null, rendering: '', basis: 'token' },
      ]);
      expect(presentSummary(review)).toMatchObject({ id });
    },
  );

  test('takes no vote on what was pending then', async () => {
    expect(await approve(PENDING)).toBe('vote.not_entitled');
    expect((await read(PENDING)).state.status).toBe('pending');
  });

  test('ends what was pending when the gateway starts: recorded, with the reason, and asked anew', async () => {
    await desk.resume();
    const { state } = await read(PENDING);
    expect(state).toMatchObject({
      status: 'withdrawn',
      reason: 'An earlier release of the gateway opened it. Ask again.',
    });
    const entries = await store.read('entries', { from: 12, limit: 100 });
    expect(entries.map(({ leaf }) => JSON.parse(leaf) as object)).toMatchObject([
      { kind: 'review', review: PENDING, status: 'withdrawn' },
      { kind: 'notice', notice: { code: 'review.outdated', review: PENDING } },
    ]);
    const held = await gate.hold(judged('SELECT 1'), []);
    expect(held).toMatchObject({ ok: true, value: { attached: false } });
    if (held.ok) expect(await approve(held.value.review)).toBe('approved');
  });

  test('runs nothing under an approval of then: who were parties to it, it doesn’t know', async () => {
    await desk.resume();
    const held = await gate.hold(judged('SELECT 2'), []);
    if (!held.ok) throw new Error(held.error.code);
    expect(held.value.review).toBe(APPROVED);
    const settled = await held.value.settled;
    if (!settled.ok) throw new Error(settled.error.code);
    const authorized = await gate.authorizeApproved(judged('SELECT 2'), settled.value);
    expect(authorized).toMatchObject({ ok: false, error: { code: 'review.changed' } });
    expect((await store.read('entries', { from: 0, limit: 100 })).map(({ kind }) => kind)).not.toContain(
      'intent',
    );
  });

  test('is brought up to date once', async () => {
    const before = await read(REJECTED);
    await store.close();
    store = await openSqliteStore({ directory: home.directory });
    expect(await read(REJECTED)).toEqual(before);
  });
});

test('a row of a version in between keeps what it has', async () => {
  const schedule = [{ expiresAtMs: AT_MS + 60_000, remindersAtMs: [], escalationsAtMs: [] }];
  const review = await read(PENDING);
  await store.close();
  home.remove();
  const { passkeyFromRisk: _, ...known } = review.subject.demands[0]!;
  const party = { ...review.subject.requester, parties: ['ana'] };
  const subject = { ...review.subject, requester: party, demands: [{ ...known, quorum: 1 }] };
  const [vote] = review.votes;
  const { passkey: __, ...unsigned } = { ...vote!, rendering: 'ab'.repeat(32), retractedAtMs: AT_MS };
  const between = { ...review, subject, schedule, votes: [unsigned] };
  const database = makeFolder();
  database.prepare('UPDATE reviews SET review = ? WHERE id = ?').run(JSON.stringify(between), PENDING);
  database.close();
  store = await openSqliteStore({ directory: home.directory });
  const whole = await read(PENDING);
  expect(whole).toEqual({
    ...between,
    subject: { ...subject, demands: [{ ...known, quorum: 1, passkeyFromRisk: null }] },
    votes: [{ ...unsigned, passkey: null }],
  });
});
