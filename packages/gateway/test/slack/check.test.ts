/** What `sallyport channels check` says of Slack: each fault in one line, with the way out. */
import { afterEach, expect, test } from 'vitest';
import { openSlackWorld, type SlackWorld } from '../support/slack-world.ts';

let world: SlackWorld;
afterEach(() => world.close());

const TEN_MINUTES_MS = 600_000;

test('nothing is said of a set-up that works', async () => {
  world = await openSlackWorld({ mode: 'socket' });
  expect(await world.channel.check()).toEqual([]);
});

test('who may decide and has no account here is named', async () => {
  world = await openSlackWorld({ mode: 'socket' });
  world.people = world.people.map((each) => (each.name === 'zoe' ? { ...each, groups: ['stewards'] } : each));
  expect(await world.channel.check()).toEqual([
    expect.stringMatching(/^No account in Slack is linked to zoe, .*people\[\]\.slack\.$/),
  ]);
});

test.each([
  [
    'a revoked token',
    (at) => (at.slack.workspace.tokenFault = 'token_revoked'),
    /was revoked: install the app again/,
  ],
  [
    'an unknown token',
    (at) => (at.slack.workspace.botToken = 'xoxb-another'),
    /doesn’t know the bot’s token/,
  ],
  [
    'a missing scope',
    (at) => at.slack.workspace.scopes.delete('users:read'),
    /lacks the scope users:read, for who somebody is: add it/,
  ],
  [
    'an archived channel',
    (at) => Object.assign(at.slack.workspace.channels.get('C0REVIEWS')!, { archived: true }),
    /C0REVIEWS is archived: unarchive it/,
  ],
  [
    'a channel without the bot',
    (at) => Object.assign(at.slack.workspace.channels.get('C0REVIEWS')!, { member: false }),
    /not in the channel C0REVIEWS: invite it/,
  ],
  [
    'a channel that isn’t there',
    (at) => at.slack.workspace.channels.delete('C0REVIEWS'),
    /no channel C0REVIEWS/,
  ],
  ['a clock ten minutes ahead', (at) => (at.offMs = TEN_MINUTES_MS), /10 minutes ahead of Slack’s.*NTP/],
  ['a clock ten minutes behind', (at) => (at.slack.offMs = TEN_MINUTES_MS), /10 minutes behind Slack’s.*NTP/],
  [
    'an app token that Slack refuses',
    (at) => (at.slack.workspace.appToken = 'xapp-another'),
    /refuses a Socket Mode connection \(invalid_auth\).*connections:write/,
  ],
] as readonly (readonly [string, (at: SlackWorld) => unknown, RegExp])[])(
  '%s',
  async (_, change, expected) => {
    world = await openSlackWorld({ mode: 'socket' });
    change(world);
    const problems = await world.channel.check();
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(expected);
    expect(problems[0]).not.toContain('\n');
  },
);

test('Slack that can’t be reached, and another team’s token', async () => {
  world = await openSlackWorld({ slack: { team: 'T0OTHER' } });
  expect((await world.channel.check())[0]).toContain('The token is for the team T0SALLYPORT');
  const elsewhere = await openSlackWorld({ slack: { apiUrl: 'http://127.0.0.1:9/api/' } });
  expect(await elsewhere.channel.check()).toEqual([expect.stringContaining('can’t be reached')]);
  await elsewhere.close();
});
