import { canaries, channelCompliance, type PlatformState } from '../../src/channels/compliance.ts';
import { refused } from '../fakes/teams/connector.ts';
import { demand, review } from '../support/subjects.ts';
import { openTeamsWorld } from '../support/teams-world.ts';

const OFTEN = 99;

channelCompliance('Teams', async () => {
  const world = await openTeamsWorld({ teams: { directMessages: true } });
  const { teams, channel } = world;
  const { subject, ...rest } = review({}, [demand()]);
  const busy = { ...refused(429, 'Throttled'), headers: { 'retry-after': '7' } };
  const states: Record<PlatformState, () => void> = {
    well: () => undefined,
    busy: () => teams.fail('/teams/v3/', OFTEN, busy),
    away: () => teams.fail('/', OFTEN, { status: 502, body: {} }),
    refusing: () => teams.fail('/teams/v3/', OFTEN, refused(403, 'BotDisabledByAdmin')),
  };
  return {
    channel,
    review: {
      ...rest,
      questions: [
        {
          id: 1,
          by: 'sam',
          to: 'agent',
          text: 'why?',
          atMs: 1_000,
          channel: 'api',
          answer: { by: 'reporter', kind: 'agent', text: 'so', atMs: 1_000, channel: 'api' },
        },
      ],
      subject: {
        ...subject,
        command: `SELECT '${canaries.command}'`,
        parameters: [{ type: 25, format: 'text', value: canaries.value }],
        salt: canaries.salt,
      },
    },
    set: (state) => states[state](),
    arrived: () => teams.tenant.messages.map((message) => JSON.stringify(message)),
    dispose: () => world.close(),
    showsAction: true,
  };
});
