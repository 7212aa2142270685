/** Law 10: one decision function. The same cases through Slack and over the API give the same result, in the same words. */
import { afterEach, expect, test } from 'vitest';
import type { FakeMessage } from '../fakes/slack/workspace.ts';
import { textOf } from '../fakes/slack/workspace.ts';
import {
  CASES,
  overTheApi,
  resultOf,
  seenOf,
  type Act,
  type Case,
  type Name,
  type Seen,
} from '../support/law-10.ts';
import { openSlackWorld, until, type SlackWorld } from '../support/slack-world.ts';

/** One surface: puts an act before the gateway as it was shown at first, and says what its author is told. */
type Surface = (at: SlackWorld, act: Act, seen: SeenInSlack) => Promise<string>;

interface SeenInSlack extends Seen {
  readonly message: FakeMessage;
  readonly blocks: FakeMessage['blocks'];
}

const account = (name: Name): string => `U0${name.toUpperCase()}`;

async function throughSlack(
  { slack }: SlackWorld,
  act: Act,
  { message, blocks }: SeenInSlack,
): Promise<string> {
  const user = account(act.by);
  const { ephemerals, views } = slack.workspace;
  const before = ephemerals.length;
  const told = () => until(() => ephemerals.slice(before).find((each) => each.user === user));
  if (act.kind === 'approve') {
    await slack.press(user, message, 'sallyport.approve', blocks);
    const said = await told();
    return said.blocks.length === 0 ? '' : textOf(said.blocks).trim().replace('Not counted. ', '');
  }
  await slack.press(user, message, `sallyport.${act.kind}`, blocks);
  const view = await until(() => [...views.values()].find((each) => each.user === user));
  await slack.submit(view, { reason: act.text, question: act.text });
  views.delete(view.id);
  return Object.values(view.errors).join(' ');
}

let world: SlackWorld;
afterEach(() => world.close());

async function run({ acts, before, decision }: Case, surface: Surface): Promise<readonly [string, string]> {
  world = await openSlackWorld();
  await linkZoe();
  if (decision !== undefined) world.decision = decision;
  const { held, message } = await world.hold();
  const review = await world.read(held.review);
  const seen = { ...seenOf(review, world.desk), message, blocks: message.blocks };
  const pass = (milliseconds: number): void => {
    world.offMs = milliseconds;
    world.slack.offMs = milliseconds;
  };
  let said = '';
  for (const [index, act] of acts.entries()) {
    if (index === acts.length - 1) before?.(Object.assign(world, { pass }));
    said = await surface(world, act, seen);
  }
  return [resultOf(await world.read(held.review), world.slack.nowMs()), said];
}

async function linkZoe(): Promise<void> {
  const zoe = world.people.find(({ name }) => name === 'zoe');
  const { team } = world.slack.workspace;
  const url = world.links.offer({ platform: 'slack', tenant: team, user: 'U0ZOE' }, 'zoe');
  const [, token = ''] = url.split('#');
  expect((await world.links.link(token, zoe!)).ok).toBe(true);
}

test.each(CASES)('$name: the same through Slack and over the API', async (given) => {
  const slack = await run(given, throughSlack);
  await world.close();
  const api = await run(given, overTheApi);
  expect(slack).toEqual(api);
  const [status, said] = given.expected;
  expect(api[0].split(' ')[0]).toBe(status);
  expect(api[1]).toMatch(said);
});
