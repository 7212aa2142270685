/** Reviews told in Slack, over kill -9 of the whole gateway at each step of the outbox (threat B9). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeSlack } from '../fakes/slack/slack.ts';
import { textOf, type FakeMessage } from '../fakes/slack/workspace.ts';
import {
  ask,
  hold,
  killAt,
  newest,
  openChatSite,
  reject,
  restart,
  SECRET_FILE,
  settled,
  type ChatSite,
  type Kill,
  type Platform,
  type Shown,
  type Step,
} from '../support/crash-chats.ts';

/** Another run of the same moments: SEED=… in the environment. */
const seed = process.env['SEED'] ?? String(Date.now());
const STEPS: readonly Step[] = ['received', 'acted', 'answered', 'recorded'];
const ROOM = 'C0REVIEWS';

let slack: FakeSlack;
let at: ChatSite;

function platformOf({ apiUrl, workspace }: FakeSlack): Platform {
  const read = ({ blocks }: FakeMessage): string => textOf(blocks).trim();
  return {
    configuration: `channels:
  slack:
    { team: ${workspace.team}, channel: ${ROOM}, apiUrl: "${apiUrl}",
      botToken: { file: ${SECRET_FILE} }, signingSecrets: [{ file: ${SECRET_FILE} }] }
`,
    // One file for both: clicks play no part here.
    secret: workspace.botToken,
    account: (name) => `slack: { team: ${workspace.team}, user: U0${name.toUpperCase()} }`,
    onCall: (hook) => (slack.onCall = hook),
    shown: (review) =>
      workspace.messages
        .filter((each) => each.thread === null && JSON.stringify(each.blocks).includes(review))
        .map((each): Shown => {
          return { place: each.channel, text: read(each), thread: workspace.thread(each).map(read) };
        }),
    close: () => slack.close(),
  };
}

beforeAll(async () => {
  slack = await new FakeSlack().start();
  for (const name of ['ana', 'sam', 'kim']) slack.workspace.addUser(`U0${name.toUpperCase()}`, name);
  at = await openChatSite(platformOf(slack), seed);
}, 120_000);
afterAll(async () => {
  await at.site.remove();
  await slack.close();
});

/** One message in the room and one for each who may decide, each as the review is: none is missing, none is there twice. */
async function isTold(review: string, words: string, thread: readonly string[] = []): Promise<void> {
  await settled(at);
  const shown = at.platform.shown(review);
  expect(shown.map(({ place }) => place).sort()).toEqual([ROOM, 'D0KIM', 'D0SAM']);
  for (const each of shown) {
    expect(each.text).toContain(words);
    expect(each.thread).toEqual(thread);
  }
}

const QUESTION = 'kim asks the agent:\nWhy so many?';

describe(`killed at any step, each message arrives in Slack, and none twice (SEED=${seed})`, () => {
  test('while its deliveries wait for another one', async () => {
    const held: { end(): Promise<void> }[] = [];
    const next = async (): Promise<unknown> => held.push(await hold(at));
    const call = { call: 'chat.postMessage', body: `channel=${ROOM}`, step: 'received' } as const;
    await killAt(at, { ...call, meanwhile: next }, next);
    const { reviews } = await at.site.person(at.gateway).listReviews({ limit: 2, status: 'pending' });
    expect(reviews).toHaveLength(2);
    for (const { id } of reviews) await isTold(id, 'Waits for a decision');
    for (const each of held) await each.end();
    for (const { id } of reviews) await reject(at, id);
    for (const { id } of reviews) await isTold(id, 'rejected by sam');
  });

  const opening: readonly Kill[] = [
    { call: 'conversations.open', step: 'received' },
    ...STEPS.map((step) => ({ call: 'chat.postMessage', body: `channel=${ROOM}`, step })),
    { call: 'chat.postMessage', body: 'channel=D0SAM', step: 'acted' },
  ];
  test.each(opening)('a review that opens: $call $step', async (kill) => {
    // Conversations are opened once by a process.
    if (kill.call === 'conversations.open') await restart(at);
    let held: Awaited<ReturnType<typeof hold>> | undefined;
    await killAt(at, kill, async () => (held = await hold(at)));
    const review = await newest(at);
    await isTold(review, 'Waits for a decision');
    await held?.end();
    await reject(at, review);
    await isTold(review, 'rejected by sam');
  });

  const asking: readonly Kill[] = [
    { call: 'chat.update', step: 'acted' },
    ...STEPS.map((step) => ({ call: 'chat.postMessage', body: 'thread_ts', step })),
  ];
  test.each(asking)('a question, its line in the thread and the message: $call $step', async (kill) => {
    const { review, end } = await hold(at);
    await settled(at);
    await killAt(at, kill, () => ask(at, review));
    await isTold(review, 'Question 1 of kim to the agent', [QUESTION]);
    await end();
    await reject(at, review);
    await isTold(review, 'rejected by sam', [QUESTION]);
  });

  test.each(STEPS)('the end of a review: %s', async (step) => {
    const { review, end } = await hold(at);
    await settled(at);
    await killAt(at, { call: 'chat.update', step }, () => reject(at, review));
    await isTold(review, 'rejected by sam');
    await end();
  });

  test('an app that may not read what it wrote: nothing is lost, and at most one comes twice', async () => {
    for (const scope of ['channels:history', 'im:history']) slack.workspace.scopes.delete(scope);
    const kill: Kill = { call: 'chat.postMessage', body: `channel=${ROOM}`, step: 'acted' };
    await killAt(at, kill, () => hold(at));
    const review = await newest(at);
    await settled(at);
    const rooms = at.platform.shown(review).filter(({ place }) => place === ROOM);
    expect(rooms).toHaveLength(2);
    expect(rooms.at(-1)?.text).toContain('Waits for a decision');
  });
});
