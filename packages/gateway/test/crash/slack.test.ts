/** Reviews told in Slack, over kill -9 of the whole gateway at each step of the outbox (threat B9). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeSlack } from '../fakes/slack/slack.ts';
import { textOf, type FakeMessage } from '../fakes/slack/workspace.ts';
import {
  ChatSite,
  type Held,
  type Kill,
  type Platform,
  QUESTION,
  SECRET_FILE,
  seed,
  type Shown,
  STEPS,
} from '../support/crash-chats.ts';

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
  at = await ChatSite.open(platformOf(slack));
}, 120_000);
afterAll(() => at.close());

/** One message in the room and one for each who may decide, each as the review is: none is missing, none is there twice. */
async function isTold(review: string, words: string, thread: readonly string[] = []): Promise<void> {
  await at.settled();
  const shown = at.platform.shown(review);
  expect(shown.map(({ place }) => place).sort()).toEqual([ROOM, 'D0KIM', 'D0SAM']);
  for (const each of shown) {
    expect(each.text).toContain(words);
    expect(each.thread).toEqual(thread);
  }
}

describe(`killed at any step, each message arrives in Slack, and none twice (SEED=${seed})`, () => {
  test('while its deliveries wait for another one', async () => {
    const { reviews, end } = await at.holdTwo({
      call: 'chat.postMessage',
      body: `channel=${ROOM}`,
      step: 'received',
    });
    for (const id of reviews) await isTold(id, 'Waits for a decision');
    await end();
    for (const id of reviews) await at.reject(id);
    for (const id of reviews) await isTold(id, 'rejected by sam');
  });

  const opening: readonly Kill[] = [
    { call: 'conversations.open', step: 'received' },
    ...STEPS.map((step) => ({ call: 'chat.postMessage', body: `channel=${ROOM}`, step })),
    { call: 'chat.postMessage', body: 'channel=D0SAM', step: 'acted' },
  ];
  test.each(opening)('a review that opens: $call $step', async (kill) => {
    // Conversations are opened once by a process.
    if (kill.call === 'conversations.open') await at.restart();
    let held: Held | undefined;
    await at.killAt(kill, async () => (held = await at.hold()));
    const review = await at.newest();
    await isTold(review, 'Waits for a decision');
    await held?.end();
    await at.reject(review);
    await isTold(review, 'rejected by sam');
  });

  const asking: readonly Kill[] = [
    { call: 'chat.update', step: 'acted' },
    ...STEPS.map((step) => ({ call: 'chat.postMessage', body: 'thread_ts', step })),
  ];
  test.each(asking)('a question, its line in the thread and the message: $call $step', async (kill) => {
    const { review, end } = await at.hold();
    await at.settled();
    await at.killAt(kill, () => at.ask(review));
    await isTold(review, 'Question 1 of kim to the agent', [QUESTION]);
    await end();
    await at.reject(review);
    await isTold(review, 'rejected by sam', [QUESTION]);
  });

  test.each(STEPS)('the end of a review: %s', async (step) => {
    const { review, end } = await at.hold();
    await at.settled();
    await at.killAt({ call: 'chat.update', step }, () => at.reject(review));
    await isTold(review, 'rejected by sam');
    await end();
  });

  test('an app that may not read what it wrote: nothing is lost, and at most one comes twice', async () => {
    for (const scope of ['channels:history', 'im:history']) slack.workspace.scopes.delete(scope);
    const kill: Kill = { call: 'chat.postMessage', body: `channel=${ROOM}`, step: 'acted' };
    await at.killAt(kill, () => at.hold());
    const review = await at.newest();
    await at.settled();
    const rooms = at.platform.shown(review).filter(({ place }) => place === ROOM);
    expect(rooms).toHaveLength(2);
    expect(rooms.at(-1)?.text).toContain('Waits for a decision');
  });
});
