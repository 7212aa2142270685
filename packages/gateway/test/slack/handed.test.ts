/** Who decides by a right that was handed to them is told in Slack, for as long as they have it. */
import { afterEach, expect, test } from 'vitest';
import type { FakeMessage } from '../fakes/slack/workspace.ts';
import { handedFrom, handingOver } from '../support/handed.ts';
import { until } from '../support/chat-world.ts';
import { openSlackWorld, type SlackWorld } from '../support/slack-world.ts';

const APPROVE = 'sallyport.approve';
const HOUR_MS = 3_600_000;

let world: SlackWorld;
let stop = async (): Promise<void> => undefined;
afterEach(async () => {
  await stop();
  await world.close();
});

/** Zoe is no steward; Sam is, and has handed her his right until then. */
async function open(untilMs: number): Promise<ReturnType<typeof handingOver>> {
  world = await openSlackWorld({ slack: { directMessages: true } });
  const zoe = world.people.find(({ name }) => name === 'zoe')!;
  const account = { platform: 'slack', tenant: world.slack.workspace.team, user: 'U0ZOE' } as const;
  expect((await world.links.link(world.links.offer(account, 'zoe').split('#')[1]!, zoe)).ok).toBe(true);
  world.delegations = [handedFrom('sam', 'zoe', untilMs)];
  return handingOver(world);
}

const toZoe = (): Promise<FakeMessage> => until(() => world.slack.workspace.inChannel('D0ZOE')[0]);
const buttonsOf = (message: FakeMessage): readonly string[] => world.slack.buttons(message);

test('a stand-in gets a message of their own with buttons; a right that is taken back takes them away', async () => {
  const desk = await open(Date.now() + HOUR_MS);
  stop = desk.start();
  await world.hold();
  const message = await toZoe();
  expect(buttonsOf(message)).toContain(APPROVE);
  await desk.revoke({ id: world.delegations[0]!.id, by: world.people[0]! });
  await until(() => buttonsOf(message).length === 1);
  expect(buttonsOf(message)).toEqual(['sallyport.open']);
  // Those whose right is their own keep theirs.
  for (const place of ['D0SAM', 'D0KIM'])
    expect(buttonsOf(world.slack.workspace.inChannel(place)[0]!)).toContain(APPROVE);
});

test('a right that ends by itself takes the buttons away; nothing more is told to them but the end', async () => {
  const desk = await open(Date.now() + 700);
  stop = desk.start();
  const { message: inRoom } = await world.hold();
  const message = await toZoe();
  await until(() => buttonsOf(message).length === 1);
  await world.slack.press('U0KIM', inRoom, APPROVE);
  await until(() => JSON.stringify(message.blocks).includes('approved by kim'));
  await world.hold();
  await until(() => world.slack.workspace.inChannel('D0KIM').length === 2);
  expect(world.slack.workspace.inChannel('D0ZOE')).toEqual([message]);
});

test('whoever is handed a right while a review waits is told of it then', async () => {
  const desk = await open(Date.now() + HOUR_MS);
  const handed = world.delegations;
  world.delegations = [];
  await world.hold();
  await until(() => world.slack.workspace.messages.length === 3);
  world.delegations = handed;
  stop = desk.start();
  expect(buttonsOf(await toZoe())).toContain(APPROVE);
});

test('nobody who stands behind the request is told by a right of others', async () => {
  await open(Date.now() + HOUR_MS);
  world.delegations = [handedFrom('sam', 'ana', Date.now() + HOUR_MS)];
  await world.hold();
  await until(() => world.slack.workspace.messages.length === 3);
  expect(world.slack.workspace.inChannel('D0ANA')).toEqual([]);
});

test('a right that somebody gave who had the name before is nobody’s, and told to nobody (law 4)', async () => {
  const desk = await open(Date.now() + HOUR_MS);
  stop = desk.start();
  world.delegations = world.delegations.map((each) => ({
    ...each,
    identities: { from: 'the former sam', to: 'zoe' },
  }));
  await world.hold();
  await until(() => world.slack.workspace.inChannel('D0KIM')[0]);
  expect(world.slack.workspace.inChannel('D0ZOE')).toEqual([]);
});
