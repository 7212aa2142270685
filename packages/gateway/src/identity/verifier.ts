import { createHash, createHmac, pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(pbkdf2);
const KEY_BYTES = 32;
const VERIFIER = /^SCRAM-SHA-256\$(\d{1,7}):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)$/;

/** What a server keeps of a SCRAM-SHA-256 password (RFC 5803): enough to check it, not to sign in with it. */
export interface Verifier {
  readonly iterations: number;
  readonly salt: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** The keys of a password (RFC 5802, section 3). Tokens are ASCII, which SASLprep leaves as it is. */
export async function deriveVerifier(password: string, salt: Buffer, iterations: number): Promise<Verifier> {
  const salted = await derive(password, salt, iterations, KEY_BYTES, 'sha256');
  const storedKey = createHash('sha256').update(hmac(salted, 'Client Key')).digest();
  return { iterations, salt, storedKey, serverKey: hmac(salted, 'Server Key') };
}

/** PostgreSQL's own text form: `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`. */
export function formatVerifier({ iterations, salt, storedKey, serverKey }: Verifier): string {
  const [saltText, stored, server] = [salt, storedKey, serverKey].map((bytes) => bytes.toString('base64'));
  return `SCRAM-SHA-256$${iterations}:${saltText}$${stored}:${server}`;
}

export function parseVerifier(text: string): Verifier | undefined {
  const [, iterations, salt = '', stored = '', server = ''] = VERIFIER.exec(text) ?? [];
  if (iterations === undefined) return undefined;
  const [saltBytes, storedKey, serverKey] = [
    Buffer.from(salt, 'base64'),
    Buffer.from(stored, 'base64'),
    Buffer.from(server, 'base64'),
  ];
  if (storedKey.length !== KEY_BYTES || serverKey.length !== KEY_BYTES) return undefined;
  return { iterations: Number(iterations), salt: saltBytes, storedKey, serverKey };
}
