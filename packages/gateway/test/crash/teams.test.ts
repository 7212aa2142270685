/**
 * Reviews told in Teams, over kill -9 of the whole gateway at each step of the outbox (threat B9). Teams knows no key by
 * which it could tell a message that comes again; a change of one is the same message, however often it comes.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { textOf } from '../fakes/teams/shapes.ts';
import { FakeTeams } from '../fakes/teams/teams.ts';
import type { FakeMessage } from '../fakes/teams/tenant.ts';
import {
  ChatSite,
  type Held,
  type Kill,
  type Platform,
  QUESTION,
  SECRET_FILE,
  seed,
  type Shown,
  type Step,
  STEPS,
} from '../support/crash-chats.ts';

const ROOM = '19:reviews@thread.tacv2';
const POST = 'POST /teams/v3/conversations';
const THREAD = `"isGroup":true`;

let teams: FakeTeams;
let at: ChatSite;

function platformOf({ addresses, tenant }: FakeTeams): Platform {
  const { serviceHosts: _, ...own } = addresses;
  const read = ({ card }: FakeMessage): string => textOf(card).trim();
  return {
    configuration: `channels:
  teams:
    { appId: ${tenant.appId}, tenant: ${tenant.id}, appSecret: { file: ${SECRET_FILE} }, channel: "${ROOM}",
      directMessages: false, addresses: ${JSON.stringify(own)} }
`,
    secret: tenant.appSecret,
    account: (name) => `teams: { tenant: ${tenant.id}, user: ${tenant.user(name).oid} }`,
    onCall: (hook) => (teams.onCall = hook),
    shown: (review) =>
      tenant
        .cardsIn(ROOM)
        .filter((each) => JSON.stringify(each.card).includes(review))
        .map((each): Shown => {
          return { place: each.conversation, text: read(each), thread: tenant.thread(each).map(read) };
        }),
    close: () => teams.close(),
  };
}

beforeAll(async () => {
  teams = await new FakeTeams().start();
  for (const name of ['ana', 'sam', 'kim']) teams.tenant.addUser(name);
  teams.tenant.channels.set(ROOM, true);
  at = await ChatSite.open(platformOf(teams));
}, 120_000);
afterAll(() => at.close());

/** The newest card is as the review is. */
async function isTold(review: string, words: string): Promise<Shown> {
  await at.settled();
  const shown = at.platform.shown(review).at(-1);
  expect(shown?.text).toContain(words);
  if (shown === undefined) throw new Error('nothing is shown');
  return shown;
}

/** Between the call and our record of its answer nobody can know whether it came to pass. */
const mayRepeat = (step: Step): readonly number[] =>
  step === 'acted' ? [2] : step === 'answered' ? [1, 2] : [1];

describe(`killed at any step, each message arrives in Teams (SEED=${seed})`, () => {
  test('while its deliveries wait for another one: each arrives, once', async () => {
    const { reviews, end } = await at.holdTwo({ call: POST, body: THREAD, step: 'received' });
    for (const id of reviews) await isTold(id, 'Waits for a decision');
    for (const id of reviews) expect(at.platform.shown(id)).toHaveLength(1);
    await end();
    for (const id of reviews) await at.reject(id);
    for (const id of reviews) await isTold(id, 'rejected by sam');
  });

  const opening: readonly Kill[] = [
    { call: '/token', step: 'received' },
    ...STEPS.map((step) => ({ call: POST, body: THREAD, step })),
  ];
  test.each(opening)('a review that opens: $call $step', async (kill) => {
    let held: Held | undefined;
    // A token is asked for once by a process.
    if (kill.call === '/token') await at.restart();
    await at.killAt(kill, async () => (held = await at.hold()));
    const review = await at.newest();
    await isTold(review, 'Waits for a decision');
    expect(kill.call === POST ? mayRepeat(kill.step) : [1]).toContain(at.platform.shown(review).length);
    await held?.end();
    await at.reject(review);
    await isTold(review, 'rejected by sam');
  });

  const asking: readonly Kill[] = [
    { call: 'PUT /teams/v3/conversations/', step: 'acted' },
    ...STEPS.map((step) => ({ call: `${POST}/`, step })),
  ];
  test.each(asking)('a question, its line below the card and the card: $call $step', async (kill) => {
    const { review, end } = await at.hold();
    await at.settled();
    await at.killAt(kill, () => at.ask(review));
    const { thread } = await isTold(review, 'Question 1 of kim to the agent');
    expect(new Set(thread)).toEqual(new Set([QUESTION]));
    expect(kill.call === `${POST}/` ? mayRepeat(kill.step) : [1]).toContain(thread.length);
    expect(at.platform.shown(review)).toHaveLength(1);
    await end();
    await at.reject(review);
    await isTold(review, 'rejected by sam');
  });

  test.each(STEPS)('the end of a review: %s', async (step) => {
    const { review, end } = await at.hold();
    await at.settled();
    await at.killAt({ call: 'PUT /teams/v3/conversations/', step }, () => at.reject(review));
    await isTold(review, 'rejected by sam');
    expect(at.platform.shown(review)).toHaveLength(1);
    await end();
  });
});
