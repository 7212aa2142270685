import { channelCompliance, type PlatformState } from '../../src/channels/compliance.ts';
import { refused } from '../fakes/teams/connector.ts';
import { shownReview } from '../support/chat-world.ts';
import { openTeamsWorld } from '../support/teams-world.ts';

const OFTEN = 99;

channelCompliance('Teams', async () => {
  const world = await openTeamsWorld({ teams: { directMessages: true } });
  const { teams, channel } = world;
  const busy = { ...refused(429, 'Throttled'), headers: { 'retry-after': '7' } };
  const states: Record<PlatformState, () => void> = {
    well: () => undefined,
    busy: () => teams.fail('/teams/v3/', OFTEN, busy),
    away: () => teams.fail('/', OFTEN, { status: 502, body: {} }),
    refusing: () => teams.fail('/teams/v3/', OFTEN, refused(403, 'BotDisabledByAdmin')),
  };
  return {
    channel,
    review: shownReview(),
    set: (state) => states[state](),
    arrived: () => teams.tenant.messages.map((message) => JSON.stringify(message)),
    dispose: () => world.close(),
    showsAction: true,
  };
});
