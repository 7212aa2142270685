/** A real gateway that tells a real receiver, over kill -9 at each step of the outbox. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { SallyportClient } from '@sallyport/sdk';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { writePrivateFile } from '../../../../sample/state.ts';
import type { GatewayProcess } from '../support/crash-process.ts';
import { openSite, type Site } from '../support/crash-site.ts';
import { reviewOf } from '../support/crash-work.ts';

const SECRET = `whsec_${Buffer.from('s'.repeat(32)).toString('base64')}`;
const CANARY = 'CANARY-4c1f';

interface Event {
  readonly id: string;
  readonly type: string;
  readonly review: string;
  readonly body: string;
}

let server: Server;
let site: Site;
let gateway: GatewayProcess;
const events: Event[] = [];
let answer: (response: ServerResponse, event: Event) => void;
const well = (response: ServerResponse): void => void response.writeHead(204).end();

beforeAll(async () => {
  answer = well;
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      new Webhook(SECRET).verify(body, request.headers as Record<string, string>);
      const { type, data } = JSON.parse(body) as { type: string; data: { review: string } };
      const event = { id: String(request.headers['webhook-id']), type, review: data.review, body };
      events.push(event);
      answer(response, event);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const more = `channels:
  webhooks:
    - { name: ops, url: "http://127.0.0.1:${port}/", secrets: [{ file: secrets/webhook }] }
    - { name: nowhere, url: "http://127.0.0.1:1/", secrets: [{ file: secrets/webhook }] }
`;
  site = await openSite({ more });
  writePrivateFile(`${site.directory}/secrets/webhook`, SECRET);
  gateway = await site.start();
});
afterEach(() => {
  answer = well;
  events.length = 0;
});
afterAll(async () => {
  await site.remove();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let turn = 0; turn < 400; turn++) {
    if (isSo()) return;
    await sleep(50);
  }
  throw new Error(`not in time: ${what}; there was ${events.map(({ type }) => type).join(', ')}`);
}

const types = (review: string): string[] =>
  events.filter((event) => event.review === review).map(({ type }) => type);

/** The agent sends a statement that a person has to approve. */
async function hold(
  marker: string,
): Promise<{ review: string; ended: Promise<unknown>; end(): Promise<void> }> {
  const client = site.agent(gateway);
  await client.connect();
  const noticed = new Promise<string>((resolve) =>
    client.on('notice', (notice) => {
      const id = reviewOf(notice.message);
      if (id !== '') resolve(id);
    }),
  );
  const ended = client.query(`INSERT INTO runs (marker) VALUES ('${marker}')`).catch(() => undefined);
  return { review: await noticed, ended, end: () => client.end().catch(() => undefined) };
}

async function approve(id: string): Promise<void> {
  const person = site.person(gateway, 'sam');
  const { digest, rendering } = await person.getReview(id);
  await person.vote(id, { kind: 'approve', digest, rendering });
}

test('a receiver hears of a review from its opening to its outcome, in order, and nothing of the action', async () => {
  const held = await hold(CANARY);
  await until('it is open', () => types(held.review).length > 0);
  await approve(held.review);
  await held.ended;
  await until('it has run', () => types(held.review).includes('review.executed'));
  await held.end();
  const heard = types(held.review).filter((type) => type !== 'review.previewed');
  expect(heard).toEqual(['review.opened', 'review.voted', 'review.resolved', 'review.executed']);
  for (const { body } of events) expect(body).not.toContain(CANARY);
  expect(gateway.log()).not.toContain(CANARY);
  expect(gateway.log()).not.toContain(SECRET.slice(6));
});

test('killed while the receiver has it and nobody has recorded that: it arrives again, with the same id', async () => {
  let isKilled = false;
  answer = (response, { type }) => {
    if (type !== 'review.opened' || isKilled) return well(response);
    isKilled = true;
    void gateway.kill();
  };
  const held = await hold('killed-after-send');
  await until('it was sent', () => isKilled);
  await held.ended;
  gateway = await site.start();
  await until('it arrived again', () => types(held.review).length >= 2);
  const opened = events.filter(({ review, type }) => review === held.review && type === 'review.opened');
  expect(opened).toHaveLength(2);
  expect(new Set(opened.map(({ id }) => id)).size).toBe(1);
});

test('killed while the receiver is away: what waited arrives in order after the restart, each once', async () => {
  answer = (response) => void response.writeHead(503).end();
  const held = await hold('killed-before-send');
  await until('it was tried', () => events.length > 0);
  await approve(held.review);
  await held.ended;
  await gateway.kill();
  events.length = 0;
  answer = well;
  gateway = await site.start();
  await until('it has run', () => types(held.review).includes('review.executed'));
  const heard = types(held.review).filter((type) => type !== 'review.previewed');
  expect(heard).toEqual(['review.opened', 'review.voted', 'review.resolved', 'review.executed']);
  await sleep(300);
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
});

test('people see what is owed and what is wrong; a dead letter is listed and sent again; an agent gets none of it', async () => {
  answer = (response) => void response.writeHead(410).end();
  const held = await hold('dead-letter');
  await until('it was refused', () => events.length > 0);
  const person = site.person(gateway, 'sam');
  await expect
    .poll(async () => (await person.channels.deliveries({ channel: 'webhook' })).deliveries.length)
    .toBeGreaterThan(0);
  const [letter] = (await person.channels.deliveries()).deliveries;
  if (letter === undefined) throw new Error('no dead letter');
  expect(letter).toMatchObject({ destination: 'ops', problem: 'answered 410', state: 'dead' });
  const { destinations } = await person.channels.list();
  expect(destinations.find(({ destination }) => destination === 'nowhere')?.waiting).toBeGreaterThan(0);
  expect(await person.channels.check()).toEqual({ channels: [{ channel: 'webhook', problems: [] }] });
  answer = well;
  events.length = 0;
  expect((await person.channels.replay(letter.id)).state).toBe('waiting');
  await until('it arrived', () => events.some(({ id }) => id === letter.id));
  const agent = new SallyportClient({ url: gateway.apiUrl, token: site.agentToken });
  await expect(agent.channels.replay(letter.id)).rejects.toMatchObject({ code: 'access.people_only' });
  const bystander = site.person(gateway, 'ana');
  await expect(bystander.channels.list()).rejects.toMatchObject({ code: 'access.forbidden' });
  await approve(held.review);
  await held.ended;
  await held.end();
});
