/** Slack's requests by HTTP: interactions and the command, at one address. Nothing of one is read before its signature. */
import type { PlatformEndpoint, PlatformRequest, Secret } from '../../ports-chat.ts';
import type { Limits } from '../../limits.ts';
import type { Clock } from '../../ports.ts';
import type { Acknowledgement } from './interactions.ts';
import { readCommand, readInteraction, type Incoming } from './payload.ts';
import { faultOf } from './signature.ts';

export interface HttpOptions {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly signingSecrets: readonly Secret[];
  readonly handle: (incoming: Incoming) => Promise<Acknowledgement>;
}

export function slackEndpoint({ clock, limits, signingSecrets, handle }: HttpOptions): PlatformEndpoint {
  return async (request) => {
    const signed = {
      body: request.body,
      timestamp: request.header('x-slack-request-timestamp'),
      signature: request.header('x-slack-signature'),
    };
    const rules = { secrets: signingSecrets, nowMs: clock.nowMs(), mostMs: limits.slackStampMs };
    if (faultOf(signed, rules) !== null) return { kind: 'unsigned' };
    const incoming = read(request);
    if (incoming === undefined) return { kind: 'unreadable' };
    return { kind: 'taken', body: await handle(incoming) };
  };
}

function read({ body, header }: PlatformRequest): Incoming | undefined {
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(header('content-type') ?? '')) return undefined;
  try {
    const form = new URLSearchParams(new TextDecoder('utf-8', { fatal: true }).decode(body));
    const payload = form.get('payload');
    if (payload === null) return readCommand(Object.fromEntries(form));
    return readInteraction(JSON.parse(payload));
  } catch {
    return undefined;
  }
}
