/** What Slack shows when more reviews come than it takes. */
import { afterEach, expect, test } from 'vitest';
import type { Hold } from '../../src/connectors/connector.ts';
import { textOf } from '../fakes/slack/workspace.ts';
import { allTold, approveAll, crowded, holdMany, MANY, toldIn } from '../support/chat-flood.ts';
import { until } from '../support/chat-world.ts';
import { openSlackWorld, type SlackWorld } from '../support/slack-world.ts';

const ROOM = 'C0REVIEWS';
/** The platform’s own rates, and ours, a hundred times as quick: nobody waits for a minute to pass. */
const quick = {
  slackRoomPerMinute: 3_000,
  slackChangesPerMinute: 3_000,
  slackGroupMs: 50,
  ...crowded,
};

let world: SlackWorld;
afterEach(() => world.close());

const inRoom = () => world.slack.workspace.inChannel(ROOM);
const grouped = () => inRoom().filter(({ blocks }) => JSON.stringify(blocks).includes('Open the list'));

async function flood(): Promise<readonly Hold[]> {
  const held = await holdMany(world);
  await allTold(world);
  return held;
}

test('what doesn’t fit in one by one is one message with counts and a link, and nothing to decide with (law 6)', async () => {
  world = await openSlackWorld({ limits: quick });
  await flood();
  const [group] = await until(() => grouped().length === 1 && grouped());
  const alone = inRoom().length - 1;
  expect(alone).toBeLessThan(20);
  const text = textOf(group!.blocks);
  expect(text).toContain(`${(MANY - alone).toString()} reviews waiting for a decision`);
  expect(text).toContain('reporter on prod-db (production)');
  expect(text).not.toContain('customers');
  expect(world.slack.buttons(group!)).toEqual(['sallyport.open']);
});

test('the message counts what is decided elsewhere, and is closed when all are', async () => {
  world = await openSlackWorld({ limits: quick });
  const held = await flood();
  await approveAll(world, held);
  await until(() => grouped().every(({ blocks }) => textOf(blocks).includes('all are over')));
  await allTold(world);
  for (const message of inRoom()) expect(world.slack.buttons(message)).toEqual(['sallyport.open']);
});

test('nothing is lost and nothing is posted twice over a restart in the middle of a flood', async () => {
  world = await openSlackWorld({ limits: quick });
  await holdMany(world);
  await world.restart();
  await allTold(world);
  const counted = grouped().map(({ blocks }) => Number(/(\d+) reviews? waiting/.exec(textOf(blocks))?.[1]));
  const alone = inRoom().length - grouped().length;
  expect(toldIn(alone, counted)).toBe(MANY);
});

test('a group’s message that somebody deleted is posted anew with its next change', async () => {
  world = await openSlackWorld({ limits: quick });
  await flood();
  const [group] = grouped();
  world.slack.workspace.messages.splice(world.slack.workspace.messages.indexOf(group!), 1);
  await flood();
  const again = grouped();
  expect(again).toHaveLength(1);
  expect(again[0]?.ts).not.toBe(group?.ts);
});

test('with the platform’s own limits a flood is told without one refusal', async () => {
  world = await openSlackWorld({
    isLimited: true,
    limits: crowded,
  });
  await holdMany(world);
  await until(() => grouped().length === 1);
  await allTold(world);
  expect(world.slack.rates.refusals).toBe(0);
});
