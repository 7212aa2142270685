/** The fake's page: what a workspace shows, in a browser, with buttons and modals that work. */
import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Outcome, Written } from './acting.ts';
import { reply } from './reply.ts';
import type { FakeEphemeral, FakeMessage, FakeView, Workspace } from './workspace.ts';

/** What the page shows, and does for whoever looks at it. */
interface Site {
  readonly workspace: Workspace;
  press(user: string, message: FakeMessage, action: string): Promise<Outcome>;
  pressEphemeral(told: FakeEphemeral, action: string): Promise<Outcome>;
  submit(view: FakeView, written: Written): Promise<Outcome>;
  command(user: string, text: string, channel: string): Promise<Outcome>;
}

const read = (name: string): string => readFileSync(new URL(`page/${name}`, import.meta.url), 'utf8');

const FILES: Readonly<Record<string, readonly [file: string, type: string]>> = {
  '/': ['index.html', 'text/html'],
  '/page.js': ['page.js', 'text/javascript'],
  '/page.css': ['page.css', 'text/css'],
};

const act = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('press'),
    user: z.string(),
    channel: z.string(),
    ts: z.string(),
    action: z.string(),
  }),
  z.strictObject({ kind: z.literal('told'), index: z.int().min(0), action: z.string() }),
  z.strictObject({ kind: z.literal('submit'), view: z.string(), written: z.record(z.string(), z.string()) }),
  z.strictObject({ kind: z.literal('close'), view: z.string() }),
  z.strictObject({ kind: z.literal('command'), user: z.string(), channel: z.string(), text: z.string() }),
]);

export async function servePage(
  slack: Site,
  path: string,
  body: string,
  response: ServerResponse,
): Promise<void> {
  const file = FILES[path];
  if (file !== undefined) {
    response.writeHead(200, { 'content-type': `${file[1]}; charset=utf-8`, 'cache-control': 'no-store' });
    return void response.end(read(file[0]));
  }
  if (path === '/page/state') return reply(response, 200, stateOf(slack));
  const parsed = path === '/page/act' ? act.safeParse(JSON.parse(body)) : undefined;
  if (parsed?.success !== true) return reply(response, 404, {});
  reply(response, 200, { acked: await perform(slack, parsed.data) });
}

function stateOf({ workspace }: Site): object {
  const { users, channels, messages, ephemerals, views } = workspace;
  return {
    users: [...users.values()].filter(({ isBot }) => !isBot).map(({ id, name }) => ({ id, name })),
    channels: [...channels.values()],
    messages,
    ephemerals,
    views: [...views.values()],
  };
}

/** Whether it reached the gateway in time. */
async function perform(slack: Site, asked: z.output<typeof act>): Promise<boolean> {
  const { workspace } = slack;
  switch (asked.kind) {
    case 'press': {
      const message = workspace.messages.find(
        ({ channel, ts }) => channel === asked.channel && ts === asked.ts,
      );
      return message !== undefined && (await slack.press(asked.user, message, asked.action)).acked;
    }
    case 'told': {
      const told = workspace.ephemerals[asked.index];
      return told !== undefined && (await slack.pressEphemeral(told, asked.action)).acked;
    }
    case 'submit': {
      const view = workspace.views.get(asked.view);
      return view !== undefined && (await slack.submit(view, asked.written)).acked;
    }
    case 'close':
      return workspace.views.delete(asked.view);
    case 'command':
      return (await slack.command(asked.user, asked.text, asked.channel)).acked;
  }
}
