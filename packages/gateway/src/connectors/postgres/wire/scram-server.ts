import { err, ok } from '../../../core/result.ts';
import type { Result } from '../../../core/result.ts';
import { areEqual, fromBase64, isProofOf, serverSignatureOf } from './scram.ts';
import type { ScramVerifier } from './scram.ts';

/** `protocol`: the message isn't SCRAM, or asks for what isn't offered. `proof`: wrong password, or no such user. */
export type ScramServerFault = 'protocol' | 'proof';

export interface ScramOffer {
  /** The real one, or a fake one. */
  readonly verifier: ScramVerifier;
  /** Whether the user exists: an exchange over a fake verifier runs to its end and fails there. */
  readonly isKnown: boolean;
  /** The client chose the -PLUS mechanism. */
  readonly isPlus: boolean;
  /** `tls-server-end-point` data where -PLUS was advertised, else null. */
  readonly channelBinding: Buffer | null;
  /** Printable ASCII without commas, drawn for this exchange. */
  readonly nonce: string;
}

export interface ScramServerState {
  readonly offer: ScramOffer;
  readonly gs2Header: string;
  readonly clientFirstBare: string;
  readonly serverFirst: string;
  readonly nonce: string;
}

/**
 * RFC 5802 section 7: gs2-header, then `[m=…,]n=user,r=nonce[,extensions]`. The name is ignored, as PostgreSQL does: it
 * was given in the startup packet. A mandatory extension (`m=`) must be refused, and so is an authorization identity.
 */
const clientFirst = /^((?:n|y|p=([A-Za-z0-9.-]+)),,)(n=[^,]*,r=([\x21-\x2b\x2d-\x7e]+)(?:,.*)?)$/s;
/** `c=` and `r=`, extensions, `p=` last. */
const clientFinal = /^(c=([A-Za-z0-9+/=]+),r=([\x21-\x2b\x2d-\x7e]+)(?:,.*)?),p=([A-Za-z0-9+/=]+)$/s;

export function answerClientFirst(
  message: string,
  offer: ScramOffer,
): Result<ScramServerState, ScramServerFault> {
  const [, gs2Header = '', bindingType, clientFirstBare = '', clientNonce = ''] =
    clientFirst.exec(message) ?? [];
  if (clientFirstBare === '') return err('protocol');
  if (!isBindingFlagSound(gs2Header, bindingType, offer)) return err('protocol');
  const { salt, iterations } = offer.verifier;
  const nonce = clientNonce + offer.nonce;
  const serverFirst = `r=${nonce},s=${salt.toString('base64')},i=${iterations}`;
  return ok({ offer, gs2Header, clientFirstBare, serverFirst, nonce });
}

/** The server's last message, which proves that it knows the verifier; or nothing, and the client is refused. */
export function answerClientFinal(
  message: string,
  state: ScramServerState,
): Result<string, ScramServerFault> {
  const { offer } = state;
  const [, withoutProof = '', binding = '', nonce = '', proofText = ''] = clientFinal.exec(message) ?? [];
  const proof = fromBase64(proofText);
  if (proof === undefined || nonce !== state.nonce) return err('protocol');
  const expectedBinding = Buffer.concat([
    Buffer.from(state.gs2Header, 'utf8'),
    (offer.isPlus ? offer.channelBinding : null) ?? Buffer.alloc(0),
  ]);
  if (!areEqual(Buffer.from(binding, 'base64'), expectedBinding)) return err('protocol');
  const authMessage = `${state.clientFirstBare},${state.serverFirst},${withoutProof}`;
  // Both are worked out whoever asks, so that time tells nothing about the user.
  const isProven = isProofOf(offer.verifier, authMessage, proof);
  const signature = serverSignatureOf(offer.verifier, authMessage);
  return isProven && offer.isKnown ? ok(`v=${signature.toString('base64')}`) : err('proof');
}

/**
 * RFC 5802 section 6: `p` belongs to -PLUS and to it alone; `y` says that the server doesn't offer binding, so where it
 * does somebody in between has taken the offer out; `n` is a client that can't bind.
 */
function isBindingFlagSound(gs2Header: string, bindingType: string | undefined, offer: ScramOffer): boolean {
  if (offer.isPlus) return offer.channelBinding !== null && bindingType === 'tls-server-end-point';
  if (gs2Header.startsWith('p')) return false;
  return gs2Header.startsWith('n') || offer.channelBinding === null;
}
