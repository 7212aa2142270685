import { err, ok } from '../../../core/result.ts';
import type { Result } from '../../../core/result.ts';
import {
  areEqual,
  fromBase64,
  proofOf,
  saltedPassword,
  scramIterations,
  scramMechanism,
  scramPlusMechanism,
} from './scram.ts';

export type ScramClientFault = 'protocol' | 'weak_iterations' | 'too_many_iterations' | 'server_signature';

/** PostgreSQL lets an administrator set more; this is half a second of work that a server may ask of us. */
const maxIterations = 1_000_000;

export interface ScramClientStart {
  readonly mechanism: string;
  readonly gs2Header: string;
  readonly channelBinding: Buffer | null;
  readonly clientFirstBare: string;
  readonly nonce: string;
}

/**
 * Chooses the mechanism: -PLUS where both can, else the plain one; undefined where the server offers neither. Where we can
 * bind and it is not offered, `y` says so, and a server that did offer it refuses (RFC 5802 section 6). The name is empty,
 * as PostgreSQL takes it from the startup packet.
 */
export function startScram(
  mechanisms: readonly string[],
  channelBinding: Buffer | null,
  nonce: string,
): ScramClientStart | undefined {
  const clientFirstBare = `n=,r=${nonce}`;
  if (channelBinding !== null && mechanisms.includes(scramPlusMechanism)) {
    const gs2Header = 'p=tls-server-end-point,,';
    return { mechanism: scramPlusMechanism, gs2Header, channelBinding, clientFirstBare, nonce };
  }
  if (!mechanisms.includes(scramMechanism)) return undefined;
  const gs2Header = channelBinding === null ? 'n,,' : 'y,,';
  return { mechanism: scramMechanism, gs2Header, channelBinding: null, clientFirstBare, nonce };
}

export function clientFirstMessage(start: ScramClientStart): string {
  return start.gs2Header + start.clientFirstBare;
}

export interface ScramClientFinal {
  readonly message: string;
  readonly serverSignature: Buffer;
}

const serverFirstForm = /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/=]+),i=(\d{1,9})(?:,.*)?$/s;

export async function answerServerFirst(
  start: ScramClientStart,
  serverFirst: string,
  password: string,
): Promise<Result<ScramClientFinal, ScramClientFault>> {
  const [, nonce = '', saltText = '', count = ''] = serverFirstForm.exec(serverFirst) ?? [];
  const salt = fromBase64(saltText);
  const iterations = Number(count);
  if (salt === undefined || salt.length === 0) return err('protocol');
  // The server's nonce extends ours: an old exchange can't be played back.
  if (!nonce.startsWith(start.nonce) || nonce.length === start.nonce.length) return err('protocol');
  // Few rounds would let whoever poses as the server try passwords cheaply (RFC 7677 section 4).
  if (iterations < scramIterations) return err('weak_iterations');
  if (iterations > maxIterations) return err('too_many_iterations');
  const binding = Buffer.concat([Buffer.from(start.gs2Header), start.channelBinding ?? Buffer.alloc(0)]);
  const withoutProof = `c=${binding.toString('base64')},r=${nonce}`;
  const salted = await saltedPassword(password, salt, iterations);
  const proof = proofOf(salted, `${start.clientFirstBare},${serverFirst},${withoutProof}`);
  return ok({
    message: `${withoutProof},p=${proof.clientProof.toString('base64')}`,
    serverSignature: proof.serverSignature,
  });
}

/** A server that can't sign doesn't know the password: it only pretends that it has checked it. */
export function checkServerFinal(
  final: ScramClientFinal,
  serverFinal: string,
): Result<null, ScramClientFault> {
  const signature = fromBase64(/^v=([A-Za-z0-9+/=]+)(?:,.*)?$/s.exec(serverFinal)?.[1] ?? '');
  return signature !== undefined && areEqual(signature, final.serverSignature)
    ? ok(null)
    : err('server_signature');
}
