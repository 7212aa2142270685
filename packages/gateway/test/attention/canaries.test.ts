import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyReceipt, webCryptoVerifier } from '@sallyport/verifier';
import pg from 'pg';
import type { Review } from '@sallyport/sdk/contract';
import { openSqliteStore } from '../../src/stores/sqlite/store.ts';
import type { Mutation } from '../../src/stores/store.ts';
import { clock } from '../../src/system.ts';
import type { GatewayProcess } from '../support/crash-process.ts';
import { openSite, targetName, type Site } from '../support/crash-site.ts';
import { checkWholeLedger, type LedgerLeaf } from '../support/system-ledger.ts';
import { eventually } from '../support/system-wait.ts';

const COMMAND = "UPDATE customers SET email = 'nobody@example.com'";
const FLAW = 'nobody asked for it';

let site: Site;
let gateway: GatewayProcess;

beforeAll(async () => {
  site = await openSite();
  const text = readFileSync(site.configPath, 'utf8').replace(
    'people:\n',
    '  - { name: ledger-sync, sponsor: ana, canary: { client: 10.20.0.7 } }\npeople:\n',
  );
  const request = { agent: 'ledger-sync', target: targetName, command: COMMAND, flaw: FLAW };
  const canaries = JSON.stringify({ perWeek: 3, requests: [request] });
  writeFileSync(site.configPath, `${text}attention: { canaries: ${canaries} }\n`);
  chmodSync(site.configPath, 0o600);
});

afterAll(() => site.remove());

/** The store while no gateway has it. */
async function beneath<T>(
  look: (store: Awaited<ReturnType<typeof openSqliteStore>>) => Promise<T>,
): Promise<T> {
  const directory = join(site.directory, 'gateway');
  const store = await openSqliteStore({ directory, monotonicMs: () => clock.monotonicMs() });
  try {
    return await look(store);
  } finally {
    await store.close();
  }
}

const change = (mutation: Mutation): Promise<unknown> =>
  beneath((store) => store.commit({ mutations: [mutation], entries: [] }));

const reviews = async (): Promise<readonly Review[]> => {
  const sam = site.person(gateway);
  const { reviews: listed } = await sam.listReviews({});
  return Promise.all(listed.map(({ id }) => sam.getReview(id)));
};
const approve = ({ id, digest, rendering }: Review, name: 'sam' | 'kim') =>
  site.person(gateway, name).vote(id, { kind: 'approve', digest, rendering, reason: '' });

async function restart(): Promise<void> {
  await gateway.kill();
  gateway = await site.start();
}

async function emails(): Promise<number> {
  const { rows } = await site.admin.query<{ count: number }>(
    "SELECT count(*)::int AS count FROM customers WHERE email = 'nobody@example.com'",
  );
  return rows[0]?.count ?? -1;
}

const ledger = (): Promise<readonly LedgerLeaf[]> => checkWholeLedger(site.person(gateway), gateway.vkey);

test('a canary is seen like any other, survives kill -9 between everything, and never reaches the database (B9)', async () => {
  gateway = await site.start();
  await gateway.stop();
  await change({ kind: 'canary.plan', dueAtMs: Date.now() });
  gateway = await site.start();

  const review = await eventually('the canary', async () => (await reviews())[0]);
  expect(review).toMatchObject({
    status: 'pending',
    command: COMMAND,
    canary: null,
    operation: 'sql:update',
    requester: { agent: 'ledger-sync', onBehalfOf: 'ana', sponsor: 'ana' },
    datasets: [{ dataset: 'public.customers' }],
  });
  expect(review.preview?.findings.length).toBeGreaterThan(0);
  const told = JSON.stringify([review, await ledger(), gateway.log()]);
  expect(told.replace('"canary":null', '')).not.toMatch(/canary|asked for it/);
  expect(gateway.log()).toContain(`"event":"session.opened","session":"${review.requester.session}"`);

  // Nobody is that agent.
  const [host = '', port = ''] = gateway.postgres.split(':');
  const login = { host, port: Number(port), user: 'ledger-sync', password: site.agentToken };
  const stranger = new pg.Client({ ...login, database: targetName });
  await expect(stranger.connect()).rejects.toMatchObject({ code: '28P01' });

  await restart();
  expect((await reviews()).map(({ id, status }) => [id, status])).toEqual([[review.id, 'pending']]);

  // Killed as soon as the vote is durable: before it is said, or after.
  const shown = await site.person(gateway).getReview(review.id);
  expect((await approve(shown, 'sam')).status).toBe('approved');
  await restart();
  const over = await site.person(gateway).getReview(review.id);
  expect(over).toMatchObject({ status: 'approved', canary: { flaw: FLAW } });

  const leaves = (await ledger()).filter(({ action }) => action === review.action);
  expect(leaves.map(({ kind }) => kind).toSorted()).toEqual(
    ['decision', 'review', 'preview', 'vote', 'review', 'grant', 'canary'].toSorted(),
  );
  expect(await emails()).toBe(0);

  const report = await site.person(gateway).attention();
  const sam = report.reviewers.find(({ person }) => person === 'sam');
  expect(sam).toMatchObject({ decided: 1, approved: 1, canaries: 1, canariesApproved: 1 });
  expect((await site.person(gateway).usage()).lines).toEqual([]);

  const receipt = await site.person(gateway).receipt(review.id);
  const trust = { trustedKey: gateway.vkey, ...webCryptoVerifier() };
  expect(await verifyReceipt(receipt, trust)).toMatchObject({
    ok: true,
    summary: { canary: { at: expect.any(Number) as number }, authorizedAt: null },
  });
}, 120_000);

test('the values of a canary are erased as those of any agent, and its flaw with them', async () => {
  const subject = { kind: 'agent', name: 'ledger-sync' } as const;
  await site.person(gateway).eraseValues({ subject, reason: 'asked for' });
  const [review] = await reviews();
  expect(review).toMatchObject({ command: '', canary: { flaw: '' } });
  expect(review?.erasedAt).not.toBeNull();
  const kept = JSON.stringify([await ledger(), review]);
  expect(kept).not.toMatch(/nobody@example|asked for it/);
}, 60_000);

test('what ended in an earlier start and was not said is said at the next one', async () => {
  await gateway.stop();
  await change({ kind: 'canary.plan', dueAtMs: Date.now() });
  gateway = await site.start();
  const review = await eventually('another', async () =>
    (await reviews()).find(({ status }) => status === 'pending'),
  );
  await gateway.kill();
  // As if it had died between the vote and its end: the review is over, and says nothing.
  await beneath(async (store) => {
    const stored = await store.read('review', { id: review.id as `rev_${string}` });
    if (stored === null) throw new Error('it is gone');
    const state = { status: 'withdrawn', resolvedAtMs: Date.now(), reason: 'r' } as const;
    const ended = { ...stored, state, revision: stored.revision + 1 };
    const leaf = JSON.stringify({
      action: stored.subject.action,
      at: Date.now(),
      demands: [],
      expiresAt: stored.expiresAtMs,
      kind: 'review',
      review: stored.id,
      revision: ended.revision,
      status: 'withdrawn',
      subject: stored.subject.commitment,
      version: 1,
    });
    const entry = {
      kind: 'review',
      action: stored.subject.action,
      atMs: 1,
      leaf,
      aside: null,
      usage: null,
    } as const;
    const mutations = [{ kind: 'review.update', review: ended }] as const;
    expect(await store.commit({ mutations, entries: [entry] })).toMatchObject({ ok: true });
    expect(await store.read('openCanaries', {})).toHaveLength(1);
  });
  gateway = await site.start();
  expect(await site.person(gateway).getReview(review.id)).toMatchObject({
    status: 'withdrawn',
    canary: { flaw: FLAW },
  });
  await ledger();
  expect(await emails()).toBe(0);
}, 120_000);
