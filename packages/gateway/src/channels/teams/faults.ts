/** What the refusals of Teams and Entra mean for a delivery. */
import type { Sending } from '../channel.ts';
import { TeamsFault } from './fetching.ts';

const statusOf = ({ code }: TeamsFault): number => Number(/^\d{3}/.exec(code)?.[0] ?? 0);

/** The message is gone: another one is posted. */
export const isVanished = (error: unknown): boolean =>
  error instanceof TeamsFault &&
  /^404 (ActivityNotFoundInConversation|ActivityNotFound|MessageNotFound)$/.test(error.code);

/** Teams doesn't take the card. */
export const isUnshowable = (error: unknown): boolean =>
  error instanceof TeamsFault && (statusOf(error) === 413 || statusOf(error) === 400);

/** No repetition helps; an operator mends it, and sends the dead letter again. */
const FINAL: Readonly<Record<number, string>> = {
  400: 'Teams doesn’t take the message.',
  403: 'The bot may not write there: its app is not installed in the team or for the person, or was blocked.',
  404: 'There is no such conversation, or the bot is not in it.',
  413: 'The message is too large for Teams.',
};

/** 401 and everything of the login: a secret that is replaced makes it work again, so it is tried again. */
export function sendingOf(error: unknown): Sending {
  if (!(error instanceof TeamsFault)) return { kind: 'later', retryAfterMs: null, problem: 'Teams: failed' };
  const final = FINAL[statusOf(error)];
  if (final !== undefined) return { kind: 'failed', problem: `${final} (${error.code})` };
  return { kind: 'later', retryAfterMs: error.retryAfterMs, problem: `Teams: ${error.code}` };
}
