import type { Delivery, DeliveryPage } from '@sallyport/sdk/contract';
import type { Command, Context } from '../command.ts';
import { renderChannelCheck, renderChannels, renderDeliveries } from '../render-channels.ts';

/** The problems have been printed, so only the exit code is left to say. */
const foundProblems = 6;

const channelsCheck: Command = {
  name: 'channels check',
  arguments: [],
  summary: 'check who outside is told of reviews: each problem in a line, with the way out',
  details: [
    'Asks the gateway, which looks whether addresses resolve and are allowed, servers answer and sign-ins work. Nobody is told anything.',
  ],
  options: [],
  remote: true,
  run: async ({ client, output }) => {
    const checked = await client().channels.check();
    output.result(checked, (style) => renderChannelCheck(checked, style));
    return checked.channels.some(({ problems }) => problems.length > 0) ? foundProblems : undefined;
  },
};

/** The same of all channels, and of one. */
interface Scope {
  readonly prefix: 'channels' | 'webhooks';
  readonly channel: string | null;
  readonly what: string;
}

const pageSize = 200;

async function pageOf({ client }: Context, channel: string | null, after?: string): Promise<DeliveryPage> {
  const filter = channel === null ? {} : { channel };
  return client().channels.deliveries({
    ...filter,
    state: 'dead',
    limit: pageSize,
    ...(after === undefined ? {} : { after }),
  });
}

const list = ({ prefix, channel, what }: Scope): Command => ({
  name: `${prefix} list`,
  arguments: [],
  summary: `list ${what}: what waits for each, and what was given up`,
  details: [],
  options: [],
  remote: true,
  run: async ({ client, output }) => {
    const all = await client().channels.list();
    const isWanted = (each: { readonly channel: string }): boolean =>
      channel === null || each.channel === channel;
    const wanted = { ...all, destinations: all.destinations.filter(isWanted) };
    output.result(wanted, (style) => renderChannels(wanted, style));
  },
});

const dead = ({ prefix, channel, what }: Scope): Command => ({
  name: `${prefix} dead`,
  arguments: [],
  summary: `list the dead letters of ${what}: what was given up, and why`,
  details: [`\`sallyport ${prefix} replay ID\` sends one again; the review itself never waited for it.`],
  options: [],
  remote: true,
  run: async (context) => {
    const page = await pageOf(context, channel);
    if (page.next !== null) context.output.note(`these are the first ${pageSize}; there are more`);
    context.output.result(page, (style) => renderDeliveries(page.deliveries, style));
  },
});

const replay = ({ prefix, channel, what }: Scope): Command => ({
  name: `${prefix} replay`,
  arguments: ['ID'],
  summary: `send a dead letter of ${what} again; \`all\` for every one`,
  details: ['It keeps its id, by which a receiver that had it after all drops it.'],
  options: [],
  remote: true,
  run: async (context) => {
    const id = context.invocation.arguments[0] ?? '';
    const ids = id === 'all' ? await deadIds(context, channel) : [id];
    const deliveries: Delivery[] = [];
    for (const each of ids) deliveries.push(await context.client().channels.replay(each));
    context.output.result({ deliveries }, (style) => renderDeliveries(deliveries, style));
  },
});

/** All of them before the first is sent again, so that none that fails anew is taken twice. */
async function deadIds(context: Context, channel: string | null): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let after: string | undefined; ;) {
    const page = await pageOf(context, channel, after);
    ids.push(...page.deliveries.map(({ id }) => id));
    if (page.next === null) return ids;
    after = page.next;
  }
}

const commandsOf = (scope: Scope): readonly Command[] => [list(scope), dead(scope), replay(scope)];

export const channelCommands: readonly Command[] = [
  channelsCheck,
  ...commandsOf({ prefix: 'channels', channel: null, what: 'all channels' }),
  ...commandsOf({ prefix: 'webhooks', channel: 'webhook', what: 'webhooks' }),
];
