import { beforeEach, describe, expect, it } from 'vitest';
import { createFake, type Fake } from '../../test/api-fake.ts';
import { tokens } from '../../test/support/api-callers.ts';
import { makeReview } from '../../test/support/made-review.ts';
import { limits } from '../limits.ts';
import { createApi } from './api.ts';

let fake: Fake;
let app: ReturnType<typeof createApi>;

beforeEach(() => {
  fake = createFake();
  app = createApi(fake.deps);
});

const open = (lastEventId?: string) =>
  app.request('/v1/events', {
    headers: {
      authorization: `Bearer ${tokens.vera}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
  });

const happen = () => fake.publish({ kind: 'review.opened', review: fake.add(makeReview()), atMs: 0 });

interface Message {
  readonly id: string;
  readonly event: string;
}

/** The next messages of a stream, which stays open. */
async function take(response: Response, count: number): Promise<Message[]> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (text.split('\n\n').length <= count) {
    const { done, value } = await reader.read();
    if (done) break;
    text += value;
  }
  await reader.cancel();
  return text
    .split('\n\n')
    .filter((block) => block.startsWith('id: '))
    .map((block) => {
      const [id = '', event = ''] = block.split('\n');
      return { id: id.slice(4), event: event.slice(7) };
    });
}

const numberOf = (message: Message | undefined) => Number(message?.id.split('-')[1]);

describe('the stream of events', () => {
  it('begins with a reset, then numbers what happens without a gap', async () => {
    const response = await open();
    happen();
    happen();
    const messages = await take(response, 3);
    expect(messages.map(({ event }) => event)).toEqual(['stream.reset', 'review.opened', 'review.opened']);
    expect(messages.map(numberOf)).toEqual([0, 1, 2]);
  });

  it('resumes with exactly what was missed', async () => {
    const first = await open();
    happen();
    const [, seen] = await take(first, 2);
    happen();
    happen();
    const messages = await take(await open(seen?.id), 2);
    expect(messages.map(numberOf)).toEqual([2, 3]);
  });

  it('sends a reset where more happened than is kept', async () => {
    const first = await open();
    happen();
    const [, seen] = await take(first, 2);
    for (let count = 0; count <= limits.apiEventsKept; count++) happen();
    const [message] = await take(await open(seen?.id), 1);
    expect(message?.event).toBe('stream.reset');
  });

  it.each(['other-1', 'x', '', '-1', 'mi9-99999999999999999999'])(
    'sends a reset to one who comes with the id "%s" of another process or of nobody',
    async (id) => {
      const [message] = await take(await open(id), 1);
      expect(message?.event).toBe('stream.reset');
    },
  );

  it('ends for a person from whom the right was taken, before the next event', async () => {
    const response = await open();
    fake.revoked.add('api:events.read');
    happen();
    const messages = await take(response, 2);
    expect(messages.map(({ event }) => event)).toEqual(['stream.reset']);
  });

  it('stops listening when the client has gone, so that streams do not add up', async () => {
    for (let count = 0; count < limits.apiStreamsPerCaller + 5; count++) {
      const response = await open();
      expect(response.status).toBe(200);
      await response.body?.cancel();
    }
  });

  it('refuses one caller more streams than the limit', async () => {
    const responses: Response[] = [];
    for (let count = 0; count <= limits.apiStreamsPerCaller; count++) responses.push(await open());
    expect(responses.at(-1)?.status).toBe(429);
    for (const response of responses) await response.body?.cancel();
  });

  it('ends for a client that reads nothing, instead of growing', async () => {
    const response = await open();
    for (let count = 0; count < limits.apiEventsKept * 2; count++) happen();
    const reader = response.body!.getReader();
    let chunks = 0;
    while (!(await reader.read()).done) chunks += 1;
    expect(chunks).toBeLessThan(limits.apiEventsKept * 2);
  });
});
