/**
 * Reviews told in Teams, over kill -9 of the whole gateway at each step of the outbox (threat B9). Teams knows no key by
 * which it could tell a message that comes again; a change of one is the same message, however often it comes.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { textOf } from '../fakes/teams/shapes.ts';
import { FakeTeams } from '../fakes/teams/teams.ts';
import type { FakeMessage } from '../fakes/teams/tenant.ts';
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
  at = await openChatSite(platformOf(teams), seed);
}, 120_000);
afterAll(async () => {
  await at.site.remove();
  await teams.close();
});

/** The newest card is as the review is. */
async function isTold(review: string, words: string): Promise<Shown> {
  await settled(at);
  const shown = at.platform.shown(review).at(-1);
  expect(shown?.text).toContain(words);
  if (shown === undefined) throw new Error('nothing is shown');
  return shown;
}

/** Between the call and our record of its answer nobody can know whether it came to pass. */
const mayRepeat = (step: Step): readonly number[] =>
  step === 'acted' ? [2] : step === 'answered' ? [1, 2] : [1];

const QUESTION = 'kim asks the agent:\nWhy so many?';

describe(`killed at any step, each message arrives in Teams (SEED=${seed})`, () => {
  test('while its deliveries wait for another one: each arrives, once', async () => {
    const held: { end(): Promise<void> }[] = [];
    const next = async (): Promise<unknown> => held.push(await hold(at));
    await killAt(at, { call: POST, body: THREAD, step: 'received', meanwhile: next }, next);
    const { reviews } = await at.site.person(at.gateway).listReviews({ limit: 2, status: 'pending' });
    expect(reviews).toHaveLength(2);
    for (const { id } of reviews) await isTold(id, 'Waits for a decision');
    for (const { id } of reviews) expect(at.platform.shown(id)).toHaveLength(1);
    for (const each of held) await each.end();
    for (const { id } of reviews) await reject(at, id);
    for (const { id } of reviews) await isTold(id, 'rejected by sam');
  });

  const opening: readonly Kill[] = [
    { call: '/token', step: 'received' },
    ...STEPS.map((step) => ({ call: POST, body: THREAD, step })),
  ];
  test.each(opening)('a review that opens: $call $step', async (kill) => {
    let held: Awaited<ReturnType<typeof hold>> | undefined;
    // A token is asked for once by a process.
    if (kill.call === '/token') await restart(at);
    await killAt(at, kill, async () => (held = await hold(at)));
    const review = await newest(at);
    await isTold(review, 'Waits for a decision');
    expect(kill.call === POST ? mayRepeat(kill.step) : [1]).toContain(at.platform.shown(review).length);
    await held?.end();
    await reject(at, review);
    await isTold(review, 'rejected by sam');
  });

  const asking: readonly Kill[] = [
    { call: 'PUT /teams/v3/conversations/', step: 'acted' },
    ...STEPS.map((step) => ({ call: `${POST}/`, step })),
  ];
  test.each(asking)('a question, its line below the card and the card: $call $step', async (kill) => {
    const { review, end } = await hold(at);
    await settled(at);
    await killAt(at, kill, () => ask(at, review));
    const { thread } = await isTold(review, 'Question 1 of kim to the agent');
    expect(new Set(thread)).toEqual(new Set([QUESTION]));
    expect(kill.call === `${POST}/` ? mayRepeat(kill.step) : [1]).toContain(thread.length);
    expect(at.platform.shown(review)).toHaveLength(1);
    await end();
    await reject(at, review);
    await isTold(review, 'rejected by sam');
  });

  test.each(STEPS)('the end of a review: %s', async (step) => {
    const { review, end } = await hold(at);
    await settled(at);
    await killAt(at, { call: 'PUT /teams/v3/conversations/', step }, () => reject(at, review));
    await isTold(review, 'rejected by sam');
    expect(at.platform.shown(review)).toHaveLength(1);
    await end();
  });
});
