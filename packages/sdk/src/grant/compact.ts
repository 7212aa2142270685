import { base64url } from 'jose';
import { maxTokenLength } from '../contract/index.ts';

export interface Compact {
  readonly header: unknown;
  readonly payload: unknown;
}

/**
 * The parts of a compact JWS, unverified; undefined where it isn't one. Each part must be what its bytes encode to:
 * the last character of a signature has bits that decoders ignore, and one token would have several texts.
 */
export function readCompact(token: string): Compact | undefined {
  if (token.length > maxTokenLength) return undefined;
  const parts = token.split('.');
  if (parts.length !== 3) return undefined;
  try {
    const [header, payload] = parts.map(strictBytes).map((bytes, at) => (at < 2 ? parse(bytes) : null));
    return { header, payload };
  } catch {
    // Fails closed: what can't be read is no token.
    return undefined;
  }
}

function strictBytes(part: string): Uint8Array {
  const bytes = base64url.decode(part);
  if (base64url.encode(bytes) !== part) throw new TypeError('not canonical');
  return bytes;
}

const parse = (bytes: Uint8Array): unknown =>
  JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
