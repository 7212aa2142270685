/**
 * Whether the Bot Connector sent an activity, for us, from where it says: the checks that Microsoft demands of whoever
 * does without its library. Fails closed at every step.
 */
import { decodeProtectedHeader, jwtVerify, type JWTPayload } from 'jose';
import type { Limits } from '../../limits.ts';
import type { Clock } from '../../ports.ts';
import type { Envelope } from './activity.ts';
import { type CloudAddresses, isServiceUrl } from './clouds.ts';
import type { ConnectorKeys } from './keys.ts';

export type Fault =
  /** Not from the Bot Connector, or for another bot (401). */
  | 'token.missing'
  | 'token.unknown_key'
  | 'token.invalid'
  | 'token.not_endorsed'
  | 'token.other_service_url'
  /** From it, but not for this gateway (403). */
  | 'activity.foreign_service_url'
  | 'activity.other_channel'
  | 'activity.other_tenant'
  /** It can't be known now (503). */
  | 'keys.unreachable';

export interface VerifyOptions {
  readonly appId: string;
  readonly tenant: string;
  readonly addresses: CloudAddresses;
  readonly keys: Pick<ConnectorKeys, 'find'>;
  readonly clock: Clock;
  readonly limits: Limits;
}

const CHANNEL = 'msteams';

/** Null: it is. */
export async function faultOf(
  authorization: string | null,
  activity: Envelope,
  options: VerifyOptions,
): Promise<Fault | null> {
  const [, token] = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/.exec(authorization ?? '') ?? [];
  if (token === undefined || token.length > options.limits.teamsTokenCharacters) return 'token.missing';
  const signed = await claimsOf(token, options);
  if (typeof signed === 'string') return signed;
  if (!signed.endorsements.includes(activity.channelId)) return 'token.not_endorsed';
  if (signed.claims['serviceurl'] !== activity.serviceUrl) return 'token.other_service_url';
  if (!isServiceUrl(activity.serviceUrl, options.addresses)) return 'activity.foreign_service_url';
  if (activity.channelId !== CHANNEL) return 'activity.other_channel';
  return activity.tenant === options.tenant ? null : 'activity.other_tenant';
}

interface Signed {
  readonly claims: JWTPayload;
  readonly endorsements: readonly string[];
}

async function claimsOf(token: string, options: VerifyOptions): Promise<Signed | Fault> {
  const { addresses, appId, clock, keys, limits } = options;
  const kid = kidOf(token);
  if (kid === undefined) return 'token.invalid';
  let found;
  try {
    found = await keys.find(kid);
  } catch {
    return 'keys.unreachable';
  }
  if (found === undefined) return 'token.unknown_key';
  try {
    const { payload } = await jwtVerify(token, found.key, {
      algorithms: ['RS256'],
      issuer: addresses.issuer,
      audience: appId,
      currentDate: new Date(clock.nowMs()),
      clockTolerance: limits.teamsClockMs / 1_000,
      requiredClaims: ['exp', 'nbf'],
    });
    // For us alone: a token that others may use as well is none of the Connector's.
    if (payload.aud !== appId) return 'token.invalid';
    return { claims: payload, endorsements: found.endorsements };
  } catch {
    return 'token.invalid';
  }
}

function kidOf(token: string): string | undefined {
  try {
    const { kid, alg } = decodeProtectedHeader(token);
    return alg === 'RS256' ? kid : undefined;
  } catch {
    return undefined;
  }
}
