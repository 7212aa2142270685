import type { Random } from '../../../ports.ts';
import {
  authenticationOk,
  authenticationSasl,
  authenticationSaslContinue,
  authenticationSaslFinal,
} from './backend.ts';
import { parseSaslInitialResponse, parseSaslResponse } from './frontend.ts';
import { fakeVerifier, parseVerifier, scramMechanism, scramNonceBytes, scramPlusMechanism } from './scram.ts';
import { answerClientFinal, answerClientFirst } from './scram-server.ts';

export interface AuthenticationOptions {
  /** The stored SCRAM verifier of a user; undefined where there is no such user. */
  lookupVerifier(user: string): string | undefined;
  /** Random, of 32 bytes, drawn once a process: unknown users get verifiers made from it. */
  readonly fakeVerifierSecret: Uint8Array;
  readonly random: Random;
}

/** The client's side of the exchange, for one connection. */
export interface Peer {
  /** The next password message, header included; null when the client is gone, or sent something else. */
  next(): Promise<Buffer | null>;
  send(frame: Buffer): void;
  /** `tls-server-end-point` data of this connection; null without TLS. */
  readonly channelBinding: Buffer | null;
}

/**
 * `gone`: the client left. `failed`: whatever the reason; they all look alike to the client, which learns nothing about
 * which users there are.
 */
export type AuthenticationEnd = 'authenticated' | 'failed' | 'gone';

/** SCRAM ("SASL Authentication"), up to and with AuthenticationOk. */
export async function authenticate(
  user: string,
  peer: Peer,
  options: AuthenticationOptions,
): Promise<AuthenticationEnd> {
  const fake = fakeVerifier(user, options.fakeVerifierSecret);
  // A stored verifier that can't be read counts as none.
  const real = parseVerifier(options.lookupVerifier(user) ?? '');
  const { channelBinding } = peer;
  peer.send(
    authenticationSasl(channelBinding === null ? [scramMechanism] : [scramPlusMechanism, scramMechanism]),
  );
  const initial = await peer.next();
  if (initial === null) return 'gone';
  const response = parseSaslInitialResponse(initial);
  if (!response.ok || response.value.data === null) return 'failed';
  const { mechanism, data } = response.value;
  if (mechanism !== scramMechanism && mechanism !== scramPlusMechanism) return 'failed';
  const started = answerClientFirst(data.toString('utf8'), {
    verifier: real ?? fake,
    isKnown: real !== undefined,
    isPlus: mechanism === scramPlusMechanism,
    channelBinding,
    nonce: Buffer.from(options.random.bytes(scramNonceBytes)).toString('base64'),
  });
  if (!started.ok) return 'failed';
  peer.send(authenticationSaslContinue(started.value.serverFirst));
  const final = await peer.next();
  if (final === null) return 'gone';
  const answer = answerClientFinal(parseSaslResponse(final).toString('utf8'), started.value);
  if (!answer.ok) return 'failed';
  peer.send(Buffer.concat([authenticationSaslFinal(answer.value), authenticationOk]));
  return 'authenticated';
}
