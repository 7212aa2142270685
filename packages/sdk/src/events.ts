import { EventSourceParserStream } from 'eventsource-parser/stream';
import { ReviewEvent } from './contract/index.ts';
import { SallyportError } from './errors.ts';
import type { Transport } from './transport.ts';

export interface EventOptions {
  /** Ends the stream. */
  readonly signal?: AbortSignal;
  /** The last event that was handled; what came after it is sent first. */
  readonly lastEventId?: string;
  /** Told each time that the stream is open, with or without an event to come. */
  readonly onConnected?: () => void;
  /** Told of each interruption, before the client tries again. */
  readonly onInterruption?: (error: SallyportError) => void;
}

export type ReceivedEvent = ReviewEvent & { readonly id: string };

const firstDelayMs = 250;
const longestDelayMs = 15_000;
/** The largest event, in characters; a summary has a few hundred. */
const maxEventLength = 1_048_576;

/**
 * Events as they come, for as long as the caller iterates. After an interruption it connects again, with the id of the
 * last event, waiting longer each time in vain. Refusals (a bad token, no right) are thrown: waiting doesn't help.
 */
export async function* streamEvents(
  transport: Transport,
  options: EventOptions,
): AsyncGenerator<ReceivedEvent, void, void> {
  const signal = options.signal ?? new AbortController().signal;
  let lastEventId = options.lastEventId;
  let delayMs = firstDelayMs;
  while (!signal.aborted) {
    try {
      for await (const event of connect(transport, lastEventId, { ...options, signal })) {
        lastEventId = event.id;
        delayMs = firstDelayMs;
        yield event;
      }
    } catch (error) {
      if (isAborted(signal)) return;
      const failure = interruption(error);
      if (failure === null) throw error;
      options.onInterruption?.(failure);
    }
    await pause(delayMs, signal);
    delayMs = Math.min(delayMs * 2, longestDelayMs);
  }
}

/** Behind a function, because the compiler takes a property that was false once as false for ever. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

async function* connect(
  transport: Transport,
  lastEventId: string | undefined,
  { signal, onConnected }: EventOptions & { readonly signal: AbortSignal },
): AsyncGenerator<ReceivedEvent, void, void> {
  const headers = {
    accept: 'text/event-stream',
    ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
  };
  const response = await transport.send('/v1/events', { headers, signal });
  if (response.body === null) return;
  onConnected?.();
  const messages = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream({ maxBufferSize: maxEventLength }));
  for await (const message of messages) {
    const event = ReviewEvent.safeParse(parseJson(message.data));
    if (!event.success || message.id === undefined) {
      throw new SallyportError('client.unexpected_response', 'an event that is not of this contract');
    }
    yield { ...event.data, id: message.id };
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

/** What a new connection may mend; null for what it can't: a refusal, or a mistake of the caller. */
function interruption(error: unknown): SallyportError | null {
  if (!(error instanceof SallyportError)) {
    return new SallyportError('client.unreachable', 'the stream of events broke off');
  }
  const passing = error.code === 'client.unreachable' || (error.status ?? 0) >= 500;
  return passing ? error : null;
}

function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, delayMs);
    signal.addEventListener('abort', finish);
    if (signal.aborted) finish();
  });
}
