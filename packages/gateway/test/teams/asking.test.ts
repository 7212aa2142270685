/** Questions to the person for whom an agent acts: they arrive in Teams, and are answered there. */
import { afterEach, expect, test } from 'vitest';
import { actionOf, buttons, textOf } from '../fakes/teams/shapes.ts';
import type { FakeMessage } from '../fakes/teams/tenant.ts';
import { until } from '../support/chat-world.ts';
import { openTeamsWorld, type TeamsWorld } from '../support/teams-world.ts';

let world: TeamsWorld;
afterEach(() => world.close());

const ANSWER = 'sallyport.answer';
const OPEN = 'Open in browser';

/** Kim asks; resolves with what Ana has of it. */
async function ask(): Promise<{
  review: Parameters<TeamsWorld['read']>[0];
  message: FakeMessage;
  asked: FakeMessage;
}> {
  world = await openTeamsWorld();
  const { held, message } = await world.hold();
  const fields = { question: 'Is this for the audit?', to: 'sponsor' };
  const { told } = await world.acting.press(world.user('kim'), message, 'sallyport.ask', { fields });
  expect(told).toBe('It is recorded.');
  const chat = `a:1${world.user('ana').oid}`;
  const asked = await until(() => world.teams.tenant.cardsIn(chat)[0]);
  return { review: held.review, message, asked };
}

test('the sponsor gets the question with the card and no way to decide; their answer is recorded as theirs and shown to all', async () => {
  const { review, message, asked } = await ask();
  const ana = world.user('ana');
  expect(buttons(asked.card)).toEqual([ANSWER, OPEN]);
  expect(textOf(asked.card)).toContain('Question 1 of kim to its sponsor');
  expect(textOf(asked.card)).toContain('SELECT email');
  const empty = await world.acting.press(ana, asked, ANSWER, { fields: { answer: ' ' } });
  expect(textOf(empty.dialog!.card)).toContain('Not counted. The answer has no text');
  const { told } = await world.acting.submit(ana, asked, empty.dialog!, { answer: 'Yes: <at>x</at>' });
  expect(told).toBe('It is recorded.');
  expect((await world.read(review)).questions[0]).toMatchObject({
    to: 'sponsor',
    answer: { by: 'ana', kind: 'person', text: 'Yes: <at>x</at>', channel: 'teams' },
  });
  await until(() => buttons(asked.card).length === 1);
  const said = await until(() => {
    const thread = world.teams.tenant.thread(message);
    return thread.length === 2 && thread;
  });
  expect(textOf(said[1]!.card)).toBe('ana answers:\nYes: <at>x</at>');
});

test('an answer sent twice is given once, and its author is told that it counts, after a restart too (C)', async () => {
  const { review, asked } = await ask();
  const { msteams: _, ...data } = actionOf(asked.card, ANSWER)!.data;
  const sent = world.acting.task(world.user('ana'), asked, 'task/submit', { ...data, answer: 'Yes.' });
  expect((await world.acting.send(sent)).told).toBe('It is recorded.');
  await world.restart();
  expect((await world.acting.send(sent)).told).toBe('It is recorded.');
  expect((await world.read(review)).questions[0]?.answer?.text).toBe('Yes.');
});

test('nobody else answers: neither who decides, nor who is linked to nobody, nor a sponsor who is disabled', async () => {
  const { review, asked } = await ask();
  const fields = { answer: 'Yes.' };
  const press = (name: string) =>
    world.acting.press(world.user(name), asked, ANSWER, { fields, card: asked.card });
  const sam = await press('sam');
  expect(textOf(sam.dialog!.card)).toContain('Only the agent that asked, or the person for whom it acts');
  const zoe = await world.acting.press(world.user('zoe'), asked, ANSWER, { card: asked.card });
  expect(textOf(zoe.dialog!.card)).toContain('Sallyport doesn’t know who you are');
  world.people = world.people.map((one) => (one.name === 'ana' ? { ...one, disabled: true } : one));
  expect((await press('ana')).told).toContain('belongs to nobody who may decide now');
  expect((await world.read(review)).questions[0]?.answer).toBeNull();
});

test('a sponsor who may not read reviews is shown the question, and nothing of the action', async () => {
  world = await openTeamsWorld();
  world.forbidden.add('api:reviews.read');
  const { held } = await world.hold();
  const asker = world.people[1]!;
  const given = { review: held.review, asker, to: 'sponsor', text: 'Why?', channel: 'api' } as const;
  expect((await world.desk.question(given)).ok).toBe(true);
  const asked = await until(() => world.teams.tenant.cardsIn(`a:1${world.user('ana').oid}`)[0]);
  expect(textOf(asked.card)).toContain('Why?');
  expect(textOf(asked.card)).not.toContain('SELECT email');
});

test('the end of the review takes the way to answer away', async () => {
  const { message, asked } = await ask();
  const seen = asked.card;
  await world.acting.press(world.user('sam'), message, 'sallyport.approve');
  await until(() => buttons(asked.card).length === 1);
  expect((await world.acting.press(world.user('ana'), asked, ANSWER, { card: seen })).told).toContain(
    'This review is over: approved by sam',
  );
});
