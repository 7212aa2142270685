/** Our own messages in Slack, by the delivery that each is. */
import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import { SlackFault } from './web.ts';

/** Of the metadata of our messages. */
export const DELIVERY_EVENT = 'sallyport_delivery';

const written = z.object({
  messages: z.array(
    z.object({
      ts: z.string(),
      metadata: z
        .object({ event_type: z.string(), event_payload: z.object({ id: z.string().optional() }) })
        .optional(),
    }),
  ),
});

interface Asked {
  readonly channel: string;
  readonly thread: string | null;
  readonly most: number;
}

/** The newest ones of a conversation; of a thread, all but the message that it hangs on. */
export async function sent(
  client: WebClient,
  { channel, thread, most }: Asked,
): Promise<ReadonlyMap<string, string>> {
  const ask = { channel, limit: most, include_all_metadata: true };
  const answer =
    thread === null
      ? await client.apiCall('conversations.history', ask)
      : await client.apiCall('conversations.replies', { ...ask, ts: thread });
  const { success, data } = written.safeParse(answer);
  if (!success) throw new SlackFault('unexpected_answer');
  const found = data.messages.flatMap(({ ts, metadata }) => {
    const id = metadata?.event_type === DELIVERY_EVENT ? metadata.event_payload.id : undefined;
    return id === undefined || ts === thread ? [] : [[id, ts] as const];
  });
  return new Map(found);
}
