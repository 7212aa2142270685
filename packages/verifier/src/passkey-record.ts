import { nameAt, optionalNameAt, wordAt } from './leaf-members.ts';
import type { JsonObject } from './leaf-members.ts';

/** What the log says of a passkey, once when it is registered and once when it is revoked (spec/vote.md). */
export interface PasskeyRecord {
  readonly event: 'registered' | 'revoked';
  /** The gateway's own id of it. */
  readonly id: string;
  readonly person: string;
  /** Who that person is, whatever account they use. */
  readonly identity: string;
  /** RFC 7638 thumbprint of its public key. */
  readonly key: string;
  /** The web page's address, `https://HOST[:PORT]`, at which it was registered and alone signs. */
  readonly origin: string;
  /** WebAuthn's relying party. */
  readonly rpId: string;
  /** The passkey that signed its registration; null: it was the first, and a token was enough. */
  readonly vouchedBy: string | null;
}

export function passkeyRecordOf(value: JsonObject): PasskeyRecord {
  return {
    event: wordAt(value, 'event', ['registered', 'revoked']),
    id: nameAt(value, 'id'),
    person: nameAt(value, 'person'),
    identity: nameAt(value, 'identity'),
    key: nameAt(value, 'key'),
    origin: nameAt(value, 'origin'),
    rpId: nameAt(value, 'rpId'),
    vouchedBy: optionalNameAt(value, 'vouchedBy'),
  };
}
