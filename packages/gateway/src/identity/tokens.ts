import { createHash } from 'node:crypto';
import type { Random } from '../ports.ts';
import { deriveVerifier, formatVerifier } from './verifier.ts';

export type TokenKind = 'agent' | 'person';

const TOKEN = /^sp_(agent|person)_[A-Za-z0-9_-]{43}$/;
const TOKEN_BYTES = 32;
const SALT_BYTES = 16;
/** RFC 7677's minimum, and PostgreSQL's default: a token is random, so that more rounds protect nothing. */
const ITERATIONS = 4_096;

export function makeToken(kind: TokenKind, random: Random): string {
  return `sp_${kind}_${Buffer.from(random.bytes(TOKEN_BYTES)).toString('base64url')}`;
}

/** The kind of a well-formed token; undefined for anything else. */
export function tokenKind(token: string): TokenKind | undefined {
  return TOKEN.exec(token)?.[1] as TokenKind | undefined;
}

/** What the configuration keeps of an agent's token: the SCRAM-SHA-256 verifier. */
export async function makeAgentCredential(token: string, random: Random): Promise<string> {
  return formatVerifier(await deriveVerifier(token, Buffer.from(random.bytes(SALT_BYTES)), ITERATIONS));
}

/** What the configuration keeps of a person's token: lower-case hexadecimal SHA-256. */
export function makePersonCredential(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
