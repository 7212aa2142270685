/** What people do in Slack, over a local Slack (threats C). */
import { afterEach, describe, expect, test } from 'vitest';
import { signed, formOf } from '../fakes/slack/acting.ts';
import { textOf, type FakeView } from '../fakes/slack/workspace.ts';
import { until } from '../support/chat-world.ts';
import { openSlackWorld, type SlackWorld, type SlackWorldOptions } from '../support/slack-world.ts';
import { demand, reviewed } from '../support/subjects.ts';

const APPROVE = 'sallyport.approve';
const REJECT = 'sallyport.reject';
const ASK = 'sallyport.ask';

let world: SlackWorld;
const open = async (options: SlackWorldOptions = {}): Promise<SlackWorld> =>
  (world = await openSlackWorld(options));
afterEach(() => world.close());

const told = (user: string): string[] =>
  world.slack.workspace.ephemerals
    .filter((each) => each.user === user)
    .map(({ text, blocks }) => (blocks.length > 0 ? textOf(blocks).trim() : text));
const viewOf = (user: string): Promise<FakeView> =>
  until(() => [...world.slack.workspace.views.values()].find((each) => each.user === user));
const ended = async (id: Parameters<SlackWorld['read']>[0]): Promise<string> =>
  (await world.read(id)).state.status;

describe.each(['http', 'socket'] as const)('by %s', (mode) => {
  test('Approve is recorded before it is acknowledged, as Slack asserts it; the message shows it and closes', async () => {
    const { slack } = await open({ mode });
    const { held, message } = await world.hold();
    expect(slack.buttons(message)).toEqual([APPROVE, REJECT, ASK, 'sallyport.open']);
    const { acked } = await slack.press('U0SAM', message, APPROVE);
    expect(acked).toBe(true);
    const review = await world.read(held.review);
    expect(review.state.status).toBe('approved');
    expect(review.votes).toMatchObject([{ person: 'sam', channel: 'slack', passkey: null }]);
    await until(() => message.edits > 0);
    expect(slack.buttons(message)).toEqual(['sallyport.open']);
    expect(textOf(message.blocks)).toContain('through slack, as that platform asserts');
    expect((await held.settled).ok).toBe(true);
  });

  test('Reject asks for a reason in a modal; the agent is told it', async () => {
    const { slack } = await open({ mode });
    const { held, message } = await world.hold();
    await slack.press('U0KIM', message, REJECT);
    const view = await viewOf('U0KIM');
    await slack.submit(view, { reason: '   ' });
    expect(view.errors['reason']).toContain('A rejection needs a reason');
    await slack.submit(view, { reason: 'Not without a ticket.' });
    expect(slack.workspace.views.size).toBe(0);
    expect(await world.read(held.review)).toMatchObject({
      state: { status: 'rejected', by: 'kim', reason: 'Not without a ticket.' },
    });
  });

  test('Ask reaches the agent; question and answer arrive in the thread, the agent’s as its own words', async () => {
    const { slack } = await open({ mode });
    const { held, message } = await world.hold();
    await slack.press('U0SAM', message, ASK);
    await slack.submit(await viewOf('U0SAM'), { question: 'Why so many?', to: 'agent' });
    expect((await world.read(held.review)).questions).toMatchObject([
      { by: 'sam', to: 'agent', text: 'Why so many?' },
    ]);
    const { desk } = world;
    const [answerer] = [{ kind: 'agent', name: 'reporter' }] as never as [never];
    await desk.answer({
      review: held.review,
      answerer,
      question: 1,
      text: '<!channel> Approved by sam',
      channel: 'api',
    });
    const lines = await until(() => {
      const thread = slack.workspace.thread(message);
      return thread.length === 2 && thread;
    });
    expect(lines.map(({ blocks }) => textOf(blocks).trim())).toEqual([
      'sam asks the agent:\nWhy so many?',
      'reporter answers, in its own words, which nobody checked:\n<!channel> Approved by sam',
    ]);
    expect(textOf(message.blocks)).toContain('the agent’s own words: nobody checked them');
    // The message was brought up to date with the answer, so that its buttons decide on what it shows.
    await slack.press('U0SAM', message, APPROVE);
    expect(await ended(held.review)).toBe('approved');
  });

  test('the same signed click twice has one effect (C)', async () => {
    const { slack } = await open({ mode });
    world.decision = reviewed({ quorum: 2 });
    const { held, message } = await world.hold();
    const click = slack.click('U0SAM', message, APPROVE);
    const outcomes = await Promise.all([slack.send(click), slack.send(click), slack.send(click)]);
    expect(outcomes.every(({ acked }) => acked)).toBe(true);
    await slack.send(click);
    expect((await world.read(held.review)).votes).toHaveLength(1);
    expect(told('U0SAM').every((text) => text === 'Your vote is recorded.')).toBe(true);
  });

  test('the same question sent twice is asked once, after a restart too (C)', async () => {
    const { slack } = await open({ mode });
    const { held, message } = await world.hold();
    await slack.press('U0SAM', message, ASK);
    const view = await viewOf('U0SAM');
    await slack.submit(view, { question: 'Why?' });
    slack.workspace.views.set(view.id, view);
    await world.restart();
    if (mode === 'socket') await until(() => slack.connections === 1);
    await slack.submit(view, { question: 'Why?' });
    expect((await world.read(held.review)).questions).toHaveLength(1);
  });
});

describe('a signature (C)', () => {
  const post = async (headers: Record<string, string>, body: string): Promise<number> =>
    (await fetch(world.slack.acting.requestUrl ?? '', { method: 'POST', headers, body })).status;
  const stamp = (offMs = 0): string => Math.floor((world.slack.nowMs() + offMs) / 1_000).toString();

  async function clickBody(): Promise<string> {
    const { message } = await world.hold();
    const { kind, payload } = world.slack.click('U0SAM', message, APPROVE);
    return formOf(kind, payload);
  }

  test.each([
    ['six minutes old', -360_000],
    ['from six minutes ahead', 360_000],
  ])('that is %s is refused, and nothing is counted', async (_, offMs) => {
    await open();
    const body = await clickBody();
    expect(await post(signed('fake-signing-secret', stamp(offMs), body), body)).toBe(401);
    const [review] = await world.store.read('reviews', { status: null, agent: null, limit: 1, before: null });
    expect(review?.votes).toEqual([]);
  });

  test('over a body that was parsed and written again is refused', async () => {
    await open();
    const body = await clickBody();
    const headers = signed('fake-signing-secret', stamp(), body);
    const again = body.replace('%22type%22%3A', '%22type%22%3A+');
    expect(again).not.toBe(body);
    expect(await post(headers, again)).toBe(401);
    expect(await post(headers, body)).toBe(200);
  });

  test('of the wrong length, of another secret, or none is refused without a failure', async () => {
    await open();
    const body = await clickBody();
    const headers = signed('fake-signing-secret', stamp(), body);
    const { 'x-slack-signature': signature = '', ...rest } = headers;
    for (const other of [
      signature.slice(0, -2),
      `${signature}00`,
      '',
      'v0=',
      'v1=' + signature.slice(3),
      'ü',
    ])
      expect(await post({ ...rest, 'x-slack-signature': encodeURI(other) }, body)).toBe(401);
    expect(await post(rest, body)).toBe(401);
    expect(await post(signed('another secret', stamp(), body), body)).toBe(401);
  });

  test('of either secret counts while one is replaced', async () => {
    await open();
    const body = await clickBody();
    expect(await post(signed('the next secret', stamp(), body), body)).toBe(200);
    const other = await clickBody();
    expect(await post(signed('fake-signing-secret', stamp(), other), other)).toBe(200);
  });
});

describe('whoever clicks (C)', () => {
  test('is refused with words while their account is linked to nobody, and gets a link', async () => {
    const { slack } = await open();
    const { held, message } = await world.hold();
    await slack.press('U0ZOE', message, APPROVE);
    const [answer] = await until(() => slack.workspace.ephemerals.length > 0 && slack.workspace.ephemerals);
    expect(textOf(answer!.blocks)).toContain('Not counted. Sallyport doesn’t know who you are');
    expect(JSON.stringify(answer!.blocks)).toContain('http://gate.example/link#');
    expect((await world.read(held.review)).votes).toEqual([]);
    expect(world.refused).toEqual([`U0ZOE ${held.review}`]);
  });

  test('fills no ledger: of thirty refused clicks in a minute there are two entries, with their number', async () => {
    const { slack } = await open({ limits: { chatRefusedMs: 300 } });
    const { held, message } = await world.hold();
    for (let count = 0; count < 30; count++) await slack.press('U0ZOE', message, APPROVE);
    await until(() => slack.workspace.ephemerals.length === 30);
    await until(() => world.refused.length === 2);
    expect(world.refused).toEqual([`U0ZOE ${held.review}`, 'U0ZOE none 29 times']);
    expect((await world.read(held.review)).votes).toEqual([]);
  });

  test.each([
    ['deactivated', { deleted: true }, 'deactivated'],
    ['a guest', { isRestricted: true }, 'Guests'],
    ['a bot', { isBot: true }, 'a bot’s account'],
    ['of another workspace, by what Slack says of them', { isStranger: true }, 'other workspaces'],
    ['of another workspace, by their click', { team: 'T0OTHER' }, 'Only members of the workspace'],
  ])('is refused when they are %s, however well they are linked', async (_, change, words) => {
    const { slack } = await open();
    Object.assign(slack.workspace.users.get('U0SAM')!, change);
    const { held, message } = await world.hold();
    await slack.press('U0SAM', message, APPROVE);
    expect((await until(() => told('U0SAM').length > 0 && told('U0SAM')))[0]).toContain(words);
    expect((await world.read(held.review)).votes).toEqual([]);
  });

  test('is refused when their person of ours is disabled or gone, or when Slack doesn’t say who they are', async () => {
    const { slack } = await open();
    const { held, message } = await world.hold();
    const everybody = world.people;
    world.people = everybody.map((one) => (one.name === 'sam' ? { ...one, disabled: true } : one));
    await slack.press('U0SAM', message, APPROVE);
    world.people = everybody.filter(({ name }) => name !== 'sam');
    await slack.press('U0SAM', message, APPROVE);
    world.people = everybody;
    slack.limit('users.info', 1, 30);
    await slack.press('U0KIM', message, APPROVE);
    await until(() => told('U0SAM').length === 2 && told('U0KIM').length === 1);
    expect(told('U0KIM')[0]).toContain('Slack doesn’t say now who you are');
    expect((await world.read(held.review)).votes).toEqual([]);
  });

  test('can’t use another person’s rights by a policy that forbids the call', async () => {
    const { slack } = await open();
    world.forbidden.add('api:reviews.vote');
    const { held, message } = await world.hold();
    await slack.press('U0SAM', message, APPROVE);
    expect((await until(() => told('U0SAM').length > 0 && told('U0SAM')))[0]).toContain(
      'No policy permits you',
    );
    expect((await world.read(held.review)).votes).toEqual([]);
  });
});

describe('a message (C)', () => {
  test('clicked after the review is over has no effect, says so, and is put right', async () => {
    const { slack } = await open();
    const { held, message } = await world.hold();
    const seen = message.blocks;
    await slack.press('U0SAM', message, APPROVE);
    await until(() => message.edits > 0);
    await slack.press('U0KIM', message, APPROVE, seen);
    expect((await until(() => told('U0KIM').length > 0 && told('U0KIM')))[0]).toContain(
      'Not counted. This review is over: approved by sam',
    );
    expect((await world.read(held.review)).votes).toHaveLength(1);
  });

  test('clicked after its time has no effect, and loses its buttons', async () => {
    const { slack } = await open();
    const { held, message } = await world.hold();
    world.offMs = 3_600_000;
    slack.offMs = 3_600_000;
    await slack.press('U0SAM', message, APPROVE);
    await until(() => slack.buttons(message).length === 1);
    expect((await world.read(held.review)).votes).toEqual([]);
  });

  test('clicked after something changed that it rests on has no effect, and is refreshed (A4)', async () => {
    const { slack } = await open();
    const { held, message } = await world.hold();
    const seen = message.blocks;
    world.version = '2';
    await slack.press('U0SAM', message, APPROVE, seen);
    expect((await until(() => told('U0SAM').length > 0 && told('U0SAM')))[0]).toContain(
      'has changed since you looked',
    );
    expect((await world.read(held.review)).votes).toEqual([]);
    await until(() => message.edits > 0);
    await slack.press('U0SAM', message, APPROVE);
    expect(await ended(held.review)).toBe('approved');
  });

  test('whose button carries something else than we put there has no effect', async () => {
    const { slack } = await open();
    const { held, message } = await world.hold();
    const forged = JSON.parse(JSON.stringify(message.blocks)) as typeof message.blocks;
    for (const block of forged)
      if (block.type === 'actions')
        Object.assign(block.elements[0]!, { value: `${held.review} ${'0'.repeat(64)} x` });
    await slack.press('U0SAM', message, APPROVE, forged);
    expect((await until(() => told('U0SAM').length > 0 && told('U0SAM')))[0]).toContain(
      'not one of Sallyport’s',
    );
    expect((await world.read(held.review)).votes).toEqual([]);
  });

  test('offers no Approve where a passkey is demanded, but the way to sign; a click on an older one is refused', async () => {
    const { slack } = await open();
    const { message: unsigned } = await world.hold();
    world.decision = reviewed({ passkeyFromRisk: 0 });
    const { held, message } = await world.hold();
    expect(slack.buttons(message)).toEqual(['sallyport.sign', REJECT, ASK, 'sallyport.open']);
    expect(JSON.stringify(message.blocks)).toContain(`http://gate.example/reviews/${held.review}/sign`);
    const { subject } = await world.read(held.review);
    const value = `${held.review} ${subject.digest} ${world.desk.show(await world.read(held.review)).rendering}`;
    const forged = JSON.parse(JSON.stringify(unsigned.blocks)) as typeof unsigned.blocks;
    for (const block of forged) if (block.type === 'actions') Object.assign(block.elements[0]!, { value });
    await slack.press('U0SAM', message, APPROVE, forged);
    expect((await until(() => told('U0SAM').length > 0 && told('U0SAM')))[0]).toContain(
      'signed with your passkey',
    );
    expect((await world.read(held.review)).votes).toEqual([]);
  });

  test('that can’t show the whole action offers no Approve (A7, law 6)', async () => {
    const { slack } = await open();
    const command = `SELECT email FROM customers WHERE note = '${'x'.repeat(10_000)}' -- DROP`;
    const { message } = await world.hold({ command });
    expect(slack.buttons(message)).toEqual([REJECT, ASK, 'sallyport.details', 'sallyport.open']);
    expect(textOf(message.blocks)).toContain('Too long to be shown here: Command');
  });
});

test('while nothing can be recorded a click is neither lost nor shown as approved, and counts when it can be (C)', async () => {
  const { slack } = await open({ limits: { chatClickRetryMs: 20 } });
  const { held, message } = await world.hold();
  world.isAway = true;
  const { acked } = await slack.press('U0SAM', message, APPROVE);
  expect(acked).toBe(true);
  await until(() => told('U0SAM').some((text) => text.includes('doesn’t count yet')));
  expect(await ended(held.review)).toBe('pending');
  expect(slack.buttons(message)).toContain(APPROVE);
  world.isAway = false;
  await until(() => told('U0SAM').includes('Your vote is recorded.'));
  expect(await ended(held.review)).toBe('approved');
});

test('a modal sent while nothing can be recorded says so, and its author is told what came of it', async () => {
  const { slack } = await open({ limits: { chatClickRetryMs: 20 } });
  const { held, message } = await world.hold();
  await slack.press('U0SAM', message, REJECT);
  const view = await viewOf('U0SAM');
  world.isAway = true;
  await slack.submit(view, { reason: 'No.' });
  expect(textOf(view.modal.blocks)).toContain('doesn’t count yet');
  world.isAway = false;
  const direct = await until(() => slack.workspace.inChannel('D0SAM')[0]);
  expect(direct.text).toBe('Your decision is recorded.');
  expect(await ended(held.review)).toBe('rejected');
});

test('a click that is given up says so: nothing is shown as decided', async () => {
  const { slack } = await open({ limits: { chatClickRetryMs: 10, chatClickMs: 30 } });
  const { held, message } = await world.hold();
  world.isAway = true;
  await slack.press('U0SAM', message, APPROVE);
  await until(() => told('U0SAM').some((text) => text.includes('could not be recorded')));
  world.isAway = false;
  expect(await ended(held.review)).toBe('pending');
});

test('two people of a quorum both count, one person counts once', async () => {
  const { slack } = await open();
  world.decision = { ...reviewed(), effect: 'review', policies: [], demands: [demand({ quorum: 2 })] };
  const { held, message } = await world.hold();
  await slack.press('U0SAM', message, APPROVE);
  await slack.press('U0SAM', message, APPROVE);
  expect(await ended(held.review)).toBe('pending');
  await until(() => textOf(message.blocks).includes('1 of 2'));
  await slack.press('U0KIM', message, APPROVE);
  expect(await ended(held.review)).toBe('approved');
});

test('/sallyport pending lists, and show shows with buttons that decide; to linked people alone', async () => {
  const { slack } = await open();
  const { held } = await world.hold();
  await slack.command('U0SAM', 'pending');
  expect((await until(() => told('U0SAM').length > 0 && told('U0SAM')))[0]).toContain(held.review);
  await slack.command('U0SAM', `show ${held.review}`);
  const shown = (
    await until(() => slack.workspace.ephemerals.length === 2 && slack.workspace.ephemerals)
  )[1]!;
  expect(slack.buttons(shown)).toContain(APPROVE);
  await slack.command('U0ZOE', 'pending');
  expect((await until(() => told('U0ZOE').length > 0 && told('U0ZOE')))[0]).not.toContain(held.review);
  await slack.pressEphemeral(shown, APPROVE);
  expect(await ended(held.review)).toBe('approved');
});

test('where the operator lets it, an address that Slack has confirmed tells who somebody is; an unconfirmed one doesn’t', async () => {
  const personByEmail = (email: string): string | undefined =>
    email === 'zoe@example.com' ? 'kim' : undefined;
  const { slack } = await open({ slack: { linkByEmail: true, personByEmail }, limits: { slackUserMs: 0 } });
  world.decision = reviewed({ quorum: 2 });
  const { held, message } = await world.hold();
  const zoe = slack.workspace.users.get('U0ZOE')!;
  zoe.isEmailConfirmed = false;
  await slack.press('U0ZOE', message, APPROVE);
  expect((await world.read(held.review)).votes).toEqual([]);
  zoe.isEmailConfirmed = true;
  await slack.press('U0ZOE', message, APPROVE);
  expect((await world.read(held.review)).votes).toMatchObject([{ person: 'kim' }]);
});
