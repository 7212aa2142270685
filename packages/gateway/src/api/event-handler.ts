import type { Principal } from '../core/identity.ts';
import { limits } from '../limits.ts';
import type { Serving } from './deps.ts';
import type { Numbered } from './event-log.ts';
import type { Call, Reply } from './route.ts';

/** Messages that a slow client may have waiting; then its stream ends, and it resumes by the id of its last event. */
const waitingMessages = 256;

export async function streamReviewEvents(
  { headers }: Call<undefined, undefined, undefined>,
  principal: Principal,
  serving: Serving,
): Promise<Reply> {
  const leave = serving.streams.take(principal.name);
  if (leave === undefined) {
    return {
      kind: 'problem',
      code: 'request.too_many_streams',
      detail: 'Too many streams are open; try later.',
    };
  }
  const following = { principal, lastEventId: headers.get('last-event-id'), leave };
  return { kind: 'stream', body: eventStream(following, serving) };
}

/** Whether the principal still exists and may still see events; asked again for every event (threat B6). */
function maySee(principal: Principal, { directory, policy }: Serving): boolean {
  const person = directory.person(principal.name);
  return person !== undefined && !person.disabled && policy.mayCall(person, 'api:events.read');
}

interface Following {
  readonly principal: Principal;
  readonly lastEventId: string | null;
  /** Gives the place back. */
  readonly leave: () => void;
}

function eventStream(
  { principal, lastEventId, leave }: Following,
  serving: Serving,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let stop = () => {};
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        let cancelHeartbeat = () => {};
        let unfollow = () => {};
        let open = true;
        stop = () => {
          open = false;
          leave();
          cancelHeartbeat();
          unfollow();
        };
        const send = (message: string) => {
          if (!open) return;
          if ((controller.desiredSize ?? 0) > 0 && maySee(principal, serving)) {
            controller.enqueue(encoder.encode(message));
            return;
          }
          stop();
          controller.close();
        };
        const beat = () => {
          send(': still here\n\n');
          if (open) cancelHeartbeat = serving.clock.after(limits.apiHeartbeatMs, beat);
        };
        unfollow = serving.eventLog.follow(lastEventId, (numbered) => send(messageOf(numbered)));
        if (open) cancelHeartbeat = serving.clock.after(limits.apiHeartbeatMs, beat);
        else unfollow();
      },
      cancel: () => stop(),
    },
    { highWaterMark: limits.apiEventsKept + waitingMessages },
  );
}

/** JSON has no raw line feed, so one `data:` line holds it. */
function messageOf({ id, event }: Numbered): string {
  return `id: ${id}\nevent: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`;
}
