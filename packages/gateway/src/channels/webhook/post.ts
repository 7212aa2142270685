import { request as requestHttp } from 'node:http';
import { request as requestHttps, type RequestOptions } from 'node:https';
import { addressOf, hostOf, isLoopback, type Address, type Resolve } from './address.ts';

export interface Posting {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** `closed`: the address is not one that a webhook may lead to. `unreachable`: no answer; `code` is the system's. */
export type Posted =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfter: string | null }
  | { readonly kind: 'closed' }
  | { readonly kind: 'unreachable'; readonly code: string };

export interface PostPorts {
  readonly privateAddresses: readonly string[];
  readonly resolve: Resolve;
  readonly signal: AbortSignal;
}

/** What a receiver's headers may take; nothing of its answer but the status and `Retry-After` is looked at. */
const MOST_HEADER_BYTES = 16_384;

/** One POST to the address that was looked at. No redirect is followed, and no body read. */
export async function post(posting: Posting, ports: PostPorts): Promise<Posted> {
  try {
    const address = await addressOf(posting.url, ports.privateAddresses, ports.resolve);
    if (address === undefined) return { kind: 'closed' };
    return await send(posting, address, ports.signal);
  } catch (error) {
    return { kind: 'unreachable', code: codeOf(error) };
  }
}

function send({ url, headers, body }: Posting, address: Address, signal: AbortSignal): Promise<Posted> {
  const payload = Buffer.from(body);
  const host = hostOf(url);
  const options: RequestOptions = {
    method: 'POST',
    host: address.address,
    family: address.family,
    port: url.port === '' ? undefined : url.port,
    path: `${url.pathname}${url.search}`,
    // A certificate is checked against the name that the operator wrote; an address is none for SNI.
    servername: host === address.address ? '' : host,
    headers: { ...headers, host: url.host, 'content-length': payload.length, connection: 'close' },
    agent: false,
    maxHeaderSize: MOST_HEADER_BYTES,
    signal,
  };
  return new Promise((resolve, reject) => {
    const request = (isPlain(url) ? requestHttp : requestHttps)(options, (response) => {
      const { statusCode: status = 0, headers: answered } = response;
      resolve({ kind: 'answered', status, retryAfter: answered['retry-after'] ?? null });
      response.destroy();
    });
    request.on('error', reject);
    request.end(payload);
  });
}

/** Plain text stays on this machine. */
const isPlain = (url: URL): boolean => url.protocol === 'http:' && isLoopback(url);

/** A closed word of the system's, never a message: that may quote what was sent. */
function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z0-9_]{1,40}$/.test(code) ? code : 'no connection';
}
