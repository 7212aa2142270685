/** What is told in Teams, and what happens when Teams refuses (threats C, laws 6, 8 and 9). */
import { afterEach, expect, test } from 'vitest';
import { refused } from '../fakes/teams/connector.ts';
import { buttons, bytesOf, MOST_BYTES, textOf } from '../fakes/teams/shapes.ts';
import { until } from '../support/chat-world.ts';
import { reviewed } from '../support/subjects.ts';
import { openTeamsWorld, ROOM, type TeamsWorld, type TeamsWorldOptions } from '../support/teams-world.ts';

const APPROVE = 'sallyport.approve';
const quick = { deliveryFirstWaitMs: 5, deliveryLongestWaitMs: 20, destinationPauseMs: 20 };

let world: TeamsWorld;
const open = async (options: TeamsWorldOptions = {}): Promise<TeamsWorld> =>
  (world = await openTeamsWorld(options));
afterEach(() => world.close());

const dead = () =>
  world.store.read('deliveries', { state: 'dead', channel: 'teams', limit: 10, before: null } as never);

test('people who may decide get a card of their own in a chat, with buttons that work', async () => {
  const { teams, acting } = await open({ teams: { room: null, directMessages: true } });
  const { held } = await world.hold();
  const chatOf = (name: string) => teams.tenant.cardsIn(`a:1${world.user(name).oid}`);
  await until(() => chatOf('sam').length === 1 && chatOf('kim').length === 1);
  expect(chatOf('ana')).toEqual([]);
  const [card] = chatOf('kim');
  expect(buttons(card!.card)).toContain(APPROVE);
  await acting.press(world.user('kim'), card!, APPROVE);
  expect((await world.read(held.review)).state.status).toBe('approved');
  await until(() => buttons(chatOf('sam')[0]!.card).length === 1);
});

test('a review goes to the room that its policy names, whatever rules say of it', async () => {
  const PAYMENTS = '19:payments@thread.tacv2';
  const when = { targets: [], environments: [], agents: [], groups: [], policies: [], minRisk: 0 };
  const rooms = [
    { room: PAYMENTS, name: 'payments', when, byPolicy: true },
    { room: ROOM, when },
  ];
  await open({ teams: { rooms } });
  const { tenant } = world.teams;
  tenant.channels.set(PAYMENTS, true);
  await world.hold();
  expect(tenant.cardsIn(PAYMENTS)).toHaveLength(0);
  world.decision = reviewed({ channels: ['payments'] });
  await world.holdOnly();
  await until(() => tenant.cardsIn(PAYMENTS).length === 1);
  expect(tenant.cardsIn(ROOM)).toHaveLength(1);
});

test('a card in a room is one message: changed on each vote, never posted again, after a restart too', async () => {
  const { teams, acting } = await open();
  world.decision = reviewed({ quorum: 2 });
  const { message } = await world.hold();
  await acting.press(world.user('sam'), message, APPROVE);
  await until(() => textOf(message.card).includes('1 of 2'));
  await world.restart();
  await acting.press(world.user('kim'), message, APPROVE);
  await until(() => buttons(message.card).length === 1 && message.card.refresh === undefined);
  expect(teams.tenant.cardsIn(ROOM)).toEqual([message]);
});

test('a message that was deleted in Teams is posted anew', async () => {
  const { teams, acting } = await open();
  const { message } = await world.hold();
  const seen = await acting.look(world.user('sam'), message);
  teams.tenant.messages.splice(0);
  await acting.press(world.user('sam'), message, APPROVE, { card: seen });
  const [again] = await until(() => teams.tenant.cardsIn(ROOM).length === 1 && teams.tenant.cardsIn(ROOM));
  expect(textOf(again!.card)).toContain('through teams');
});

test.each([
  ['429 with Retry-After', { ...refused(429, 'Throttled'), headers: { 'retry-after': '0' } }],
  ['412', refused(412, 'PreconditionFailed')],
  ['502', { status: 502, body: {} }],
  ['a token that isn’t taken any more', refused(401, 'Unauthorized')],
])('%s is tried again until it arrives, once', async (_, reply) => {
  const { teams } = await open({ limits: quick });
  teams.fail('POST /teams/v3/conversations', 2, reply);
  const { message } = await world.hold();
  expect(buttons(message.card)).toEqual(['Open in browser']);
  expect(teams.tenant.messages).toHaveLength(1);
});

test.each([
  ['the app isn’t in the team', 403],
  ['there is no such channel', 404],
])('a room where %s becomes a dead letter that says so, without Teams’ own words', async (_, status) => {
  const { teams } = await open({ limits: quick });
  if (status === 403) teams.tenant.channels.set(ROOM, false);
  else teams.tenant.channels.delete(ROOM);
  void world.hold().catch(() => undefined);
  const [letter] = await until(async () => {
    const found = await dead();
    return found.length > 0 && found;
  });
  expect(letter).toMatchObject({ channel: 'teams', state: 'dead' });
  expect(letter!.problem).toContain(`(${status.toString()} `);
  expect(letter!.problem).not.toContain('quote');
});

test('our token is asked for once, and again when it isn’t taken', async () => {
  const { teams } = await open({ limits: quick });
  const asked = (): number => teams.calls.filter(({ path }) => path.endsWith('/token')).length;
  await world.hold();
  await world.hold();
  expect(asked()).toBe(1);
  teams.identity.revokeAll();
  await world.hold();
  expect(asked()).toBe(2);
});

test('nothing is sent to an address that came with a click', async () => {
  const { teams, acting } = await open();
  const { message } = await world.hold();
  const before = teams.calls.length;
  const approve = (await acting.look(world.user('sam'), message)).actions![0]! as never;
  await acting.send(acting.invoke(world.user('sam'), message, approve), {
    token: { serviceUrl: 'http://127.0.0.1:1/' },
    activity: { serviceUrl: 'http://127.0.0.1:1/' },
  });
  const later = teams.calls.slice(before).filter(({ path }) => path.startsWith('/teams/v3/conversations/'));
  expect(later.every(({ path }) => path.includes('/members/'))).toBe(true);
  expect(world.forged).toEqual(['activity.foreign_service_url']);
});

test('a long command stays within what a card may have, with every part whole or named as left out', async () => {
  const { acting } = await open();
  for (const characters of [5_000, 15_000, 24_000, 60_000]) {
    const { message } = await world.hold({ command: `SELECT '${'é"<{'.repeat(characters / 4)}'` });
    const own = await acting.look(world.user('sam'), message);
    expect(bytesOf(own)).toBeLessThanOrEqual(MOST_BYTES);
    expect(buttons(own).includes(APPROVE)).toBe(!textOf(own).includes('Too long to be shown here'));
  }
});

test('what Teams finds too large after all is a link, and the review is decided elsewhere', async () => {
  const { teams } = await open();
  teams.fail('POST /teams/v3/conversations', 1, refused(413, 'MessageSizeTooBig'));
  const { message } = await world.hold();
  expect(textOf(message.card)).toContain('Teams can’t show it: open it.');
  expect(textOf(message.card)).not.toContain('SELECT email');
  expect(buttons(message.card)).toEqual(['Open in browser']);
  expect(message.card.refresh).toBeUndefined();
});

test('no command, value or secret is in what waits to be sent, or in what is logged', async () => {
  const { teams } = await open({ limits: { deliveryFirstWaitMs: 60_000 } });
  teams.fail('POST /teams/v3/conversations', 1, { status: 503, body: {} });
  void world.hold({ command: "SELECT 'canary-value'" }).catch(() => undefined);
  await until(() => teams.calls.some(({ path }) => path === '/teams/v3/conversations'));
  const rows = JSON.stringify([...world.medium.deliveries.values()]);
  expect(rows).toContain('teams');
  for (const text of [rows, world.logged.join('\n')])
    for (const secret of ['canary-value', 'fake-app-secret', 'fake-token-'])
      expect(text).not.toContain(secret);
});

test('a reminder and an escalation are said in the thread; who may decide since then sees buttons', async () => {
  const { teams } = await open();
  const { held, message } = await world.hold();
  const review = await world.read(held.review);
  const view = {
    review,
    shown: world.desk.show(review),
    url: '',
    message: { reference: `${message.conversation} ${message.id}`, revision: review.revision },
    nowMs: review.openedAtMs,
  };
  const delivery = {
    id: 'dlv_01kajbch80ym6p68habwrg7z00',
    channel: 'teams',
    destination: `room ${ROOM}`,
    review: review.id,
    revision: review.revision,
    atMs: review.openedAtMs,
    attempts: 0,
    notBeforeMs: 0,
    state: 'waiting',
    problem: '',
  } as const;
  const remind = { ...delivery, notice: { kind: 'remind', demands: [0] } } as const;
  expect(await world.channel.deliver(remind, view)).toEqual({ kind: 'sent', reference: null });
  expect(message.edits).toBe(0);
  const escalate = { ...delivery, notice: { kind: 'escalate', demand: 0, step: 0 } } as const;
  const { reference } = (await world.channel.deliver(escalate, view)) as { reference: string };
  expect(reference).toBe(view.message.reference);
  expect(message.edits).toBe(1);
  expect(teams.tenant.thread(message).map(({ card }) => textOf(card))).toEqual([
    'Still nobody has decided.',
    'Nobody has decided in time: from now on these people may decide too.',
  ]);
});
