import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Told } from './crash-checker.ts';
import type { createFakeRandom } from './fake-clock.ts';
import type { GatewayProcess } from './crash-process.ts';
import type { Site } from './crash-site.ts';

/** What has just been observed of one statement on its way, from outside of the gateway. */
export type Moment =
  'sent' | 'opened' | 'notified' | 'vote sent' | 'resolved' | 'vote acknowledged' | 'first row' | 'done';

export interface Work {
  readonly site: Site;
  readonly gateway: GatewayProcess;
  readonly told: Told;
  readonly chance: ReturnType<typeof createFakeRandom>;
  readonly onMoment: (moment: Moment) => void;
}

export const reviewOf = (notice: string | undefined): string =>
  /rev_[0-9a-z]{26}/.exec(notice ?? '')?.[0] ?? '';

/** Longest pauses, so that several statements of one round are at different steps. */
const PAUSE_MS = 12;

/** Several statements at once, from attempt to result, with a person who approves each. Ends when all have ended. */
export async function runWork(work: Work, statements: ReadonlyMap<string, string>): Promise<void> {
  const leaving = new AbortController();
  const events = await followEvents(work, leaving.signal);
  await Promise.all([...statements].map(([marker, sql]) => runOne(work, marker, sql)));
  leaving.abort();
  await events.ended;
}

/** A person's own view: told of reviews by the stream of events. Resolves when nothing is missed any more. */
async function followEvents(work: Work, signal: AbortSignal): Promise<{ readonly ended: Promise<void> }> {
  const { site, gateway } = work;
  const headers = { authorization: `Bearer ${site.personTokens.sam}` };
  const { body } = await fetch(`${gateway.apiUrl}/v1/events`, { headers, signal });
  if (body === null) throw new Error('the stream of events has no body');
  const ended = readEvents(work, body).catch(() => undefined);
  return { ended };
}

async function readEvents({ told, onMoment }: Work, body: ReadableStream<Uint8Array>): Promise<void> {
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    for (const [, kind, id = ''] of text.matchAll(/event: (\S+)\n.*?(rev_[0-9a-z]{26})/gs)) {
      told.reviews.add(id);
      onMoment(kind === 'review.opened' ? 'opened' : 'resolved');
    }
  }
}

async function runOne(work: Work, marker: string, sql: string): Promise<void> {
  const { site, gateway, told, chance, onMoment } = work;
  const client = site.agent(gateway);
  const votes: Promise<void>[] = [];
  client.on('notice', ({ message }) => {
    told.reviews.add(reviewOf(message));
    onMoment('notified');
    votes.push(approve(work, reviewOf(message)));
  });
  try {
    await client.connect();
    await sleep(chance.pick(PAUSE_MS));
    const query = new pg.Query(sql);
    const settled = new Promise<void>((resolve, reject) => {
      query.once('end', () => resolve()).once('error', reject);
    });
    query.once('row', () => onMoment('first row'));
    client.query(query);
    onMoment('sent');
    await settled;
    told.done.add(marker);
    onMoment('done');
  } catch {
    // The gateway died, or dies: the checker decides what that may mean.
  } finally {
    await Promise.all(votes);
    await client.end().catch(() => undefined);
  }
}

async function approve({ site, gateway, told, chance, onMoment }: Work, id: string): Promise<void> {
  try {
    const api = site.person(gateway);
    const { digest, rendering } = await api.getReview(id);
    await sleep(chance.pick(PAUSE_MS));
    const voted = api.vote(id, { kind: 'approve', digest, rendering });
    onMoment('vote sent');
    await voted;
    told.votes.add(id);
    onMoment('vote acknowledged');
  } catch {
    // As above.
  }
}
