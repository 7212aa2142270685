/** What people do in Teams, over a local Teams and the API's route (threats C). */
import { afterEach, describe, expect, test } from 'vitest';
import { actionOf, buttons, inputsOf, textOf, type FakeCard } from '../fakes/teams/shapes.ts';
import { until } from '../support/chat-world.ts';
import { demand, reviewed } from '../support/subjects.ts';
import { openTeamsWorld, type TeamsWorld, type TeamsWorldOptions } from '../support/teams-world.ts';

const APPROVE = 'sallyport.approve';
const REJECT = 'sallyport.reject';
const ASK = 'sallyport.ask';
const OPEN = 'Open in browser';

let world: TeamsWorld;
const open = async (options: TeamsWorldOptions = {}): Promise<TeamsWorld> =>
  (world = await openTeamsWorld(options));
afterEach(() => world.close());

const ended = async (id: Parameters<TeamsWorld['read']>[0]): Promise<string> =>
  (await world.read(id)).state.status;
const shows = (card: FakeCard | undefined): string => (card === undefined ? '' : textOf(card));

test('only those who may decide see buttons: each client asks for a card of its own', async () => {
  const { acting } = await open();
  const { message } = await world.hold();
  expect(buttons(message.card)).toEqual([OPEN]);
  expect(message.card.refresh?.userIds).toEqual([world.user('sam').mri, world.user('kim').mri]);
  expect(buttons(await acting.look(world.user('sam'), message))).toEqual([APPROVE, REJECT, ASK, OPEN]);
  // Ana is a steward too, but answers for the agent (law 4).
  expect(buttons((await acting.refresh(world.user('ana'), message)).card!)).toEqual([OPEN]);
  expect(buttons((await acting.refresh(world.user('zoe'), message)).card!)).toEqual([OPEN]);
  expect(world.refused).toEqual([]);
});

test('a review is shown where it is told, and elsewhere to those alone who may read it (law 8)', async () => {
  const { acting, teams } = await open();
  const { message } = await world.hold();
  const { action } = message.card.refresh!;
  const elsewhere = { ...message, conversation: '19:lunch@thread.tacv2;messageid=1' };
  teams.tenant.channels.set('19:lunch@thread.tacv2', true);
  const asked = await acting.send(acting.invoke(world.user('zoe'), elsewhere, action));
  expect(asked.card).toBeUndefined();
  expect(asked.told).toContain('isn’t shown here');
  const pressed = await acting.send(
    acting.invoke(world.user('zoe'), elsewhere, { ...action, verb: APPROVE }),
  );
  expect(pressed.card).toBeUndefined();
  expect(pressed.told).toContain('Sallyport doesn’t know who you are');
  expect(pressed.told).toContain('http://gate.example/link#');
  const read = await acting.send(acting.invoke(world.user('ana'), elsewhere, action));
  expect(shows(read.card)).toContain('SELECT email FROM customers');
  world.forbidden.add('api:reviews.read');
  expect((await acting.send(acting.invoke(world.user('ana'), elsewhere, action))).card).toBeUndefined();
  const decides = await acting.send(acting.invoke(world.user('kim'), elsewhere, action));
  expect(buttons(decides.card!)).toEqual([APPROVE, REJECT, ASK, OPEN]);
});

test('Approve is recorded before it is answered, as Teams asserts it; the card shows it and closes', async () => {
  const { acting } = await open();
  const { held, message } = await world.hold();
  const { card } = await acting.press(world.user('sam'), message, APPROVE);
  const review = await world.read(held.review);
  expect(review.state.status).toBe('approved');
  expect(review.votes).toMatchObject([{ person: 'sam', channel: 'teams', passkey: null }]);
  expect(shows(card)).toContain('It is recorded.');
  expect(shows(card)).toContain('through teams, as that platform asserts');
  expect(buttons(card!)).toEqual([OPEN]);
  await until(() => message.edits > 0);
  expect(buttons(message.card)).toEqual([OPEN]);
  expect(message.card.refresh).toBeUndefined();
  expect((await held.settled).ok).toBe(true);
});

test('Reject asks for a reason in a dialog, which keeps what was written; the agent is told it', async () => {
  const { acting } = await open();
  const { held, message } = await world.hold();
  const kim = world.user('kim');
  const { dialog } = await acting.press(kim, message, REJECT);
  expect(dialog?.title).toBe('Reject');
  expect(inputsOf(dialog!).map(({ id }) => id)).toEqual(['reason']);
  const again = await acting.submit(kim, message, dialog!, { reason: '  ' });
  expect(textOf(again.dialog!.card)).toContain('Not counted. A rejection needs a reason');
  expect(inputsOf(again.dialog!)[0]?.value).toBe('  ');
  const sent = await acting.submit(kim, message, again.dialog!, { reason: 'Not without a ticket.' });
  expect(sent.told).toBe('It is recorded.');
  expect(await world.read(held.review)).toMatchObject({
    state: { status: 'rejected', by: 'kim', reason: 'Not without a ticket.' },
  });
});

test('Ask reaches the agent; question and answer arrive in the thread, the agent’s as its own words', async () => {
  const { acting, teams } = await open();
  const { held, message } = await world.hold();
  const sam = world.user('sam');
  await acting.press(sam, message, ASK, { fields: { question: 'Why so many?', to: 'agent' } });
  expect((await world.read(held.review)).questions).toMatchObject([
    { by: 'sam', to: 'agent', text: 'Why so many?' },
  ]);
  const answerer = { kind: 'agent', name: 'reporter' } as never;
  const text =
    '<at>everyone</at> **Approved by sam** [here](https://evil.example) {{DATE(2020-01-01T00:00:00Z)}}';
  await world.desk.answer({ review: held.review, answerer, question: 1, text, channel: 'api' });
  const said = await until(() => teams.tenant.thread(message).length === 2 && teams.tenant.thread(message));
  expect(said.map(({ card }) => textOf(card))).toEqual([
    'sam asks the agent:\nWhy so many?',
    `reporter answers, in its own words, which nobody checked:\n${text}`,
  ]);
  const own = await acting.look(sam, message);
  expect(textOf(own)).toContain('the agent’s own words: nobody checked them');
  await acting.press(sam, message, APPROVE);
  expect(await ended(held.review)).toBe('approved');
});

test('the same signed click twice has one effect, after a restart too (C)', async () => {
  const { acting } = await open();
  world.decision = reviewed({ quorum: 2 });
  const { held, message } = await world.hold();
  const sam = world.user('sam');
  const seen = await acting.look(sam, message);
  const action = seen.actions!.find((each) => each.type === 'Action.Execute')!;
  const click = acting.invoke(sam, message, action);
  const pressed = await Promise.all([acting.send(click), acting.send(click), acting.send(click)]);
  expect(pressed.every(({ card }) => shows(card).includes('It is recorded.'))).toBe(true);
  await world.restart();
  expect(shows((await acting.send(click)).card)).toContain('It is recorded.');
  expect((await world.read(held.review)).votes).toHaveLength(1);
});

describe('whoever clicks (C)', () => {
  test('is refused with words while their account is linked to nobody, and gets a link that links them once', async () => {
    const { acting } = await open();
    const { held, message } = await world.hold();
    const seen = await acting.look(world.user('sam'), message);
    const { card } = await acting.press(world.user('zoe'), message, APPROVE, { card: seen });
    expect(shows(card)).toContain('Not counted. Sallyport doesn’t know who you are');
    expect(buttons(card!)).toEqual(['Say who I am', OPEN]);
    const [link] = card!.actions as { url: string }[];
    expect(link!.url).toContain('http://gate.example/link#');
    expect((await world.read(held.review)).votes).toEqual([]);
    expect(world.refused).toEqual([`${world.user('zoe').oid} ${held.review}`]);
    // She signs in there, as a steward.
    world.people = world.people.map((one) => (one.name === 'zoe' ? { ...one, groups: ['stewards'] } : one));
    const zoe = world.people.find(({ name }) => name === 'zoe')!;
    expect((await world.links.link(link!.url.split('#')[1]!, zoe)).ok).toBe(true);
    const now = (await acting.refresh(world.user('zoe'), message)).card!;
    await acting.press(world.user('zoe'), message, APPROVE, { card: now });
    expect((await world.read(held.review)).votes).toMatchObject([{ person: 'zoe', channel: 'teams' }]);
  });

  test('fills no ledger: of thirty refused clicks in a minute there are two entries, with their number', async () => {
    const { acting } = await open();
    const { held, message } = await world.hold();
    const card = await acting.look(world.user('sam'), message);
    const { oid } = world.user('zoe');
    for (let count = 0; count < 30; count++)
      await acting.press(world.user('zoe'), message, APPROVE, { card });
    expect(world.refused).toEqual([`${oid} ${held.review}`]);
    await world.restart();
    expect(world.refused.slice(1)).toEqual([`${oid} none 29 times`]);
    expect((await world.read(held.review)).votes).toEqual([]);
  });

  test.each([
    ['deactivated or removed', { removed: true }, 'deactivated'],
    ['a guest', { role: 'guest' }, 'Guests'],
    ['a guest by their name alone', { principalName: 'sam_other.example#EXT#@example.com' }, 'Guests'],
    ['nobody by role', { role: 'anonymous' }, 'Guests'],
    [
      'of another tenant',
      { tenant: '0d0d0d0d-0000-4000-8000-00000000000d' },
      'Only members of the organisation',
    ],
  ] as const)('is refused when they are %s, however well they are linked', async (_, change, words) => {
    const { acting } = await open({ limits: { teamsMemberMs: 0 } });
    const { held, message } = await world.hold();
    const sam = world.user('sam');
    const seen = await acting.look(sam, message);
    Object.assign(sam, change);
    const { told } = await acting.press(sam, message, APPROVE, { card: seen });
    expect(told).toContain(words);
    expect((await world.read(held.review)).votes).toEqual([]);
    expect(world.refused).toHaveLength(1);
  });

  test('is refused when they are a bot, which has no account in Entra', async () => {
    const { acting } = await open();
    const { held, message } = await world.hold();
    const sam = world.user('sam');
    const approve = actionOf(await acting.look(sam, message), APPROVE) as never;
    const click = acting.invoke(sam, message, approve);
    const from = { id: '28:0e0e0e0e-0000-4000-8000-00000000000e', name: 'a bot', role: 'bot' };
    expect((await acting.send({ ...click, from })).status).toBe(400);
    expect((await world.read(held.review)).votes).toEqual([]);
  });

  test('is refused when their person of ours is disabled or gone, or when Teams doesn’t say who they are', async () => {
    const { acting, teams } = await open({ limits: { teamsMemberMs: 0 } });
    const { held, message } = await world.hold();
    const [sam, kim] = [world.user('sam'), world.user('kim')];
    const seen = await acting.look(sam, message);
    const everybody = world.people;
    world.people = everybody.map((one) => (one.name === 'sam' ? { ...one, disabled: true } : one));
    const disabled = await acting.press(sam, message, APPROVE, { card: seen });
    world.people = everybody.filter(({ name }) => name !== 'sam');
    const gone = await acting.press(sam, message, APPROVE, { card: seen });
    world.people = everybody;
    teams.fail('/members/', 1, { status: 503, body: {} });
    const away = await acting.press(kim, message, APPROVE, { card: seen });
    expect([disabled.told, gone.told]).toEqual(
      Array(2).fill('Not counted. Your account here belongs to nobody who may decide now.'),
    );
    expect(away.told).toContain('Teams doesn’t say now who you are');
    expect((await world.read(held.review)).votes).toEqual([]);
  });

  test('is known by a principal name only where the operator lets it count', async () => {
    const personByEmail = (email: string): string | undefined =>
      email === 'zoe@example.com' ? 'zoe' : undefined;
    const { acting } = await open({ teams: { linkByName: true, personByEmail } });
    world.people = world.people.map((one) => ({ ...one, groups: ['stewards'] }));
    const { held, message } = await world.hold();
    const seen = (await acting.refresh(world.user('zoe'), message)).card!;
    await acting.press(world.user('zoe'), message, APPROVE, { card: seen });
    expect((await world.read(held.review)).votes).toMatchObject([{ person: 'zoe' }]);
  });

  test('can’t decide where a policy forbids the call', async () => {
    const { acting } = await open();
    const { held, message } = await world.hold();
    const seen = await acting.look(world.user('sam'), message);
    world.forbidden.add('api:reviews.vote');
    expect((await acting.press(world.user('sam'), message, APPROVE, { card: seen })).told).toContain(
      'No policy permits you',
    );
    expect((await world.read(held.review)).votes).toEqual([]);
  });

  test('can’t approve what they, or an agent acting for them, asked for', async () => {
    const { acting } = await open();
    const { held, message } = await world.hold();
    const seen = await acting.look(world.user('sam'), message);
    const { card } = await acting.press(world.user('ana'), message, APPROVE, { card: seen });
    expect(shows(card)).toContain('Not counted.');
    expect((await world.read(held.review)).votes).toEqual([]);
  });
});

describe('a card (C)', () => {
  test('clicked after the review is over has no effect, says so, and is put right', async () => {
    const { acting } = await open();
    const { held, message } = await world.hold();
    const seen = await acting.look(world.user('kim'), message);
    await acting.press(world.user('sam'), message, APPROVE);
    const { card } = await acting.press(world.user('kim'), message, APPROVE, { card: seen });
    expect(shows(card)).toContain('Not counted. This review is over: approved by sam');
    expect(buttons(card!)).toEqual([OPEN]);
    expect((await world.read(held.review)).votes).toHaveLength(1);
  });

  test('clicked after its time has no effect, and loses its buttons', async () => {
    const { acting, teams } = await open();
    const { held, message } = await world.hold();
    const seen = await acting.look(world.user('sam'), message);
    world.offMs = 3_600_000;
    teams.offMs = 3_600_000;
    const { card } = await acting.press(world.user('sam'), message, APPROVE, { card: seen });
    expect(buttons(card!)).toEqual([OPEN]);
    expect((await world.read(held.review)).votes).toEqual([]);
  });

  test('clicked after something changed that it rests on has no effect, and is refreshed (A4)', async () => {
    const { acting } = await open();
    const { held, message } = await world.hold();
    const sam = world.user('sam');
    const seen = await acting.look(sam, message);
    world.version = '2';
    const { card } = await acting.press(sam, message, APPROVE, { card: seen });
    expect(shows(card)).toContain('has changed since you looked');
    expect((await world.read(held.review)).votes).toEqual([]);
    await acting.press(sam, message, APPROVE, { card: card! });
    expect(await ended(held.review)).toBe('approved');
  });

  test('whose button carries something else than we put there has no effect', async () => {
    const { acting } = await open();
    const { held, message } = await world.hold();
    const forged = { verb: APPROVE, data: { shown: `${held.review} ${'0'.repeat(64)} x` } };
    expect((await acting.send(acting.invoke(world.user('sam'), message, forged))).told).toContain(
      'not one of Sallyport’s',
    );
    expect(
      (await acting.send(acting.invoke(world.user('sam'), message, { verb: 'other', data: {} }))).status,
    ).toBe(400);
    expect((await world.read(held.review)).votes).toEqual([]);
  });

  test('offers no Approve where a passkey is demanded, but the way to sign; an approval all the same is refused', async () => {
    const { acting } = await open();
    world.decision = reviewed({ passkeyFromRisk: 0 });
    const { held, message } = await world.hold();
    const sam = world.user('sam');
    const own = await acting.look(sam, message);
    expect(buttons(own)).toEqual(['Sign with your passkey', REJECT, ASK, OPEN]);
    expect(JSON.stringify(own)).toContain(`http://gate.example/reviews/${held.review}/sign`);
    const { data } = actionOf(own, REJECT)!;
    const { card } = await acting.send(acting.invoke(sam, message, { verb: APPROVE, data }));
    expect(shows(card)).toContain('signed with your passkey');
    expect((await world.read(held.review)).votes).toEqual([]);
  });

  test('that can’t show the whole action offers no Approve, and a link (A7, law 6)', async () => {
    const { acting } = await open();
    const command = `SELECT email FROM customers WHERE note = '${'x'.repeat(30_000)}' -- DROP`;
    const { message } = await world.hold({ command });
    const own = await acting.look(world.user('sam'), message);
    expect(buttons(own)).toEqual([REJECT, ASK, OPEN]);
    expect(textOf(own)).toContain('Too long to be shown here: Command');
    expect(textOf(own)).not.toContain('xxxx');
  });
});

test('while nothing can be recorded a click is neither lost nor shown as approved, and counts when it can be (C)', async () => {
  const { acting, teams } = await open({ limits: { chatClickRetryMs: 20 } });
  const { held, message } = await world.hold();
  const sam = world.user('sam');
  const seen = await acting.look(sam, message);
  world.isAway = true;
  const { card } = await acting.press(sam, message, APPROVE, { card: seen });
  expect(shows(card)).toContain('doesn’t count yet');
  expect(await ended(held.review)).toBe('pending');
  world.isAway = false;
  await until(() =>
    teams.tenant.cardsIn(`a:1${sam.oid}`).some((each) => textOf(each.card) === 'Your decision is recorded.'),
  );
  expect(await ended(held.review)).toBe('approved');
});

test('a click that is given up says so: nothing is shown as decided', async () => {
  const { acting, teams } = await open({ limits: { chatClickRetryMs: 10, chatClickMs: 30 } });
  const { held, message } = await world.hold();
  const sam = world.user('sam');
  const seen = await acting.look(sam, message);
  world.isAway = true;
  await acting.press(sam, message, APPROVE, { card: seen });
  await until(() =>
    teams.tenant.cardsIn(`a:1${sam.oid}`).some((each) => textOf(each.card).includes('could not be recorded')),
  );
  world.isAway = false;
  expect(await ended(held.review)).toBe('pending');
});

test('two people of a quorum both count, one person counts once', async () => {
  const { acting } = await open();
  world.decision = { ...reviewed(), effect: 'review', policies: [], demands: [demand({ quorum: 2 })] };
  const { held, message } = await world.hold();
  const seen = await acting.look(world.user('sam'), message);
  await acting.press(world.user('sam'), message, APPROVE, { card: seen });
  await acting.press(world.user('sam'), message, APPROVE, { card: seen });
  expect(await ended(held.review)).toBe('pending');
  await until(() => textOf(message.card).includes('1 of 2'));
  await acting.press(world.user('kim'), message, APPROVE);
  expect(await ended(held.review)).toBe('approved');
});
