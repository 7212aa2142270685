/** What is told in Slack, and what keeps it from being told. */
import { afterEach, describe, expect, test } from 'vitest';
import { textOf } from '../fakes/slack/workspace.ts';
import { until } from '../support/chat-world.ts';
import { openSlackWorld, type SlackWorld, type SlackWorldOptions } from '../support/slack-world.ts';
import { reviewed, target } from '../support/subjects.ts';

let world: SlackWorld;
const open = async (options: SlackWorldOptions = {}): Promise<SlackWorld> =>
  (world = await openSlackWorld(options));
afterEach(() => world.close());

const sam = () => world.people[0]!;
const APPROVE = 'sallyport.approve';

/** As over the API. */
async function approve(id: Parameters<SlackWorld['read']>[0]): Promise<void> {
  const review = await world.read(id);
  const { rendering } = world.desk.show(review);
  const { digest } = review.subject;
  const shared = { review: id, voter: sam(), reason: '', digest, rendering, channel: 'api' };
  expect((await world.desk.vote({ ...shared, kind: 'approve' })).ok).toBe(true);
}

test('a vote over another surface closes the message in Slack', async () => {
  const { slack } = await open();
  const { held, message } = await world.hold();
  await approve(held.review);
  await until(() => slack.buttons(message).length === 1);
  expect(textOf(message.blocks)).toContain('approved by sam');
  expect(slack.workspace.inChannel(message.channel)).toHaveLength(1);
});

test('a rate limit is waited for as long as Slack asks, and the message arrives once', async () => {
  const { slack } = await open();
  slack.limit('chat.postMessage', 1, 1);
  const { message } = await world.hold();
  expect(slack.workspace.inChannel(message.channel)).toHaveLength(1);
  expect(slack.calls.filter((each) => each === 'chat.postMessage')).toHaveLength(1);
});

test('what was not sent when the gateway ended is sent by the next one; what was is not sent again', async () => {
  const { slack } = await open({ limits: { slackCallMs: 300 } });
  const { message: first } = await world.hold();
  slack.limit('chat.postMessage', 1, 1);
  const holding = world.hold();
  await until(async () => (await world.store.read('deliveries', WAITING))[0]?.attempts === 1);
  await world.restart();
  await holding;
  expect(slack.workspace.inChannel(first.channel)).toHaveLength(2);
  await slack.press('U0SAM', first, APPROVE);
  await until(() => first.edits > 0);
  expect(slack.workspace.inChannel(first.channel)).toHaveLength(2);
});

const WAITING = { state: 'waiting', channel: null, limit: 9, after: null } as const;

test('a message that somebody deleted is posted anew with the next change', async () => {
  const { slack } = await open();
  const { held, message } = await world.hold();
  slack.workspace.messages.splice(slack.workspace.messages.indexOf(message), 1);
  await approve(held.review);
  const [again] = await until(
    () =>
      slack.workspace.inChannel(message.channel).length === 1 && slack.workspace.inChannel(message.channel),
  );
  expect(again?.ts).not.toBe(message.ts);
  expect(textOf(again!.blocks)).toContain('approved by sam');
});

test.each([
  [
    'is archived',
    (at: SlackWorld) => Object.assign(at.slack.workspace.channels.get('C0REVIEWS')!, { archived: true }),
    'is_archived',
  ],
  ['is gone', (at: SlackWorld) => at.slack.workspace.channels.delete('C0REVIEWS'), 'channel_not_found'],
  [
    'has put the bot out',
    (at: SlackWorld) => Object.assign(at.slack.workspace.channels.get('C0REVIEWS')!, { member: false }),
    'not_in_channel',
  ],
])(
  'where the channel %s, there is a dead letter, and the review stays decidable',
  async (_, change, code) => {
    await open();
    change(world);
    const held = world.hold().catch(() => undefined);
    const [dead] = await until(async () => {
      const letters = await world.store.read('deliveries', { ...WAITING, state: 'dead' });
      return letters.length > 0 && letters;
    });
    expect(dead?.problem).toContain(code);
    await approve(dead!.review);
    expect((await world.read(dead!.review)).state.status).toBe('approved');
    void held;
  },
);

describe('who hears', () => {
  test('people who may decide get a message of their own, parties don’t, and all of them are kept up to date', async () => {
    const { slack } = await open({ slack: { directMessages: true } });
    const { message } = await world.hold();
    await until(() => slack.workspace.messages.length === 3);
    expect(slack.workspace.messages.map(({ channel }) => channel).sort()).toEqual([
      'C0REVIEWS',
      'D0KIM',
      'D0SAM',
    ]);
    const [direct] = slack.workspace.inChannel('D0KIM');
    await slack.press('U0KIM', direct!, APPROVE);
    await until(() => slack.workspace.messages.every(({ edits }) => edits > 0));
    for (const each of slack.workspace.messages) expect(slack.buttons(each)).toEqual(['sallyport.open']);
    expect(textOf(message.blocks)).toContain('kim approved');
  });

  test('more people than get messages of their own are told in the room', async () => {
    const { slack } = await open({ slack: { directMessages: true }, limits: { slackDirectPeople: 1 } });
    await world.hold();
    expect(slack.workspace.messages.map(({ channel }) => channel)).toEqual(['C0REVIEWS']);
  });

  test('a review goes to the room of the first rule that fits', async () => {
    const when = { targets: [], environments: ['staging'], agents: [], groups: [], policies: [], minRisk: 0 };
    const { slack } = await open({ slack: { rooms: [{ room: 'C0STAGING', when }] } });
    slack.workspace.addChannel('C0STAGING', 'staging');
    const holding = world.hold({ target: { ...target, environment: 'staging' } }).catch(() => undefined);
    await until(() => slack.workspace.inChannel('C0STAGING').length === 1);
    expect(slack.workspace.inChannel('C0REVIEWS')).toHaveLength(0);
    void holding;
  });

  test('a review goes to the room that its policy names, whatever rules say of it', async () => {
    const when = { targets: [], environments: [], agents: [], groups: [], policies: [], minRisk: 0 };
    const rooms = [
      { room: 'C0PAYMENTS', name: 'slack-payments', when, byPolicy: true },
      { room: 'C0REVIEWS', when },
    ];
    const { slack } = await open({ slack: { rooms } });
    slack.workspace.addChannel('C0PAYMENTS', 'payments');
    await world.hold();
    expect(slack.workspace.inChannel('C0PAYMENTS')).toHaveLength(0);
    world.decision = reviewed({ channels: ['slack-payments'] });
    const { review } = await world.holdOnly();
    await until(() => slack.workspace.inChannel('C0PAYMENTS').length === 1);
    expect(slack.workspace.inChannel('C0REVIEWS')).toHaveLength(1);
    await approve(review);
    const [message] = slack.workspace.inChannel('C0PAYMENTS');
    await until(() => slack.buttons(message!).length === 1);
  });

  test('a reminder and an escalation call those who may decide, in the thread', async () => {
    const { slack } = await open();
    const approvers = [{ kind: 'person', name: 'kim' }] as const;
    world.decision = reviewed({
      approvers: [{ kind: 'person', name: 'sam' }],
      remindersMs: [50],
      escalation: [{ afterMs: 400, approvers }],
    });
    const { message } = await world.hold();
    const lines = await until(
      () => slack.workspace.thread(message).length === 2 && slack.workspace.thread(message),
    );
    expect(lines.map(({ blocks }) => textOf(blocks).trim())).toEqual([
      'Still nobody has decided.',
      'Nobody has decided in time: from now on these people may decide too.',
    ]);
    expect(JSON.stringify(lines[0]!.blocks)).toContain('U0SAM');
    expect(JSON.stringify(lines[1]!.blocks)).toContain('U0KIM');
    expect(textOf(message.blocks)).toContain('Could do so now: sam, kim');
  });
});

test('a lost Socket Mode connection is opened again, and clicks work on', async () => {
  const { slack } = await open({ mode: 'socket', limits: { slackReconnectMs: 20 } });
  const { held, message } = await world.hold();
  await until(() => slack.connections === 1);
  slack.dropConnections();
  await until(() => slack.connections === 1);
  await slack.press('U0SAM', message, APPROVE);
  expect((await world.read(held.review)).state.status).toBe('approved');
});

test('Slack away at the start stops nothing: the connection is tried until it stands', async () => {
  const { slack } = await open({ mode: 'socket', limits: { slackReconnectMs: 20 } });
  slack.workspace.tokenFault = 'internal_error';
  await world.restart();
  expect(slack.connections).toBe(0);
  slack.workspace.tokenFault = null;
  await until(() => slack.connections === 1);
});

test('a connection on which Slack says nothing is given up and opened again', async () => {
  const { slack } = await open({ mode: 'socket', limits: { slackReconnectMs: 20, slackCallMs: 150 } });
  slack.isMute = true;
  await world.restart();
  slack.isMute = false;
  const { held, message } = await world.hold();
  await until(async () => (await slack.press('U0SAM', message, APPROVE)).acked);
  expect((await world.read(held.review)).state.status).toBe('approved');
});

test('no token, secret or text of the action gets into the log, whatever Slack refuses (law 8)', async () => {
  const { slack } = await open();
  slack.limit('chat.postMessage', 1, 1);
  const { message } = await world.hold({ command: "SELECT 'CANARY-4711'", statedTask: 'CANARY-4712' });
  slack.limit('users.info', 1, 1);
  await slack.press('U0SAM', message, APPROVE);
  await slack.press('U0ZOE', message, APPROVE);
  await until(() => slack.workspace.ephemerals.length === 2);
  const { botToken, signingSecret } = slack.workspace;
  for (const secret of ['CANARY', botToken, signingSecret, '/link#'])
    expect(world.logged.join('\n')).not.toContain(secret);
});
