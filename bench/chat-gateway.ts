import { mountRoutes } from '../packages/gateway/src/api/api.ts';
import { chatRoutes } from '../packages/gateway/src/api/chat-routes.ts';
import type { ApiDeps } from '../packages/gateway/src/api/deps.ts';
import { listenApi } from '../packages/gateway/src/api/listen.ts';
import { SlackChannel } from '../packages/gateway/src/channels/slack/channel.ts';
import { TeamsChannel } from '../packages/gateway/src/channels/teams/channel.ts';
import { openChannels } from '../packages/gateway/src/composition/channels.ts';
import type { Hold } from '../packages/gateway/src/connectors/connector.ts';
import type { RoomRule } from '../packages/gateway/src/core/chat-people.ts';
import { AccountLinks } from '../packages/gateway/src/identity/account-links.ts';
import { StaticDirectory } from '../packages/gateway/src/identity/directory.ts';
import { Pipeline } from '../packages/gateway/src/pipeline.ts';
import type { PolicyEngine } from '../packages/gateway/src/ports.ts';
import { Desk } from '../packages/gateway/src/review/desk.ts';
import { openSqliteStore } from '../packages/gateway/src/stores/sqlite/store.ts';
import type { Store } from '../packages/gateway/src/stores/store.ts';
import { clock, hashing, random } from '../packages/gateway/src/system.ts';
import { createLog } from '../packages/gateway/src/telemetry/log.ts';
import type { FakeSlack } from '../packages/gateway/test/fakes/slack/slack.ts';
import type { Acting } from '../packages/gateway/test/fakes/teams/acting.ts';
import type { FakeTeams } from '../packages/gateway/test/fakes/teams/teams.ts';
import { everyHour } from '../packages/gateway/test/support/changeable-ports.ts';
import { noPasskeys, person } from '../packages/gateway/test/support/subjects.ts';
import { agentOf, bounds, classifier, groups, nextRead, requesterOf } from './held-read.ts';

/**
 * A gateway with Slack and Teams as its channels, over local ones: the desk, the pipeline, the policies that come with
 * Sallyport, the embedded store, and the API's own route for what chats send. Without a target.
 */

export interface ChatGateway {
  readonly store: Store;
  readonly desk: Desk;
  hold(at: { readonly agent: number; readonly environment: string }): Promise<Hold>;
  close(): Promise<void>;
}

export interface ChatGatewayOptions {
  readonly directory: string;
  readonly slack: FakeSlack;
  readonly teams: FakeTeams;
  readonly acting: Acting;
  /** Null: nothing is told, and clicks are taken. */
  readonly rooms: { readonly slack: string | null; readonly teams: string | null };
  readonly slackRules?: readonly RoomRule[];
  readonly teamsRules?: readonly RoomRule[];
}

export const agents = 5;
export const voters = ['sam', 'kim', 'lea'];
const publicUrl = 'http://bench.example';

const agentName = (number: number): string => `agent-${number}`;
const directory = new StaticDirectory(
  Array.from({ length: agents }, (_, number) => agentOf(agentName(number))),
  [...voters.map((name) => person(name, groups)), person('ana')],
);

export async function openChatGateway(
  policy: PolicyEngine,
  options: ChatGatewayOptions,
): Promise<ChatGateway> {
  const { slack, teams, acting, rooms } = options;
  const log = createLog({ level: 'error', destination: { write: () => undefined } });
  const raw = await openSqliteStore({ directory: options.directory });
  const accounts = await AccountLinks.open({
    clock,
    random,
    hashing,
    store: raw,
    directory,
    limits: bounds,
    publicUrl,
    configured: voters.flatMap((person) => [
      { person, account: { platform: 'slack', tenant: slack.workspace.team, user: slackUser(person) } },
      {
        person,
        account: { platform: 'teams', tenant: teams.tenant.id, user: teams.tenant.user(person).oid },
      },
    ]),
  });
  const ambient = { clock, random, hashing, limits: bounds, publicUrl, log, directory, policy, accounts };
  const shared = {
    ...ambient,
    directMessages: false,
    personByEmail: () => undefined,
    handed: { list: () => [] },
    recordRefused: async () => undefined,
  };
  const slackChannel = new SlackChannel({
    ...shared,
    team: slack.workspace.team,
    apiUrl: slack.apiUrl,
    botToken: { reveal: () => slack.workspace.botToken },
    appToken: null,
    signingSecrets: [{ reveal: () => slack.workspace.signingSecret }],
    rooms: options.slackRules ?? [],
    room: rooms.slack,
    linkByEmail: false,
    pending: async () => [],
  });
  const teamsChannel = new TeamsChannel({
    ...shared,
    appId: teams.tenant.appId,
    appSecret: { reveal: () => teams.tenant.appSecret },
    tenant: teams.tenant.id,
    addresses: teams.addresses,
    rooms: options.teamsRules ?? [],
    room: rooms.teams,
    linkByName: false,
    recordForged: async () => undefined,
  });
  const { store, outbox, start } = openChannels({
    ...ambient,
    store: raw,
    configuration: {
      people: [],
      channels: { terminal: false, webhooks: [], slack: null, teams: null, email: null },
    },
    chats: [slackChannel, teamsChannel],
  });
  const events = { publish: () => undefined, subscribe: () => () => undefined };
  const desk = new Desk({ ...ambient, store, calendars: everyHour, passkeys: noPasskeys, events, outbox });
  await desk.resume();
  const gate = new Pipeline({ ...ambient, store, classifier }, desk);
  const stop = await start(desk, directory);
  const platforms = new Map([
    ['slack', slackChannel.endpoint],
    ['teams', teamsChannel.endpoint],
  ]);
  const deps = { ...ambient, store, desk, events, platforms } as unknown as ApiDeps;
  const site = await listenApi(mountRoutes(chatRoutes, deps), { host: '127.0.0.1', port: 0 });
  slack.acting.requestUrl = `${site.address}/v1/channels/slack/inbound`;
  acting.inboundUrl = `${site.address}/v1/channels/teams/inbound`;
  return {
    store,
    desk,
    hold: async ({ agent, environment }) => {
      const target = { name: 'shop', protocol: 'postgresql', environment };
      const asked = nextRead(requesterOf(agentName(agent)), target);
      const held = await gate.hold(gate.judge(asked), []);
      if (!held.ok) throw new Error(held.error.message);
      return held.value;
    },
    close: async () => {
      await site.close();
      await stop();
      desk.close();
      await raw.close();
    },
  };
}

export const slackUser = (name: string): string => `U0${name.toUpperCase()}`;
