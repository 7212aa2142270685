import { canaries, channelCompliance, type PlatformState } from '../../src/channels/compliance.ts';
import { openSlackWorld } from '../support/slack-world.ts';
import { demand, review } from '../support/subjects.ts';

const METHODS = ['chat.postMessage', 'chat.update', 'conversations.open', 'auth.test'];

channelCompliance('Slack', async () => {
  const world = await openSlackWorld({ slack: { directMessages: true } });
  const { slack, channel } = world;
  const { subject, ...rest } = review({}, [demand()]);
  const states: Record<PlatformState, () => void> = {
    well: () => undefined,
    busy: () => METHODS.forEach((method) => slack.limit(method, 99, 7)),
    away: () => void (slack.workspace.tokenFault = 'internal_error'),
    refusing: () => void (slack.workspace.tokenFault = 'restricted_action'),
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
    arrived: () => slack.workspace.messages.map((message) => JSON.stringify(message)),
    dispose: () => world.close(),
    showsAction: true,
  };
});
