import { channelCompliance, type PlatformState } from '../../src/channels/compliance.ts';
import { shownReview } from '../support/chat-world.ts';
import { openSlackWorld } from '../support/slack-world.ts';

const METHODS = ['chat.postMessage', 'chat.update', 'conversations.open', 'auth.test'];

channelCompliance('Slack', async () => {
  const world = await openSlackWorld({ slack: { directMessages: true } });
  const { slack, channel } = world;
  const states: Record<PlatformState, () => void> = {
    well: () => undefined,
    busy: () => METHODS.forEach((method) => slack.limit(method, 99, 7)),
    away: () => void (slack.workspace.tokenFault = 'internal_error'),
    refusing: () => void (slack.workspace.tokenFault = 'restricted_action'),
  };
  return {
    channel,
    review: shownReview(),
    set: (state) => states[state](),
    arrived: () => slack.workspace.messages.map((message) => JSON.stringify(message)),
    dispose: () => world.close(),
    showsAction: true,
  };
});
