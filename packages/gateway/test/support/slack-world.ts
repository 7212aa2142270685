/** A gateway's reviews with Slack as their channel, over a local Slack: everything real but the store and the policies. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SlackChannel } from '../../src/channels/slack/channel.ts';
import type { SlackOptions } from '../../src/channels/slack/options.ts';
import type { Attempt, Hold } from '../../src/connectors/connector.ts';
import type { Review } from '../../src/core/review.ts';
import { AccountLinks } from '../../src/identity/account-links.ts';
import { limits, type Limits } from '../../src/limits.ts';
import { openChannels } from '../../src/composition/channels.ts';
import { Pipeline } from '../../src/pipeline.ts';
import type { GatewayEvent } from '../../src/ports.ts';
import { Desk } from '../../src/review/desk.ts';
import { createMemoryStore } from '../../src/stores/memory/store.ts';
import type { Store } from '../../src/stores/store.ts';
import { hashing, random } from '../../src/system.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { FakeSlack } from '../fakes/slack/slack.ts';
import type { FakeMessage } from '../fakes/slack/workspace.ts';
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

const ROOM = 'C0REVIEWS';
const nothing = (): void => undefined;

export interface SlackWorld extends ChatWorld {
  readonly slack: FakeSlack;
  readonly store: Store;
  readonly desk: Desk;
  readonly channel: SlackChannel;
  readonly links: AccountLinks;
  hold(given?: Partial<Attempt>): Promise<{ readonly held: Hold; readonly message: FakeMessage }>;
  /** Holds without waiting for a message. */
  holdOnly(given?: Partial<Attempt>): Promise<Hold>;
  read(id: Hold['review']): Promise<Review>;
  /** Ends the process, as it were, and starts another over the same state. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface SlackWorldOptions {
  readonly mode?: 'http' | 'socket';
  readonly slack?: Partial<SlackOptions>;
  readonly limits?: Partial<Limits>;
  /** Whether Slack refuses what is more than it takes. */
  readonly isLimited?: boolean;
}

/** Sam and Kim are stewards with accounts in Slack; Ana answers for the agent, and has one too. */
export async function openSlackWorld(options: SlackWorldOptions = {}): Promise<SlackWorld> {
  const slack = await new FakeSlack({ isLimited: options.isLimited === true }).start();
  for (const name of ['sam', 'kim', 'ana', 'zoe']) slack.workspace.addUser(`U0${name.toUpperCase()}`, name);
  const world = {
    slack,
    ...chatWorld(),
  } as unknown as Mutable<SlackWorld>;
  let running: Running | undefined;
  const start = async (): Promise<void> => {
    running = await run(world, options);
    Object.assign(world, running.parts);
  };
  await start();
  return Object.assign(world, {
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
      await slack.close();
    },
  });
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Running {
  readonly parts: Pick<SlackWorld, 'store' | 'desk' | 'channel' | 'links'>;
  readonly gate: Pipeline;
  stop(): Promise<void>;
}

async function run(world: SlackWorld, options: SlackWorldOptions): Promise<Running> {
  const clock = clockOf(world);
  const bounds = { ...limits, ...options.limits };
  const lines = { write: (line: string) => void world.logged.push(line) };
  const log = createLog({ level: 'debug', destination: lines });
  const directory = directoryOf(world);
  const policy = policyOf(world);
  const memory = awayable(world, createMemoryStore({ medium: world.medium }));
  const publicUrl = 'http://gate.example';
  const accounts = await AccountLinks.open({
    clock,
    random,
    hashing,
    store: memory,
    directory,
    limits: bounds,
    publicUrl,
    configured: ['SAM', 'KIM', 'ANA'].map((name) => ({
      person: name.toLowerCase(),
      account: { platform: 'slack', tenant: world.slack.workspace.team, user: `U0${name}` },
    })),
  });
  const { slack } = world;
  const { appToken, botToken } = slack.workspace;
  const channel = new SlackChannel({
    team: slack.workspace.team,
    apiUrl: slack.apiUrl,
    // What is configured stays, whatever Slack thinks of it later.
    botToken: { reveal: () => botToken },
    appToken: options.mode === 'socket' ? { reveal: () => appToken } : null,
    signingSecrets: [{ reveal: () => 'the next secret' }, { reveal: () => 'fake-signing-secret' }],
    rooms: [],
    room: ROOM,
    directMessages: false,
    linkByEmail: false,
    personByEmail: () => undefined,
    publicUrl,
    clock,
    hashing,
    limits: bounds,
    directory,
    policy,
    accounts,
    handed: { list: () => world.delegations },
    pending: () =>
      memory.read('reviews', { status: 'pending', agent: null, limit: bounds.slackListed + 1, before: null }),
    recordRefused: async (actor, review, times) => {
      const how = times === 1 ? '' : ` ${times.toString()} times`;
      world.refused.push(`${actor?.user ?? 'others'} ${review ?? 'none'}${how}`);
    },
    log,
    ...options.slack,
  });
  const { store, outbox, start } = openChannels({
    clock,
    random,
    store: memory,
    publicUrl,
    log,
    configuration: {
      people: [],
      channels: { terminal: false, webhooks: [], email: null, slack: null, teams: null },
    },
    chats: [channel],
  });
  const shared = { clock, random, hashing, store, policy, directory, calendars, passkeys: noPasskeys };
  const events = { publish: (_: GatewayEvent) => undefined, subscribe: () => nothing };
  const desk = new Desk({ ...shared, events, publicUrl, limits: bounds, log, outbox });
  await desk.resume();
  const gate = new Pipeline({ ...shared, classifier: { classify: () => [] } }, desk);
  const stop = await start(desk, directory);
  const site = options.mode === 'socket' ? undefined : await serve(channel);
  if (site !== undefined) slack.acting.requestUrl = site.url;
  return {
    parts: { store, desk, channel, links: accounts },
    gate,
    stop: async () => {
      await site?.close();
      await stop();
      desk.close();
    },
  };
}

/** As the API hands it on. */
async function serve(channel: SlackChannel): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const header = (name: string): string | null => {
        const value = request.headers[name];
        return typeof value === 'string' ? value : null;
      };
      channel.endpoint({ header, body: Buffer.concat(chunks) }).then(
        (taken) => {
          response.statusCode = taken.kind === 'taken' ? 200 : taken.kind === 'unsigned' ? 401 : 400;
          response.end(taken.kind === 'taken' && taken.body !== null ? JSON.stringify(taken.body) : '');
        },
        () => {
          response.statusCode = 500;
          response.end();
        },
      );
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port.toString()}/`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

let counter = 0;

async function hold(world: SlackWorld, running: Running | undefined, given: Partial<Attempt>) {
  const before = world.slack.workspace.inChannel(ROOM).length;
  const held = await holdOnly(running, given);
  const message = await until(() => world.slack.workspace.inChannel(ROOM)[before]);
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
