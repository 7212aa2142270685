import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../packages/gateway/src/channels/slack/message.ts';
import { VERBS } from '../packages/gateway/src/channels/teams/verbs.ts';
import { cardOf } from '../packages/gateway/src/core/card.ts';
import type { Delivery } from '../packages/gateway/src/core/delivery.ts';
import { makeId } from '../packages/gateway/src/core/ids.ts';
import type { Hold } from '../packages/gateway/src/connectors/connector.ts';
import { limits } from '../packages/gateway/src/limits.ts';
import type { PolicyEngine } from '../packages/gateway/src/ports.ts';
import { openSqliteStore } from '../packages/gateway/src/stores/sqlite/store.ts';
import { clock, random } from '../packages/gateway/src/system.ts';
import { valueOf } from '../packages/gateway/src/core/shown-value.ts';
import { FakeSlack } from '../packages/gateway/test/fakes/slack/slack.ts';
import type { FakeMessage } from '../packages/gateway/test/fakes/slack/workspace.ts';
import { Acting } from '../packages/gateway/test/fakes/teams/acting.ts';
import { FakeTeams } from '../packages/gateway/test/fakes/teams/teams.ts';
import { agents, type ChatGateway, openChatGateway, slackUser, voters } from './chat-gateway.ts';
import { loadPolicies } from './held-read.ts';
import { Sightings } from './chat-sightings.ts';
import { atMost, below, information, median, percentile } from './figures.ts';
import type { BenchOptions, Figure } from './figures.ts';

/**
 * What chats cost: from a held action to its message, from a click to its acknowledgement, and a flood. Slack and Teams
 * are local ones, which refuse what is more than the real ones document; their own work is in no figure but the clicks'.
 */

const wanted = { messageMs: 1_000, ackMs: 300 };
const slackRoom = 'C0REVIEWS';
const teamsRoom = '19:reviews@thread.tacv2';
/** As many as a workspace of Slack takes a minute, over rooms enough that each takes its own. */
const roomCount = 20;
const holdEveryMs = 250;
const longestClickMs = 30_000;

interface Chats {
  readonly slack: FakeSlack;
  readonly teams: FakeTeams;
  readonly acting: Acting;
  readonly sightings: Sightings;
}

async function openChats(): Promise<Chats> {
  const sightings = new Sightings(() => clock.monotonicMs());
  const slack = await new FakeSlack({ isLimited: true }).start();
  slack.onCall = (method, moment, body) => {
    if (moment === 'received') sightings.slackCall(method, body);
  };
  const teams = await new FakeTeams().start();
  teams.isLimited = true;
  teams.onCall = (call, moment, body) => {
    const [method = '', path = ''] = call.split(' ');
    if (moment === 'received') sightings.teamsCall(method, path, body);
  };
  for (const name of voters) {
    slack.workspace.addUser(slackUser(name), name);
    teams.tenant.addUser(name);
  }
  teams.tenant.channels.set(teamsRoom, true);
  return { slack, teams, acting: new Acting(teams), sightings };
}

/** Each part has platforms, a folder and a gateway of its own, so that nothing of an earlier one is left. */
async function withChats<T>(run: (chats: Chats, directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  const chats = await openChats();
  try {
    return await run(chats, directory);
  } finally {
    await chats.slack.close();
    await chats.teams.close();
    rmSync(directory, { recursive: true });
  }
}

const pause = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs));
const anything = { targets: [], agents: [], groups: [], policies: [], minRisk: 0 };

/** Without a crowd: holds in a rhythm that the platforms take, so that what is measured is ours. */
function holdToMessage(policy: PolicyEngine, count: number): Promise<readonly Figure[]> {
  return withChats(async (chats, directory) => {
    const { slack, teams, sightings } = chats;
    const rules = (room: (at: number) => string) =>
      Array.from({ length: roomCount }, (_, at) => ({
        room: room(at),
        when: { ...anything, environments: [`production-${at}`] },
      }));
    const [slackRules, teamsRules] = [
      rules((at) => `C0ROOM${at}`),
      rules((at) => `19:room${at}@thread.tacv2`),
    ];
    for (const { room } of slackRules) slack.workspace.addChannel(room, room);
    for (const { room } of teamsRules) teams.tenant.channels.set(room, true);
    const rooms = { slack: null, teams: null };
    const gateway = await openChatGateway(policy, { ...chats, directory, rooms, slackRules, teamsRules });
    for (let at = 0; at < count; at++) {
      const startMs = clock.monotonicMs();
      const { review } = await gateway.hold({
        agent: at % agents,
        environment: `production-${at % roomCount}`,
      });
      sightings.held(review, startMs);
      await pause(holdEveryMs);
    }
    await settled(gateway);
    await gateway.close();
    return (['slack', 'teams'] as const).flatMap((platform) => {
      const tookMs = sightings.delaysMs(platform);
      return [
        information(`${platform}, hold to message: p50`, median(tookMs), 'ms'),
        below(`${platform}, hold to message: p95`, percentile(tookMs, 0.95), 'ms', wanted.messageMs),
        information(`${platform}, hold to message: slowest`, Math.max(...tookMs), 'ms'),
        atMost(`${platform}, hold to message: reviews not told`, count - tookMs.length, '', 0),
      ];
    });
  });
}

/** Until nothing waits for any destination. */
async function settled({ store }: ChatGateway): Promise<void> {
  for (;;) {
    const queues = await store.read('deliveryQueues', {});
    if (queues.every(({ waiting }) => waiting === 0)) return;
    await pause(20);
  }
}

/** Votes, holds and lists without a pause, until it is told to end. */
function busy(gateway: ChatGateway): { end(): Promise<readonly number[]> } {
  const state = { isOver: false, tookMs: [] as number[] };
  const sam = { kind: 'person', name: 'sam', displayName: 'sam', identity: 'sam', disabled: false } as const;
  const voter = { ...sam, groups: ['data-stewards', 'database-owners', 'security'] };
  const work = async (): Promise<void> => {
    while (!state.isOver) {
      const { review: id } = await gateway.hold({
        agent: state.tookMs.length % agents,
        environment: 'production',
      });
      const review = await gateway.store.read('review', { id });
      if (review === null) throw new Error('the review is gone');
      const { rendering } = gateway.desk.show(review);
      const { digest } = review.subject;
      const ballot = {
        review: id,
        voter,
        kind: 'approve',
        reason: '',
        channel: 'api',
        digest,
        rendering,
      } as const;
      const startMs = clock.monotonicMs();
      const voted = await gateway.desk.vote(ballot);
      if (!voted.ok) throw new Error(voted.error.code);
      state.tookMs.push(clock.monotonicMs() - startMs);
    }
  };
  const list = async (): Promise<void> => {
    while (!state.isOver)
      await gateway.store.read('reviews', { status: 'pending', agent: null, limit: 50, before: null });
  };
  const all = Promise.all([work(), work(), work(), work(), list(), list()]);
  return {
    end: async () => {
      state.isOver = true;
      await all;
      return state.tookMs;
    },
  };
}

function clicks(policy: PolicyEngine, count: number, pending: number): Promise<readonly Figure[]> {
  return withChats(async (chats, directory) => {
    const gateway = await openChatGateway(policy, {
      ...chats,
      directory,
      rooms: { slack: null, teams: null },
    });
    for (let at = 0; at < pending; at++)
      await gateway.hold({ agent: at % agents, environment: 'production' });
    const load = busy(gateway);
    const startMs = clock.monotonicMs();
    const late = { count: 0 };
    const slackMs: number[] = [];
    const teamsMs: number[] = [];
    for (let at = 0; at < count; at++) {
      const held = await gateway.hold({ agent: at % agents, environment: 'production' });
      slackMs.push(await clickInSlack(chats, gateway, held, voters[at % voters.length] ?? ''));
      await recorded(gateway, held, late);
      const other = await gateway.hold({ agent: at % agents, environment: 'production' });
      teamsMs.push(await clickInTeams(chats, gateway, other, voters[at % voters.length] ?? ''));
      await recorded(gateway, other, late);
    }
    const tookMs = clock.monotonicMs() - startMs;
    const votesMs = await load.end();
    await gateway.close();
    return [
      information('votes beside the clicks', (votesMs.length * 1_000) / tookMs, '/s'),
      information('votes beside the clicks: slowest', Math.max(...votesMs), 'ms'),
      information('clicks whose author was told that they don’t count yet', late.count, ''),
      ...[['slack', slackMs] as const, ['teams', teamsMs] as const].flatMap(([platform, times]) => [
        information(`${platform}, click to acknowledgement: p50`, median(times), 'ms'),
        below(`${platform}, click to acknowledgement: p99`, percentile(times, 0.99), 'ms', wanted.ackMs),
        information(`${platform}, click to acknowledgement: slowest`, Math.max(...times), 'ms'),
      ]),
    ];
  });
}

async function shown(gateway: ChatGateway, { review: id }: Hold) {
  const review = await gateway.store.read('review', { id });
  if (review === null) throw new Error('the review is gone');
  return cardOf(review, {
    ...gateway.desk.show(review),
    nowMs: clock.nowMs(),
    publicUrl: 'http://bench.example',
  });
}

/** Acknowledged means recorded, or that its author was told that it isn't yet: then it has to be before long. */
async function recorded(
  { store }: ChatGateway,
  { review: id }: Hold,
  late: { count: number },
): Promise<void> {
  for (let waitedMs = 0; waitedMs < longestClickMs; waitedMs += 10) {
    if ((await store.read('review', { id }))?.state.status === 'approved') return;
    if (waitedMs === 0) late.count += 1;
    await pause(10);
  }
  throw new Error('a click was acknowledged and not recorded');
}

/** The card isn't posted first: how often that may be is what Slack limits. */
async function clickInSlack(
  { slack }: Chats,
  gateway: ChatGateway,
  held: Hold,
  name: string,
): Promise<number> {
  const { blocks } = messageOf(await shown(gateway, held), limits);
  const message = { channel: slackRoom, ts: '1.000001', text: '', blocks } as unknown as FakeMessage;
  const { acked, tookMs } = await slack.press(slackUser(name), message, 'sallyport.approve');
  if (!acked) throw new Error('a click was not acknowledged');
  return tookMs;
}

async function clickInTeams(chats: Chats, gateway: ChatGateway, held: Hold, name: string): Promise<number> {
  const { acting, teams } = chats;
  const message = { conversation: `${teamsRoom};messageid=1`, id: '1' } as Parameters<Acting['invoke']>[1];
  const data = { shown: valueOf(await shown(gateway, held)) };
  const activity = acting.invoke(teams.tenant.user(name), message, { verb: VERBS.approve, data });
  const authorization = `Bearer ${await teams.identity.sign()}`;
  const body = JSON.stringify(activity);
  const startMs = clock.monotonicMs();
  const { status } = await acting.post(body, authorization);
  const tookMs = clock.monotonicMs() - startMs;
  if (status !== 200) throw new Error('a click was not answered');
  return tookMs;
}

/** What a look at what is next costs with a crowd in line, and with an empty line; after much has been sent. */
async function looks(done: number, waiting: number): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  const store = await openSqliteStore({ directory });
  const idOf = <P extends 'rev' | 'dlv'>(kind: P) => makeId(kind, clock.nowMs(), random.bytes(10));
  const added = (destination: string) => {
    const delivery: Delivery = {
      id: idOf('dlv'),
      channel: 'slack',
      destination,
      review: idOf('rev'),
      revision: 1,
      notice: { kind: 'open' },
      atMs: 0,
      attempts: 0,
      notBeforeMs: 0,
      state: 'waiting',
      problem: '',
    };
    return { kind: 'delivery.add', delivery } as const;
  };
  const look = async (destination: string): Promise<readonly number[]> => {
    const ask = { channel: 'slack', destination, atMs: 1, longestMs: 1, urgentFirst: true };
    const tookMs: number[] = [];
    for (let at = 0; at < 1_000; at++) {
      const startMs = clock.monotonicMs();
      await store.read('nextDelivery', { ...ask, countTo: 5, cards: 'new' });
      tookMs.push(clock.monotonicMs() - startMs);
    }
    return tookMs;
  };
  try {
    for (let at = 0; at < done; at += 500) {
      const adds = Array.from({ length: 500 }, () => added('crowded'));
      const message = { reference: 'C1 1.1', revision: 1 };
      const ends = adds.map(({ delivery: { id } }) => ({ kind: 'delivery.end', id, message }) as const);
      await store.commit({ mutations: [...adds, ...ends], entries: [] });
    }
    await store.commit({ mutations: [added('quiet')], entries: [] });
    await store.commit({ mutations: Array.from({ length: waiting }, () => added('crowded')), entries: [] });
    const [quiet, crowded] = [await look('quiet'), await look('crowded')];
    return [
      information('a look, one waits: p50', median(quiet), 'ms'),
      information(`a look, ${waiting} wait, ${done} were sent: p50`, median(crowded), 'ms'),
      information(`a look, ${waiting} wait, ${done} were sent: p99`, percentile(crowded, 0.99), 'ms'),
    ];
  } finally {
    await store.close();
    rmSync(directory, { recursive: true });
  }
}

/** So many in `overMs` for one room each, with a restart in the middle. */
function flood(policy: PolicyEngine, count: number, overMs: number): Promise<readonly Figure[]> {
  return withChats(async (chats, directory) => {
    const { slack, teams, sightings } = chats;
    const options = { ...chats, directory, rooms: { slack: slackRoom, teams: teamsRoom } };
    let gateway = await openChatGateway(policy, options);
    const startMs = clock.monotonicMs();
    const order: string[] = [];
    for (let at = 0; at < count; at++) {
      const dueMs = startMs + (at * overMs) / count - clock.monotonicMs();
      if (dueMs > 0) await pause(dueMs);
      if (at === Math.floor(count / 2)) {
        await gateway.close();
        gateway = await openChatGateway(policy, options);
      }
      const heldMs = clock.monotonicMs();
      const { review } = await gateway.hold({ agent: at % agents, environment: 'production' });
      sightings.held(review, heldMs);
      order.push(review);
    }
    await settled(gateway);
    const figures: Figure[] = [];
    for (const platform of ['slack', 'teams'] as const) {
      const seen = sightings.flood(platform, order);
      const destination = platform === 'slack' ? `room ${slackRoom}` : `room ${teamsRoom}`;
      const group = await gateway.store.read('lastGroup', { channel: platform, destination });
      const members =
        group === null ? [] : await gateway.store.read('groupPending', { id: group.id, limit: count });
      const known = new Set([...seen.alone, ...members]);
      figures.push(
        atMost(
          `${platform}, flood: reviews lost`,
          order.filter((id) => !known.has(id as never)).length,
          '',
          0,
        ),
        atMost(
          `${platform}, flood: reviews told twice`,
          seen.alone.length + members.length - known.size,
          '',
          0,
        ),
        information(`${platform}, flood: cards`, seen.alone.length, ''),
        information(`${platform}, flood: reviews in groups`, members.length, ''),
        information(`${platform}, flood: groups`, seen.groups, ''),
        information(`${platform}, flood: calls`, seen.calls, ''),
        information(`${platform}, flood: refused with 429`, refusals(platform, slack, teams), ''),
        information(`${platform}, flood: hold to seen p50`, median(seen.delaysMs), 'ms'),
        information(`${platform}, flood: hold to seen p95`, percentile(seen.delaysMs, 0.95), 'ms'),
        information(`${platform}, flood: hold to seen, slowest`, Math.max(...seen.delaysMs), 'ms'),
      );
    }
    await gateway.close();
    return figures;
  });
}

const refusals = (platform: 'slack' | 'teams', slack: FakeSlack, teams: FakeTeams): number =>
  platform === 'slack' ? slack.rates.refusals : teams.rates.refusals;

export async function run({ quick, only }: BenchOptions): Promise<readonly Figure[]> {
  const policy = await loadPolicies();
  const parts: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
    message: () => holdToMessage(policy, quick ? 20 : 160),
    click: () => clicks(policy, quick ? 30 : 300, quick ? 100 : 1_000),
    look: () => looks(quick ? 10_000 : 100_000, 1_000),
    flood: () => flood(policy, quick ? 100 : 1_000, quick ? 6_000 : 60_000),
  };
  const figures: Figure[] = [];
  for (const [name, part] of Object.entries(parts)) if (name.includes(only)) figures.push(...(await part()));
  return figures;
}
