import type { Hashing } from '../ports.ts';
import type { Reply } from './route.ts';

/**
 * A strong entity tag (RFC 9110 section 8.8.3) of an answer. `readAt`, the clock of the moment, is no part of what is
 * compared: with it no two answers were ever the same.
 */
export function etagOf(body: object, { sha256Base64url }: Pick<Hashing, 'sha256Base64url'>): string {
  const text = JSON.stringify({ ...body, readAt: null });
  return `"${sha256Base64url(text)}"`;
}

/** Whether the caller names this tag, or any. Weak comparison, as for `If-None-Match` (section 13.1.2). */
export function names(header: string | null, etag: string): boolean {
  if (header === null) return false;
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etag);
}

/** The answer, or that the caller has it. */
export function conditional(
  body: object,
  headers: Headers,
  hashing: Pick<Hashing, 'sha256Base64url'>,
): Reply {
  const etag = etagOf(body, hashing);
  if (names(headers.get('if-none-match'), etag)) return { kind: 'unchanged', etag };
  return { kind: 'json', body, etag };
}
