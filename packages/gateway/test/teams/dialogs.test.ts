/** Dialogs in Teams: a reason and a question, over a local Teams and the API's route (threats C). */
import { afterEach, describe, expect, test } from 'vitest';
import { actionOf, textOf } from '../fakes/teams/shapes.ts';
import { until } from '../support/chat-world.ts';
import { openTeamsWorld, type TeamsWorld, type TeamsWorldOptions } from '../support/teams-world.ts';

const APPROVE = 'sallyport.approve';
const REJECT = 'sallyport.reject';
const ASK = 'sallyport.ask';

let world: TeamsWorld;
const open = async (options: TeamsWorldOptions = {}): Promise<TeamsWorld> =>
  (world = await openTeamsWorld(options));
afterEach(() => world.close());

const ended = async (id: Parameters<TeamsWorld['read']>[0]): Promise<string> =>
  (await world.read(id)).state.status;

describe('a dialog (C)', () => {
  test('sent twice has one effect, after a restart too', async () => {
    const { acting } = await open();
    const { held, message } = await world.hold();
    const sam = world.user('sam');
    const { msteams: _, ...data } = actionOf(await acting.look(sam, message), ASK)!.data;
    const sent = acting.task(sam, message, 'task/submit', { ...data, question: 'Why?', to: 'agent' });
    expect((await acting.send(sent)).told).toBe('It is recorded.');
    await world.restart();
    expect((await acting.send(sent)).told).toBe('It is recorded.');
    expect((await world.read(held.review)).questions).toHaveLength(1);
  });

  test('is opened for nobody who is linked to nobody, or may not read; with a link where there is one', async () => {
    const { acting } = await open();
    const { held, message } = await world.hold();
    const seen = await acting.look(world.user('sam'), message);
    const stranger = await acting.press(world.user('zoe'), message, REJECT, { card: seen });
    expect(textOf(stranger.dialog!.card)).toContain('Not counted. Sallyport doesn’t know who you are');
    expect(JSON.stringify(stranger.dialog!.card.actions)).toContain('http://gate.example/link#');
    world.forbidden.add('api:reviews.read');
    const { told } = await acting.press(world.user('sam'), message, REJECT, { card: seen });
    expect(told).toContain('No policy permits you');
    expect(world.refused).toEqual(['zoe', 'sam'].map((name) => `${world.user(name).oid} ${held.review}`));
  });

  test('opened before the end and sent after it has no effect, and says so', async () => {
    const { acting } = await open();
    const { held, message } = await world.hold();
    const kim = world.user('kim');
    const seen = await acting.look(kim, message);
    const { dialog } = await acting.press(kim, message, REJECT);
    await acting.press(world.user('sam'), message, APPROVE);
    const { told } = await acting.submit(kim, message, dialog!, { reason: 'No.' });
    expect(told).toContain('Not counted. This review is over: approved by sam');
    expect((await acting.press(kim, message, REJECT, { card: seen })).told).toContain(
      'This review is over: approved by sam',
    );
    expect((await world.read(held.review)).votes).toHaveLength(1);
  });

  test('sent while nothing can be recorded doesn’t count yet; its author is told what came of it', async () => {
    const { acting, teams } = await open({ limits: { chatClickRetryMs: 20 } });
    const { held, message } = await world.hold();
    const sam = world.user('sam');
    const { dialog } = await acting.press(sam, message, REJECT);
    world.isAway = true;
    const { told } = await acting.submit(sam, message, dialog!, { reason: 'No.' });
    expect(told).toContain('doesn’t count yet');
    world.isAway = false;
    await until(() =>
      teams.tenant
        .cardsIn(`a:1${sam.oid}`)
        .some((each) => textOf(each.card) === 'Your decision is recorded.'),
    );
    expect(await ended(held.review)).toBe('rejected');
  });

  test.each([
    ['a verb that isn’t a dialog’s', { verb: APPROVE }],
    ['a verb that isn’t ours', { verb: 'other' }],
    ['too many words', { reason: 'x'.repeat(4_001) }],
    ['something else than words', { reason: { text: 'No.' } }],
  ])('with %s is refused, and nothing is counted', async (_, change) => {
    const { acting } = await open();
    const { held, message } = await world.hold();
    const sam = world.user('sam');
    const { msteams: __, ...data } = actionOf(await acting.look(sam, message), REJECT)!.data;
    const sent = acting.task(sam, message, 'task/submit', { ...data, reason: 'No.', ...change });
    expect((await acting.send(sent)).status).toBe(400);
    expect((await world.read(held.review)).votes).toEqual([]);
  });

  test('whose token isn’t Teams’ opens nothing', async () => {
    const { acting } = await open();
    const { message } = await world.hold();
    const pressed = await acting.press(world.user('sam'), message, REJECT, {
      forgery: { token: { audience: 'another-bot' } },
    });
    expect([pressed.status, pressed.dialog]).toEqual([401, undefined]);
  });
});
