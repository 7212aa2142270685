/** Questions to the person for whom an agent acts: they arrive in Slack, and are answered there. */
import { afterEach, expect, test } from 'vitest';
import { textOf, type FakeMessage, type FakeView } from '../fakes/slack/workspace.ts';
import { until } from '../support/chat-world.ts';
import { openSlackWorld, type SlackWorld, type SlackWorldOptions } from '../support/slack-world.ts';

let world: SlackWorld;
const open = async (options: SlackWorldOptions = {}): Promise<SlackWorld> =>
  (world = await openSlackWorld(options));
afterEach(() => world.close());

const ANSWER = 'sallyport.answer.1';

/** Kim asks; resolves with what Ana has of it. */
async function ask(text = 'Is this for the audit?'): Promise<{
  review: Parameters<SlackWorld['read']>[0];
  message: FakeMessage;
  asked: FakeMessage;
}> {
  const { held, message } = await world.hold();
  await world.slack.press('U0KIM', message, 'sallyport.ask');
  await world.slack.submit(await viewOf('U0KIM'), { question: text, to: 'sponsor' });
  const asked = await until(() => world.slack.workspace.inChannel('D0ANA')[0]);
  return { review: held.review, message, asked };
}

const viewOf = (user: string): Promise<FakeView> =>
  until(() => [...world.slack.workspace.views.values()].find((each) => each.user === user));

async function answer(asked: FakeMessage, text: string): Promise<FakeView> {
  await world.slack.press('U0ANA', asked, ANSWER);
  const view = await viewOf('U0ANA');
  await world.slack.submit(view, { answer: text });
  return view;
}

test('the sponsor gets the question with the card and no way to decide; their answer is recorded as theirs and shown to all', async () => {
  const { slack } = await open();
  const { review, message, asked } = await ask();
  expect(slack.buttons(asked)).toEqual([ANSWER, 'sallyport.open']);
  expect(textOf(asked.blocks)).toContain('Question 1 of kim to its sponsor');
  expect(textOf(asked.blocks)).toContain('SELECT email');
  const view = await answer(asked, '   ');
  expect(view.errors['answer']).toContain('The answer has no text');
  await slack.submit(view, { answer: 'Yes: <!channel> ticket 77.' });
  expect((await world.read(review)).questions[0]).toMatchObject({
    to: 'sponsor',
    answer: { by: 'ana', kind: 'person', text: 'Yes: <!channel> ticket 77.', channel: 'slack' },
  });
  await until(() => slack.buttons(asked).length === 1);
  await until(() => slack.workspace.thread(message).length === 2);
  expect(slack.workspace.thread(message).map(({ blocks }) => textOf(blocks).trim())[1]).toBe(
    'ana answers:\nYes: <!channel> ticket 77.',
  );
  expect(JSON.stringify(asked.blocks)).not.toContain('<!channel>');
});

test('an answer sent twice is given once, and its author is told that it counts, after a restart too (C)', async () => {
  const { slack } = await open();
  const { review, asked } = await ask();
  await slack.press('U0ANA', asked, ANSWER);
  const view = await viewOf('U0ANA');
  await slack.submit(view, { answer: 'Yes.' });
  await world.restart();
  slack.workspace.views.set(view.id, view);
  await slack.submit(view, { answer: 'Yes.' });
  expect(view.errors).toEqual({});
  expect((await world.read(review)).questions[0]?.answer?.text).toBe('Yes.');
});

test('nobody else answers: neither who decides, nor who is linked to nobody, nor a sponsor who is disabled', async () => {
  const { slack } = await open();
  const { review, asked } = await ask();
  for (const user of ['U0SAM', 'U0ZOE']) {
    await slack.press(user, asked, ANSWER);
    if (user === 'U0ZOE') continue;
    const view = await viewOf(user);
    await slack.submit(view, { answer: 'Yes.' });
    expect(view.errors['answer']).toContain('Only the agent that asked, or the person for whom it acts');
  }
  await until(() => slack.workspace.ephemerals.some(({ user }) => user === 'U0ZOE'));
  world.people = world.people.map((one) => (one.name === 'ana' ? { ...one, disabled: true } : one));
  await slack.press('U0ANA', asked, ANSWER);
  await until(() => slack.workspace.ephemerals.some(({ user }) => user === 'U0ANA'));
  expect((await world.read(review)).questions[0]?.answer).toBeNull();
  expect(world.refused).toEqual([`U0ZOE ${review}`, `U0ANA ${review}`]);
});

test('a sponsor who may not read reviews is shown the question, and nothing of the action', async () => {
  await open();
  world.forbidden.add('api:reviews.read');
  const { held } = await world.hold();
  const asker = world.people[1]!;
  const given = { review: held.review, asker, to: 'sponsor', text: 'Why?', channel: 'api' } as const;
  expect((await world.desk.question(given)).ok).toBe(true);
  const asked = await until(() => world.slack.workspace.inChannel('D0ANA')[0]);
  expect(textOf(asked.blocks)).toContain('Why?');
  expect(textOf(asked.blocks)).not.toContain('SELECT email');
  await answer(asked, 'For the audit.');
  expect((await world.read(held.review)).questions[0]?.answer?.by).toBe('ana');
});

test('a question to the agent is nothing for the sponsor; the end of the review takes the way to answer away', async () => {
  const { slack } = await open();
  const { review, message, asked } = await ask();
  await slack.press('U0SAM', message, 'sallyport.ask');
  await slack.submit(await viewOf('U0SAM'), { question: 'Why?', to: 'agent' });
  await until(() => slack.workspace.thread(message).length === 2);
  expect(slack.workspace.inChannel('D0ANA')).toHaveLength(1);
  const seen = asked.blocks;
  await slack.press('U0SAM', message, 'sallyport.approve');
  expect((await world.read(review)).state.status).toBe('approved');
  await until(() => slack.buttons(asked).length === 1);
  await slack.press('U0ANA', asked, ANSWER, seen);
  await until(() =>
    slack.workspace.ephemerals.some(({ text }) => text.startsWith('This review is over: approved by sam')),
  );
});
