import { createHash, createHmac, pbkdf2, pbkdf2Sync, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { saslPrep } from './saslprep.ts';

/** SCRAM-SHA-256: RFC 5802, RFC 7677; in PostgreSQL 18: "SASL Authentication". */
export const scramMechanism = 'SCRAM-SHA-256';
/** With channel binding of type `tls-server-end-point` (RFC 5929 section 4). */
export const scramPlusMechanism = 'SCRAM-SHA-256-PLUS';

/** RFC 7677 section 4, and PostgreSQL's own default. */
export const scramIterations = 4_096;
export const scramSaltBytes = 16;
/** As many as PostgreSQL draws. */
export const scramNonceBytes = 18;
const keyBytes = 32;

/** What a server keeps instead of the password. */
export interface ScramVerifier {
  readonly iterations: number;
  readonly salt: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

/** PostgreSQL's stored form (`pg_authid.rolpassword`): `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`. */
export function makeVerifier(password: string, salt: Uint8Array, iterations: number): string {
  const salted = pbkdf2Sync(saslPrep(password), salt, iterations, keyBytes, 'sha256');
  const keys = [sha256(hmac(salted, 'Client Key')), hmac(salted, 'Server Key')].map((key) =>
    key.toString('base64'),
  );
  return `${scramMechanism}$${iterations}:${Buffer.from(salt).toString('base64')}$${keys.join(':')}`;
}

const storedForm = /^SCRAM-SHA-256\$(\d{1,9}):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)$/;

/** Undefined where it isn't a verifier. */
export function parseVerifier(text: string): ScramVerifier | undefined {
  const [, count = '', ...encoded] = storedForm.exec(text) ?? [];
  const iterations = Number(count);
  const [salt, storedKey, serverKey] = encoded.map(fromBase64);
  if (
    iterations < 1 ||
    salt === undefined ||
    storedKey?.length !== keyBytes ||
    serverKey?.length !== keyBytes
  ) {
    return undefined;
  }
  return { iterations, salt, storedKey, serverKey };
}

/**
 * The verifier shown for a user that doesn't exist: as stable for a name as a real one, and of the same shape. `secret`
 * is drawn once a process and never leaves it.
 */
export function fakeVerifier(user: string, secret: Uint8Array): ScramVerifier {
  const derive = (purpose: string) => hmac(secret, `${purpose}\0${user}`);
  return {
    iterations: scramIterations,
    salt: derive('salt').subarray(0, scramSaltBytes),
    storedKey: derive('stored key'),
    serverKey: derive('server key'),
  };
}

const saltPassword = promisify(pbkdf2);

/** Targets that a gateway talks to have one password and one salt each. */
const keptSalted = 64;
const salted = new Map<string, Promise<Buffer>>();

/**
 * On the thread pool: thousands of rounds would hold up every other session. Kept, as RFC 5802 section 3 suggests: a
 * session that was approved opens its connection while its client waits. Whoever can read the process has the password.
 */
export function saltedPassword(password: string, salt: Buffer, iterations: number): Promise<Buffer> {
  const key = `${iterations} ${salt.toString('base64')} ${sha256(Buffer.from(password)).toString('base64')}`;
  const known = salted.get(key);
  if (known !== undefined) return known;
  const derived = saltPassword(saslPrep(password), salt, iterations, keyBytes, 'sha256');
  if (salted.size >= keptSalted) salted.clear();
  salted.set(key, derived);
  derived.catch(() => salted.delete(key));
  return derived;
}

export interface ScramProof {
  readonly clientProof: Buffer;
  readonly serverSignature: Buffer;
}

/** RFC 5802 section 3, from the password's salted form. */
export function proofOf(salted: Buffer, authMessage: string): ScramProof {
  const clientKey = hmac(salted, 'Client Key');
  return {
    clientProof: xor(clientKey, hmac(sha256(clientKey), authMessage)),
    serverSignature: hmac(hmac(salted, 'Server Key'), authMessage),
  };
}

/** Whether the proof was made with the password of this verifier. */
export function isProofOf(verifier: ScramVerifier, authMessage: string, proof: Buffer): boolean {
  if (proof.length !== keyBytes) return false;
  const clientKey = xor(proof, hmac(verifier.storedKey, authMessage));
  return timingSafeEqual(sha256(clientKey), verifier.storedKey);
}

export function serverSignatureOf(verifier: ScramVerifier, authMessage: string): Buffer {
  return hmac(verifier.serverKey, authMessage);
}

/** Base64 as RFC 4648 has it, and nothing that a lenient decoder would also take. */
export function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

export function areEqual(left: Buffer, right: Buffer): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}

function hmac(key: Uint8Array, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}

function sha256(data: Buffer): Buffer {
  return createHash('sha256').update(data).digest();
}

function xor(left: Buffer, right: Buffer): Buffer {
  return Buffer.from(left.map((value, index) => value ^ (right[index] ?? 0)));
}
