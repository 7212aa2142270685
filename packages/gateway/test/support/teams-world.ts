/** A gateway's reviews with Teams as their channel, over a local Teams and the API's own route: the rest as in memory. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { mountRoutes } from '../../src/api/api.ts';
import { chatRoutes } from '../../src/api/chat-routes.ts';
import type { ApiDeps } from '../../src/api/deps.ts';
import { TeamsChannel } from '../../src/channels/teams/channel.ts';
import type { TeamsOptions } from '../../src/channels/teams/options.ts';
import type { Attempt, Hold } from '../../src/connectors/connector.ts';
import type { Review } from '../../src/core/review.ts';
import { openChannels } from '../../src/composition/channels.ts';
import { AccountLinks } from '../../src/identity/account-links.ts';
import { limits } from '../../src/limits.ts';
import { Pipeline } from '../../src/pipeline.ts';
import type { GatewayEvent } from '../../src/ports.ts';
import { Desk } from '../../src/review/desk.ts';
import { createMemoryStore } from '../../src/stores/memory/store.ts';
import type { Store } from '../../src/stores/store.ts';
import { hashing, random } from '../../src/system.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { Acting } from '../fakes/teams/acting.ts';
import { FakeTeams } from '../fakes/teams/teams.ts';
import type { FakeMessage, FakeUser } from '../fakes/teams/tenant.ts';
import {
  awayable,
  calendars,
  chatWorld,
  type ChatWorld,
  clockOf,
  directoryOf,
  policyOf,
  until,
} from './chat-world.ts';
import { attempt, description } from './standing-world.ts';
import { noPasskeys } from './subjects.ts';

export const ROOM = '19:reviews@thread.tacv2';
const PUBLIC_URL = 'http://gate.example';
const nothing = (): void => undefined;

export interface TeamsWorld extends ChatWorld {
  readonly teams: FakeTeams;
  readonly acting: Acting;
  readonly forged: string[];
  readonly store: Store;
  readonly desk: Desk;
  readonly channel: TeamsChannel;
  readonly links: AccountLinks;
  user(name: string): FakeUser;
  hold(given?: Partial<Attempt>): Promise<{ readonly held: Hold; readonly message: FakeMessage }>;
  /** Holds without waiting for a message. */
  holdOnly(given?: Partial<Attempt>): Promise<Hold>;
  read(id: Hold['review']): Promise<Review>;
  /** Ends the process, as it were, and starts another over the same state. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface TeamsWorldOptions {
  readonly teams?: Partial<TeamsOptions>;
  readonly limits?: Partial<Record<keyof typeof limits, number>>;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Sam and Kim are stewards with accounts in Teams; Ana answers for the agent, and has one too; Zoe is linked to nobody. */
export async function openTeamsWorld(options: TeamsWorldOptions = {}): Promise<TeamsWorld> {
  const teams = await new FakeTeams().start();
  for (const name of ['sam', 'kim', 'ana', 'zoe']) teams.tenant.addUser(name);
  teams.tenant.channels.set(ROOM, true);
  const world = {
    teams,
    acting: new Acting(teams),
    ...chatWorld(),
    forged: [],
  } as unknown as Mutable<TeamsWorld>;
  let running: Running | undefined;
  const start = async (): Promise<void> => {
    running = await run(world, options);
    Object.assign(world, running.parts);
  };
  await start();
  return Object.assign(world, {
    user: (name: string) => teams.tenant.user(name),
    hold: (given: Partial<Attempt> = {}) => hold(world, running, given),
    holdOnly: (given: Partial<Attempt> = {}) => holdOnly(running, given),
    read: async (id: Hold['review']) => {
      const read = await world.store.read('review', { id });
      if (read === null) throw new Error('no such review');
      return read;
    },
    restart: async () => {
      await running?.stop();
      await start();
    },
    close: async () => {
      await running?.stop();
      await teams.close();
    },
  });
}

interface Running {
  readonly parts: Pick<TeamsWorld, 'store' | 'desk' | 'channel' | 'links'>;
  readonly gate: Pipeline;
  stop(): Promise<void>;
}

async function run(world: TeamsWorld, options: TeamsWorldOptions): Promise<Running> {
  const clock = clockOf(world);
  const bounds = { ...limits, ...options.limits };
  const log = createLog({
    level: 'debug',
    destination: { write: (line: string) => void world.logged.push(line) },
  });
  const directory = directoryOf(world);
  const policy = policyOf(world);
  const memory = awayable(world, createMemoryStore({ medium: world.medium }));
  const { tenant, addresses } = world.teams;
  const accounts = await AccountLinks.open({
    clock,
    random,
    hashing,
    store: memory,
    directory,
    limits: bounds,
    publicUrl: PUBLIC_URL,
    configured: ['sam', 'kim', 'ana'].map((name) => ({
      person: name,
      account: { platform: 'teams', tenant: tenant.id, user: tenant.user(name).oid },
    })),
  });
  const ambient = { clock, random, hashing, limits: bounds, publicUrl: PUBLIC_URL, log, directory, policy };
  const channel = new TeamsChannel({
    ...ambient,
    appId: tenant.appId,
    appSecret: { reveal: () => tenant.appSecret },
    tenant: tenant.id,
    addresses,
    rooms: [],
    room: ROOM,
    directMessages: false,
    linkByName: false,
    personByEmail: () => undefined,
    accounts,
    handed: { list: () => world.delegations },
    recordRefused: async (actor, review, times) => {
      const how = times === 1 ? '' : ` ${times.toString()} times`;
      world.refused.push(`${actor?.user ?? 'others'} ${review ?? 'none'}${how}`);
    },
    recordForged: async (code) => void world.forged.push(code),
    ...options.teams,
  });
  const configuration = {
    people: [],
    channels: { terminal: false, webhooks: [], slack: null, teams: null, email: null },
  };
  const { store, outbox, start } = openChannels({
    ...ambient,
    store: memory,
    configuration,
    chats: [channel],
  });
  const shared = { ...ambient, store, calendars, passkeys: noPasskeys };
  const events = { publish: (_: GatewayEvent) => undefined, subscribe: () => nothing };
  const desk = new Desk({ ...shared, events, outbox });
  await desk.resume();
  const gate = new Pipeline({ ...shared, classifier: { classify: () => [] } }, desk);
  const stop = await start(desk, directory);
  const site = await serve({ ...shared, events, platforms: new Map([['teams', channel.endpoint]]) });
  world.acting.inboundUrl = `${site.url}/v1/channels/teams/inbound`;
  return {
    parts: { store, desk, channel, links: accounts },
    gate,
    stop: async () => {
      await site.close();
      await stop();
      desk.close();
    },
  };
}

/** The API's own table of what concerns chats, over a real socket. */
async function serve(deps: object): Promise<{ readonly url: string; close(): Promise<void> }> {
  const app = mountRoutes(chatRoutes, deps as ApiDeps);
  const server = createAdaptorServer({ fetch: app.fetch });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port.toString()}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  };
}

let counter = 0;

async function hold(world: TeamsWorld, running: Running | undefined, given: Partial<Attempt>) {
  const { tenant } = world.teams;
  const before = tenant.messages.length;
  const held = await holdOnly(running, given);
  const message = await until(() => tenant.messages[before]);
  return { held, message };
}

async function holdOnly(running: Running | undefined, given: Partial<Attempt>): Promise<Hold> {
  if (running === undefined) throw new Error('the world is not running');
  counter += 1;
  const command = given.command ?? `SELECT email FROM customers LIMIT ${counter.toString()}`;
  // A description of its own: what was judged of another is remembered with that.
  const judgement = running.gate.judge(attempt({ description: { ...description }, ...given, command }));
  const held = await running.gate.hold(judgement, []);
  if (!held.ok) throw new Error(held.error.code);
  return held.value;
}
