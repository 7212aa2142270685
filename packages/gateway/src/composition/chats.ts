/** The part of the composition root that is about people's accounts in chats, and about Slack. */
import type { SlackChannel } from '../channels/slack/channel.ts';
import type { Channel } from '../channels/channel.ts';
import type { Configuration } from '../config/configuration.ts';
import { noticeEntry } from '../core/entry.ts';
import { AccountLinks } from '../identity/account-links.ts';
import { teamsChannel } from './teams.ts';
import { limits as bounds } from '../limits.ts';
import type { Clock, Directory, Hashing, PolicyEngine, Random, Store } from '../ports.ts';
import type { HandedRights, PlatformEndpoint } from '../ports-chat.ts';
import type { Log } from '../telemetry/log.ts';

export interface ChatPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly hashing: Hashing;
  readonly store: Store;
  readonly policy: Pick<PolicyEngine, 'mayCall'>;
  readonly directory: Directory;
  readonly handed: HandedRights;
  readonly configuration: Pick<Configuration, 'channels' | 'limits' | 'listen' | 'people'>;
  readonly log: Log;
}

export interface Chat {
  readonly chatLinks: AccountLinks;
  /** Beside those that need no accounts. */
  readonly chats: readonly Channel[];
  readonly platforms: ReadonlyMap<string, PlatformEndpoint>;
}

export async function openChat(ports: ChatPorts): Promise<Chat> {
  const { configuration } = ports;
  const limits = { ...bounds, ...configuration.limits };
  const { publicUrl } = configuration.listen.api;
  const configured = configuration.people.flatMap(({ person: { name: person }, slack, teams }) => [
    ...(slack === null
      ? []
      : [{ person, account: { platform: 'slack', tenant: slack.team, user: slack.user } as const }]),
    ...(teams === null ? [] : [{ person, account: { platform: 'teams', ...teams } as const }]),
  ]);
  const chatLinks = await AccountLinks.open({ ...ports, limits, publicUrl, configured });
  const more = { ...ports, limits, publicUrl, accounts: chatLinks };
  const chats = [await slackOf(more), teamsChannel(more)].filter((each) => each !== null);
  const platforms = new Map(chats.map((each) => [each.name, each.endpoint]));
  return { chatLinks, chats, platforms };
}

type SlackPorts = ChatPorts &
  Pick<ConstructorParameters<typeof SlackChannel>[0], 'limits' | 'publicUrl' | 'accounts'>;

/** Slack's libraries take thirty MiB: who has no Slack does without them. */
async function slackOf(ports: SlackPorts): Promise<SlackChannel | null> {
  const { clock, configuration, limits, store } = ports;
  const { slack } = configuration.channels;
  if (slack === null) return null;
  const byEmail = new Map(configuration.people.map(({ email, person }) => [email, person.name]));
  const { SlackChannel } = await import('../channels/slack/channel.ts');
  return new SlackChannel({
    ...ports,
    ...slack,
    personByEmail: (email) => (slack.linkByEmail ? byEmail.get(email) : undefined),
    pending: () =>
      store.read('reviews', { status: 'pending', agent: null, limit: limits.slackListed + 1, before: null }),
    recordRefused: async (actor, review, times) => {
      const whose = { platform: 'slack', tenant: actor?.team ?? '', account: actor?.user ?? '' };
      const details = { ...whose, review: review ?? '', times: times.toString() };
      await store.append(noticeEntry('chat.refused', details, clock.nowMs())).done;
    },
  });
}
