import { SallyportError } from './errors.ts';

/** How requests that may be repeated are, after interruptions. */
export interface Persistence {
  /** How often in a row, at most; default 20, which is about four minutes. */
  readonly attempts?: number;
  readonly signal?: AbortSignal;
}

const firstDelayMs = 250;
const longestDelayMs = 15_000;
const defaultAttempts = 20;

/** What waiting may mend: no answer, or one that says that something under the gateway failed. */
export const isPassing = (error: unknown): boolean =>
  error instanceof SallyportError && (error.code === 'client.unreachable' || (error.status ?? 0) >= 500);

/** Asks until there is an answer, waiting longer each time. Only for what can be asked twice without happening twice. */
export async function persist<T>(
  ask: () => Promise<T>,
  { attempts = defaultAttempts, signal }: Persistence,
): Promise<T> {
  for (
    let attempt = 1, delayMs = firstDelayMs;
    ;
    attempt++, delayMs = Math.min(delayMs * 2, longestDelayMs)
  ) {
    try {
      return await ask();
    } catch (error) {
      if (attempt >= attempts || signal?.aborted === true || !isPassing(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
}
