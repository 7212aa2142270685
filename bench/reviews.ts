import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { webCryptoVerifier } from '@sallyport/verifier';
import { createApi } from '../packages/gateway/src/api/api.ts';
import type { ApiDeps } from '../packages/gateway/src/api/deps.ts';
import type { Hold } from '../packages/gateway/src/connectors/connector.ts';
import { makeId } from '../packages/gateway/src/core/ids.ts';
import type { Review } from '../packages/gateway/src/core/review.ts';
import { StaticDirectory } from '../packages/gateway/src/identity/directory.ts';
import { limits } from '../packages/gateway/src/limits.ts';
import { PasskeyService } from '../packages/gateway/src/passkeys/service.ts';
import { Pipeline } from '../packages/gateway/src/pipeline.ts';
import type {
  ActionDesk,
  BreakGlassDesk,
  DelegationDesk,
  PolicyDesk,
  BreakGlassReviews,
  DeliveryDesk,
  PolicyEngine,
} from '../packages/gateway/src/ports.ts';
import type { CatalogScans } from '../packages/gateway/src/ports-scan.ts';
import type { Custody } from '../packages/gateway/src/api/deps.ts';
import { Attention } from '../packages/gateway/src/review/attention.ts';
import { Desk } from '../packages/gateway/src/review/desk.ts';
import { StandingGrants } from '../packages/gateway/src/review/standing/desk.ts';
import { StandingLives } from '../packages/gateway/src/review/standing/lives.ts';
import { err } from '../packages/gateway/src/core/result.ts';
import { openSqliteStore } from '../packages/gateway/src/stores/sqlite/store.ts';
import type { Store } from '../packages/gateway/src/stores/store.ts';
import { clock, hashing, random } from '../packages/gateway/src/system.ts';
import { createLog } from '../packages/gateway/src/telemetry/log.ts';
import { everyHour } from '../packages/gateway/test/support/changeable-ports.ts';
import { person } from '../packages/gateway/test/support/subjects.ts';
import { atLeast, below, information, median, percentile } from './figures.ts';
import type { BenchOptions, Figure } from './figures.ts';
import { agentOf, bounds, classifier, groups, loadPolicies, nextRead, requesterOf } from './held-read.ts';

/**
 * What people's judgment costs: the desk, the pipeline, the policies that come with Sallyport, the API's handlers and
 * the embedded store, in one process, without sockets and without a target.
 */

/** Of a hundred tries the 99th percentile is the slowest one, which says more about the machine. */
const grantTries = 1_000;
const wanted = { voteMs: 50, votesPerSecond: 200, listMs: 50, grantMs: 10, attentionMs: 500, groupsMs: 50 };
const reviewersAtOnce = 16;
const pageSize = 50;

const agent = agentOf('bench-agent');
const requester = requesterOf(agent.name);
const target = { name: 'shop', protocol: 'postgresql', environment: 'production' };
const sam = person('sam', groups);
const people = [sam, ...Array.from({ length: 20 }, (_, at) => person(`p${at}`, groups)), person('ana')];
class Bench {
  readonly store: Store;
  readonly desk: Desk;
  readonly #gate: Pipeline;
  readonly #app: ReturnType<typeof createApi>;
  readonly #attention: Attention;

  constructor(store: Store, policy: PolicyEngine) {
    this.store = store;
    const directory = new StaticDirectory([agent], people);
    const log = createLog({ level: 'error', destination: { write: () => undefined } });
    const passkeys = new PasskeyService({
      clock,
      random,
      hashing,
      store,
      limits,
      crypto: webCryptoVerifier(),
      publicUrl: 'http://localhost',
      log,
    });
    const shared = { clock, random, hashing, store, policy, directory, calendars: everyHour, passkeys };
    const events = { publish: () => undefined, subscribe: () => () => undefined };
    this.desk = new Desk({ ...shared, events, publicUrl: 'http://bench', limits: bounds, log });
    const rules = { approvalsPerHour: null, wordsPerMinute: 600, minimumReadingMs: 1_000 };
    this.#attention = new Attention({ ...shared, limits, rules, desk: this.desk });
    this.#gate = new Pipeline({ ...shared, classifier }, this.desk);
    this.#app = createApi({
      ...shared,
      authenticate: async () => sam,
      recordRefusedCall: async () => undefined,
      desk: this.desk,
      standing: new StandingGrants({
        ...shared,
        shapes: () => err('none here'),
        limits: bounds,
        lives: new StandingLives({ clock, limits }),
        log,
      }),
      attention: this.#attention,
      // None of its routes is measured.
      actions: {} as ActionDesk,
      chatLinks: {} as ApiDeps['chatLinks'],
      platforms: new Map(),
      breakGlass: {} as BreakGlassDesk,
      breakGlassReviews: {} as BreakGlassReviews,
      custody: {} as Custody,
      scans: {} as CatalogScans,
      delegations: {} as DelegationDesk,
      policies: {} as PolicyDesk,
      foresight: {} as ApiDeps['foresight'],
      deliveries: {} as DeliveryDesk,
      events,
      ledger: {
        vkey: '',
        origin: '',
        mirror: null,
        publishNow: async () => undefined,
        receipt: async () => null,
      },
      publicUrl: 'http://bench',
      log,
    });
  }

  async hold(): Promise<{ readonly hold: Hold; readonly release: () => Promise<void> }> {
    const judgement = this.#gate.judge(nextRead(requester, target));
    const held = await this.#gate.hold(judgement, []);
    if (!held.ok) throw new Error(held.error.message);
    const release = async (): Promise<void> => {
      const settled = await held.value.settled;
      if (!settled.ok) throw new Error(settled.error.message);
      const authorized = await this.#gate.authorizeApproved(judgement, settled.value);
      if (!authorized.ok) throw new Error(authorized.error.message);
      await authorized.value.durability.done;
    };
    return { hold: held.value, release };
  }

  async get(path: string): Promise<Response> {
    const headers = { authorization: 'Bearer bench' };
    const response = await this.#app.request(path, { headers });
    if (!response.ok) throw new Error(await response.text());
    return response;
  }

  /** As a surface does: read, look, vote with what was shown. The vote alone is what takes time here. */
  async read(id: string): Promise<() => Promise<void>> {
    const shown = (await (await this.get(`/v1/reviews/${id}`)).json()) as {
      digest: string;
      rendering: string;
    };
    const { digest, rendering } = shown;
    const body = JSON.stringify({ kind: 'approve', digest, rendering });
    const headers = { authorization: 'Bearer bench', 'content-type': 'application/json' };
    return async () => {
      const voted = await this.#app.request(`/v1/reviews/${id}/votes`, { method: 'POST', headers, body });
      if (!voted.ok) throw new Error(await voted.text());
    };
  }
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const startMs = clock.monotonicMs();
  await run();
  return clock.monotonicMs() - startMs;
}

async function inParallel(count: number, run: (at: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await run(next++);
  };
  await Promise.all(Array.from({ length: reviewersAtOnce }, worker));
}

async function voteToRelease(bench: Bench, count: number): Promise<readonly Figure[]> {
  const tookMs: number[] = [];
  for (let at = 0; at < count; at++) {
    const { hold, release } = await bench.hold();
    const vote = await bench.read(hold.review);
    tookMs.push(await timed(() => Promise.all([vote(), release()])));
  }
  return [
    information('vote to released action: p50', median(tookMs), 'ms'),
    below('vote to released action: p99', percentile(tookMs, 0.99), 'ms', wanted.voteMs),
  ];
}

async function votesInARow(bench: Bench, count: number): Promise<readonly Figure[]> {
  const holds: Awaited<ReturnType<Bench['hold']>>[] = [];
  await inParallel(count, async () => void holds.push(await bench.hold()));
  const votes: (() => Promise<void>)[] = [];
  for (const { hold } of holds) votes.push(await bench.read(hold.review));
  const tookMs = await timed(() => inParallel(count, async (at) => votes[at]?.()));
  return [atLeast('votes, all durable', (count * 1_000) / tookMs, '/s', wanted.votesPerSecond)];
}

async function grants(bench: Bench, count: number): Promise<readonly Figure[]> {
  const tookMs: number[] = [];
  for (let at = 0; at < count; at++) {
    const { hold, release } = await bench.hold();
    const review = await bench.store.read('review', { id: hold.review });
    if (review === null) throw new Error('the review is gone');
    const { rendering } = bench.desk.show(review);
    const ballot = { voter: sam, kind: 'approve', reason: '', channel: 'api' } as const;
    const { digest } = review.subject;
    tookMs.push(
      await timed(async () => {
        await bench.desk.vote({ ...ballot, review: hold.review, digest, rendering });
        await release();
      }),
    );
  }
  return [
    information('issue, verify and spend a grant: p50', median(tookMs), 'ms'),
    below('issue, verify and spend a grant: p99', percentile(tookMs, 0.99), 'ms', wanted.grantMs),
  ];
}

const statuses = ['approved', 'rejected', 'expired', 'withdrawn'] as const;

/** Reviews of the past with a decision each, written as they are: what lists and figures have to find their way through. */
async function fill(store: Store, sample: Review, count: number): Promise<void> {
  const startMs = clock.nowMs() - count * 1_000;
  await inParallel(count, async (at) => {
    const atMs = startMs + at * 1_000;
    const status = statuses[at % statuses.length] ?? 'expired';
    const name = `agent-${at % 40}`;
    const subject = {
      ...sample.subject,
      digest: hashing.sha256Hex(String(at)),
      requester: { ...requester, agent: name },
    };
    const grant = makeId('gra', atMs, random.bytes(10));
    const state = { status, resolvedAtMs: atMs, by: 'sam', reason: 'no', grant } as Review['state'];
    const id = makeId('rev', atMs, random.bytes(10));
    const review = { ...sample, id, subject, state, openedAtMs: atMs, expiresAtMs: atMs };
    const judgment = { review: id, identity: `p${at % 20}`, person: `p${at % 20}`, words: 100 + (at % 200) };
    const kind = status === 'rejected' ? 'reject' : 'approve';
    const made = { ...judgment, kind, openedAtMs: atMs, atMs: atMs + (at % 60_000) } as const;
    const mutations = [
      { kind: 'review.open', review },
      { kind: 'judgment.record', judgment: made, budget: null },
    ] as const;
    const opened = await store.commit({ mutations, entries: [] });
    if (!opened.ok) throw new Error(opened.error.code);
  });
}

async function lists(bench: Bench, count: number): Promise<readonly Figure[]> {
  const filters = [
    '',
    '&status=pending',
    '&status=rejected',
    '&agent=agent-7',
    '&agent=agent-7&status=withdrawn',
    // Nothing has both.
    '&agent=agent-7&status=expired',
    '&target=another',
    '&minRisk=100',
  ];
  const tookMs: number[] = [];
  for (let at = 0; at < count; at++) {
    let path = `/v1/reviews?limit=${pageSize}${filters[at % filters.length]}`;
    for (let page = 0; page < 3; page++) {
      const startMs = clock.monotonicMs();
      const { next } = (await (await bench.get(path)).json()) as { next: string | null };
      tookMs.push(clock.monotonicMs() - startMs);
      if (next === null) break;
      path = `${path.replace(/&before=.*/, '')}&before=${next}`;
    }
  }
  return [
    information('a page of the list: p50', median(tookMs), 'ms'),
    below('a page of the list: p99', percentile(tookMs, 0.99), 'ms', wanted.listMs),
  ];
}

/** Over all decisions that there are, with what is pending besides. */
async function attention(bench: Bench, tries: number): Promise<readonly Figure[]> {
  const since = new Date(clock.nowMs() - 100 * 86_400_000).toISOString();
  const [reportMs, groupsMs]: [number[], number[]] = [[], []];
  for (let at = 0; at < tries; at++) {
    reportMs.push(await timed(() => bench.get(`/v1/attention?since=${since}`)));
    groupsMs.push(await timed(() => bench.get('/v1/review-groups')));
  }
  return [
    below('attention report: p50', median(reportMs), 'ms', wanted.attentionMs),
    information('attention report: slowest', Math.max(...reportMs), 'ms'),
    below('groups of what waits: p50', median(groupsMs), 'ms', wanted.groupsMs),
    information('groups of what waits: slowest', Math.max(...groupsMs), 'ms'),
  ];
}

export async function run({ quick }: BenchOptions): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  const store = await openSqliteStore({ directory });
  try {
    const bench = new Bench(store, await loadPolicies());
    const pending = quick ? 500 : 5_000;
    const tries = quick ? 100 : 500;
    await inParallel(pending, async () => void (await bench.hold()));
    const [sample] = await store.read('reviews', { status: 'pending', agent: null, limit: 1, before: null });
    if (sample === undefined) throw new Error('nothing was held');
    const figures = [
      ...(await voteToRelease(bench, tries)),
      ...(await votesInARow(bench, quick ? 500 : 4_000)),
      ...(await grants(bench, grantTries)),
    ];
    await fill(store, sample, quick ? 10_000 : 100_000);
    const listed = await lists(bench, quick ? 100 : 300);
    return [...figures, ...listed, ...(await attention(bench, quick ? 5 : 20))];
  } finally {
    await store.close();
    rmSync(directory, { recursive: true });
  }
}
