/** What tests of everything that passkeys sign have in common. */
import { createHash } from 'node:crypto';
import { webCryptoVerifier } from '../src/index.ts';
import { logKey, sha256, verify } from './support.ts';

export const crypto = webCryptoVerifier();
export const trust = { trustedKey: logKey.vkey, hash: sha256, verify, verifyPasskey: crypto.verifyPasskey };
export const ORIGIN = 'https://gate.example';
export const RP_ID = 'gate.example';
export const PASSKEY = 'pky_01jd00000000000000000000e1';
export const RENDERING = '5e'.repeat(32);
export const commitment = (aside: string): string => createHash('sha256').update(aside).digest('base64url');
