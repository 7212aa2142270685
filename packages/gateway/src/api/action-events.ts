import type { ActionState } from '@sallyport/sdk/contract';
import type { Principal } from '../core/identity.ts';
import { parseId } from '../core/ids.ts';
import { limits } from '../limits.ts';
import type { OwnAction } from '../ports.ts';
import { etagOf } from './conditional.ts';
import type { Serving } from './deps.ts';
import { presentAction } from './present-action.ts';
import { actionProblem } from './problems.ts';
import type { Call, Reply } from './route.ts';

const over = new Set(['refused', 'ended']);

/**
 * The states of one action, as they come, the present one first; the stream ends with the last. An event's id is the
 * state's entity tag, so a client that resumes is told nothing that it knows, whichever process it reaches.
 */
export async function streamAction(
  { params, headers }: Call<{ readonly id: string }, unknown, unknown>,
  principal: Principal,
  serving: Serving,
): Promise<Reply> {
  const id = parseId('act', params.id);
  if (id === undefined || principal.kind !== 'agent')
    return { kind: 'problem', code: 'action.not_found', detail: 'There is no such action of yours.' };
  const own = { agent: principal, id };
  const view = await serving.actions.read(own);
  if (!view.ok) return actionProblem(view.error, null);
  const leave = serving.streams.take(principal.name);
  if (leave === undefined) {
    const detail = 'Too many streams are open; try later.';
    return { kind: 'problem', code: 'request.too_many_streams', detail };
  }
  const ended = new AbortController();
  ended.signal.addEventListener('abort', leave, { once: true });
  return {
    kind: 'stream',
    body: streamOf({ own, lastEventId: headers.get('last-event-id'), ended }, serving),
  };
}

interface Streaming extends Pick<Following, 'own' | 'lastEventId'> {
  readonly ended: AbortController;
}

function streamOf({ own, lastEventId, ended }: Streaming, serving: Serving): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>({
    start: (controller) => {
      const send = (text: string): void => {
        if (!ended.signal.aborted) controller.enqueue(encoder.encode(text));
      };
      void follow({ own, lastEventId, send, signal: ended.signal }, serving)
        .catch((error: unknown) => serving.log.failed({ where: 'events of an action', error }))
        .finally(() => {
          if (ended.signal.aborted) return;
          ended.abort();
          controller.close();
        });
    },
    cancel: () => ended.abort(),
  });
}

interface Following {
  readonly own: OwnAction;
  readonly lastEventId: string | null;
  readonly send: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Resolves when there is nothing more to tell. */
async function follow({ own, lastEventId, send, signal }: Following, serving: Serving): Promise<void> {
  let told = lastEventId;
  let wake = (): void => undefined;
  signal.addEventListener('abort', () => wake(), { once: true });
  while (!signal.aborted) {
    const { promise, resolve } = Promise.withResolvers<void>();
    wake = resolve;
    const before = await serving.actions.read(own);
    if (!before.ok) return;
    const unwatch = serving.actions.watch(before.value, resolve);
    // Read again: what changed before the watch would be heard by nobody.
    const state = await presentOwn(own, serving);
    if (state === null) return unwatch();
    const etag = etagOf(state, serving.hashing);
    if (etag !== told) send(`id: ${etag}\nevent: action\ndata: ${JSON.stringify(state)}\n\n`);
    told = etag;
    if (over.has(state.status)) return unwatch();
    const cancel = serving.clock.after(limits.apiHeartbeatMs, resolve);
    if (!signal.aborted) await promise;
    cancel();
    unwatch();
    send(': still here\n\n');
  }
}

/** Asked again for every event (threat B6): an agent that is no more learns nothing more. */
async function presentOwn(
  own: OwnAction,
  { actions, directory, publicUrl }: Serving,
): Promise<ActionState | null> {
  if (directory.agent(own.agent.name) === undefined) return null;
  const view = await actions.read(own);
  return view.ok ? presentAction(view.value, publicUrl) : null;
}
