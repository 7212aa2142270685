import type { Sending } from '../channels/channel.ts';
import { limits } from '../limits.ts';
import type { Clock } from '../ports.ts';

export interface AttemptPorts {
  readonly clock: Clock;
  /** Aborts when the gateway stops. */
  readonly stopping: AbortSignal;
  /** The channel threw, which is a bug of it or of what is under it. */
  readonly threw: (error: unknown) => void;
}

/** One attempt to send something. It always ends within `limits.deliveryMs`, and it never rejects. */
export async function attempt(
  send: (signal: AbortSignal) => Promise<Sending>,
  { clock, stopping, threw }: AttemptPorts,
): Promise<Sending> {
  const late = new AbortController();
  const signal = AbortSignal.any([late.signal, stopping]);
  const cancel = clock.after(limits.deliveryMs, () => late.abort());
  const ended = new Promise<Sending>((resolve) => {
    const problem = `no answer within ${limits.deliveryMs / 1_000} seconds`;
    const end = (): void => resolve({ kind: 'later', retryAfterMs: null, problem });
    if (signal.aborted) end();
    else signal.addEventListener('abort', end);
  });
  try {
    return await Promise.race([send(signal), ended]);
  } catch (error) {
    threw(error);
    return { kind: 'later', retryAfterMs: null, problem: 'the channel failed; the log says where' };
  } finally {
    cancel();
  }
}
