import { Problem } from './contract/index.ts';
import { SallyportError } from './errors.ts';

export interface ClientOptions {
  /** Where the gateway's API listens, e.g. `http://127.0.0.1:7080`. */
  readonly url: string;
  readonly token: string;
  /** How long one answer may take; default 30,000. Streams of events have no limit. */
  readonly timeoutMs?: number;
  /** Lets the token cross a network in clear text. Default false: `http:` is for loopback alone. */
  readonly insecure?: boolean;
}

/** One way to ask the gateway; every failure leaves as a `SallyportError`. */
export interface Transport {
  send(path: string, init?: Init): Promise<Response>;
}

/** What a request carries besides its route. */
export interface Init {
  readonly method?: 'GET' | 'POST';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Replaces the time limit. */
  readonly signal?: AbortSignal;
}

const defaultTimeoutMs = 30_000;
const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Where nobody signs in, there is no token. */
export type TransportOptions = Omit<ClientOptions, 'token'> & { readonly token: string | null };

export function createTransport(options: TransportOptions): Transport {
  const base = checkUrl(options);
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  return {
    send: async (path, init = {}) => {
      const request = {
        method: init.method ?? 'GET',
        headers: headersOf(options.token, init),
        // A redirect would take the token to another host.
        redirect: 'error' as const,
        signal: init.signal ?? AbortSignal.timeout(timeoutMs),
        ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
      };
      const response = await reach(base, path, request);
      // 304 comes only to those who named what they have.
      if (!response.ok && response.status !== 304) throw await problemOf(response);
      return response;
    },
  };
}

function checkUrl({ url, insecure }: TransportOptions): string {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    throw new SallyportError('client.unreachable', `${url} is not an http or https URL`);
  }
  if (parsed.protocol === 'http:' && !loopback.test(parsed.hostname) && insecure !== true) {
    const detail = `${parsed.host} is another machine: over http: the token would be readable on the way. Use https:`;
    throw new SallyportError('client.insecure', detail);
  }
  return parsed.href.replace(/\/+$/, '');
}

function headersOf(token: string | null, init: Init): Record<string, string> {
  return {
    accept: 'application/json',
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
    ...init.headers,
  };
}

async function reach(base: string, path: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(base + path, request);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const detail = cause instanceof Error ? cause.message || cause.name : String(cause);
    throw new SallyportError('client.unreachable', `${base} does not answer: ${detail}`);
  }
}

async function problemOf(response: Response): Promise<SallyportError> {
  const problem = Problem.safeParse(await response.json().catch(() => null));
  if (problem.success) {
    const { code, detail, retryAfter } = problem.data;
    return new SallyportError(code, detail, response.status, retryAfter ?? null);
  }
  const detail = `status ${response.status} without a problem of this contract: is this a Sallyport API?`;
  return new SallyportError('client.unexpected_response', detail, response.status);
}
