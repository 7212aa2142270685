/** What Slack's refusals mean for a delivery. */
import type { Sending } from '../channel.ts';
import { SlackFault } from './web.ts';

/** The message is gone, or can't be changed any more: another one is posted. */
export const VANISHED: ReadonlySet<string> = new Set([
  'message_not_found',
  'cant_update_message',
  'edit_window_closed',
]);

/** Slack doesn't take the blocks, by rules that it doesn't document. */
export const UNSHOWABLE: ReadonlySet<string> = new Set([
  'msg_blocks_too_long',
  'invalid_blocks',
  'msg_too_long',
]);

/** No repetition helps; an operator mends it, and sends the dead letter again. */
const FINAL: Readonly<Record<string, string>> = {
  channel_not_found: 'Slack has no such channel, or the bot may not see it.',
  is_archived: 'The channel is archived.',
  not_in_channel: 'The bot is not in the channel.',
  restricted_action: 'A setting of the workspace keeps the bot from posting there.',
  user_not_found: 'Slack has no such user.',
  user_disabled: 'The Slack account is deactivated.',
  cannot_dm_bot: 'The Slack account is a bot’s.',
  missing_scope: 'The app lacks a scope.',
};

export function sendingOf(error: unknown): Sending {
  const { code, retryAfterMs } = error instanceof SlackFault ? error : new SlackFault('failed');
  const final = FINAL[code];
  if (final !== undefined) return { kind: 'failed', problem: `${final} (${code})` };
  return { kind: 'later', retryAfterMs, problem: `Slack: ${code}` };
}
