/** Slack's signature over a request (v0): by the raw bytes, within five minutes, in constant time. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../../ports-chat.ts';

export type SignatureFault = 'missing' | 'stale' | 'wrong';

export interface SignedRequest {
  /** As they arrived: a body that was parsed and written again has other bytes. */
  readonly body: Uint8Array;
  /** `X-Slack-Request-Timestamp`, in seconds; null: absent. */
  readonly timestamp: string | null;
  /** `X-Slack-Signature`; null: absent. */
  readonly signature: string | null;
}

export interface SignatureRules {
  /** Those in force: two while one is being replaced. Each is tried, so that the time tells nothing of which. */
  readonly secrets: readonly Secret[];
  readonly nowMs: number;
  readonly mostMs: number;
}

const TIMESTAMP = /^\d{1,12}$/;
const HEX_SIGNATURE = /^v0=[0-9a-f]{64}$/;

/** Null where it is Slack's own and fresh. Never throws, whatever it is given. */
export function faultOf(request: SignedRequest, rules: SignatureRules): SignatureFault | null {
  const { body, timestamp, signature } = request;
  if (timestamp === null || signature === null) return 'missing';
  if (!TIMESTAMP.test(timestamp)) return 'stale';
  // Too old is a replay; too new is one that is kept for later, or a clock.
  if (Math.abs(rules.nowMs - Number(timestamp) * 1_000) > rules.mostMs) return 'stale';
  // A signature of another length can't be compared in constant time, and is none.
  if (!HEX_SIGNATURE.test(signature)) return 'wrong';
  const given = Buffer.from(signature.slice(3), 'hex');
  let matches = false;
  for (const secret of rules.secrets) {
    const expected = createHmac('sha256', secret.reveal()).update(`v0:${timestamp}:`).update(body).digest();
    if (timingSafeEqual(expected, given)) matches = true;
  }
  return matches ? null : 'wrong';
}
