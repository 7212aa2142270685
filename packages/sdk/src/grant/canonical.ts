type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/**
 * RFC 8785: equal values give equal text. Throws a TypeError for what has no such text: call `isPlainObject` before on
 * what somebody else made. The gateway has an encoder of its own; a test keeps the two equal.
 */
export function canonicalJson(value: unknown): string {
  return encode(value as Json);
}

function encode(value: Json): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return encodeNumber(value);
  if (typeof value === 'string') return encodeText(value);
  if (typeof value !== 'object') throw new TypeError('no canonical JSON');
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(encode).join(',')}]`;
  // By UTF-16 code units, which is how ECMAScript compares strings.
  const names = Object.keys(value).sort();
  const record = value as { readonly [name: string]: Json };
  const members = names.map((name) => `${encodeText(name)}:${encode(record[name] as Json)}`);
  return `{${members.join(',')}}`;
}

function encodeNumber(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError('no canonical JSON');
  return String(value);
}

function encodeText(text: string): string {
  if (!text.isWellFormed()) throw new TypeError('no canonical JSON');
  return JSON.stringify(text);
}
