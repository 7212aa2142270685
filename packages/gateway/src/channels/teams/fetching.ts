/** Requests to Microsoft: bounded in time and size, to addresses that the operator chose, never redirected. */

export interface Answer {
  readonly status: number;
  /** Undefined where it is no JSON object. */
  readonly body: unknown;
  readonly retryAfterMs: number | null;
  /** By the `Date` header; null: it had none. */
  readonly atMs: number | null;
}

/** `code`: a word of ours, or Microsoft's own. Never a message of theirs, which may quote what was sent (law 8). */
export class TeamsFault extends Error {
  readonly code: string;
  readonly retryAfterMs: number | null;

  constructor(code: string, retryAfterMs: number | null = null) {
    super(code);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

interface Bounds {
  readonly timeoutMs: number;
  readonly mostBytes: number;
}

/** Rejects with the fault `unreachable`. */
export async function ask(url: string, init: RequestInit, { timeoutMs, mostBytes }: Bounds): Promise<Answer> {
  try {
    const response = await fetch(url, {
      ...init,
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const { status, headers } = response;
    const text = await readText(response, mostBytes);
    const retryAfter = Number(headers.get('retry-after') ?? NaN);
    const atMs = Date.parse(headers.get('date') ?? '');
    return {
      status,
      body: parsed(text),
      retryAfterMs: Number.isFinite(retryAfter) && retryAfter >= 0 ? retryAfter * 1_000 : null,
      atMs: Number.isNaN(atMs) ? null : atMs,
    };
  } catch {
    throw new TeamsFault('unreachable');
  }
}

async function readText(response: Response, mostBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new Error('too large');
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
