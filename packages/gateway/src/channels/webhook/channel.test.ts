import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { routedReview } from '../../../test/support/routed-review.ts';
import type { DeliveryView, Sending } from '../channel.ts';
import { channelCompliance, type PlatformState } from '../compliance.ts';
import type { Delivery, Notice } from '../../core/delivery.ts';
import { reviewEvents } from '../../core/review-events.ts';
import { WebhookChannel } from './channel.ts';
import type { WebhookEndpoint } from './endpoint.ts';

const SECRET = `whsec_${Buffer.from('k'.repeat(32)).toString('base64')}`;
const NEXT = `whsec_${Buffer.from('n'.repeat(32)).toString('base64')}`;
const ANY = { targets: [], environments: [], agents: [], groups: [], policies: [], minRisk: 0 };

/** A real receiver on this machine. */
class Receiver {
  readonly arrived: { url: string; headers: IncomingHttpHeaders; body: string }[] = [];
  answer: (response: ServerResponse) => void = (response) => response.writeHead(204).end();
  readonly #server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      this.arrived.push({ url: request.url ?? '', headers: request.headers, body });
      this.answer(response);
    });
  });

  async start(): Promise<URL> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return new URL(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hooks?team=1`);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const ANSWERS: Readonly<Record<PlatformState, (response: ServerResponse) => void>> = {
  well: (response) => response.writeHead(204).end(),
  busy: (response) => response.writeHead(429, { 'retry-after': '7' }).end('CANARY'),
  away: (response) => void response.destroy(),
  refusing: (response) => response.writeHead(410, 'CANARY').end('CANARY'),
};

let receiver: Receiver;
let url: URL;
beforeEach(async () => {
  receiver = new Receiver();
  url = await receiver.start();
});
afterEach(() => receiver.close());

const endpoint = (given: Partial<WebhookEndpoint> = {}): WebhookEndpoint => ({
  name: 'ops',
  url,
  template: 'standard',
  secrets: [SECRET],
  events: reviewEvents,
  when: ANY,
  privateAddresses: [],
  fields: {},
  ...given,
});

channelCompliance('the webhook channel', async () => ({
  channel: new WebhookChannel({ endpoints: [endpoint()] }),
  review: routedReview(),
  set: (state) => void (receiver.answer = ANSWERS[state]),
  arrived: () => receiver.arrived.map((each) => JSON.stringify(each)),
  dispose: async () => undefined,
  showsAction: false,
}));

const delivery = (notice: Notice, given: Partial<Delivery> = {}): Delivery => ({
  id: 'dlv_01kajbch80ym6p68habwrg7z00',
  channel: 'webhook',
  destination: 'ops',
  review: routedReview().id,
  revision: 1,
  notice,
  atMs: 5_000,
  attempts: 0,
  notBeforeMs: 0,
  state: 'waiting',
  problem: '',
  ...given,
});

const view = (given: Partial<DeliveryView> = {}): DeliveryView => ({
  review: routedReview(),
  shown: { rendering: 'e'.repeat(64), standings: [] },
  url: 'https://gate.example/reviews/rev_1',
  message: null,
  nowMs: Date.now(),
  ...given,
});

const send = (
  notice: Notice,
  given: Partial<WebhookEndpoint> = {},
  seen: Partial<DeliveryView> = {},
  signal = AbortSignal.timeout(5_000),
): Promise<Sending> =>
  new WebhookChannel({ endpoints: [endpoint(given)] }).deliver(delivery(notice), view(seen), signal);

test('a webhook hears of what a policy sends there by its name, and one that is for policies of nothing else', () => {
  const bare = routedReview();
  const [demand] = bare.subject.demands;
  const demands = [{ ...demand!, channels: ['pay'] }];
  const named = routedReview({ subject: { ...bare.subject, demands } });
  const staging = { ...ANY, environments: ['staging'] };
  const channel = new WebhookChannel({
    endpoints: [
      endpoint(),
      endpoint({ name: 'pay', when: staging }),
      endpoint({ name: 'audit', byPolicy: true }),
    ],
  });
  expect(channel.route(bare, { kind: 'open' })).toEqual(['ops']);
  expect(channel.route(named, { kind: 'open' })).toEqual(['ops', 'pay']);
});

describe('what a receiver gets', () => {
  test('a message that the library of Standard Webhooks verifies, with the old secret and with the next', async () => {
    expect(await send({ kind: 'open' }, { secrets: [SECRET, NEXT] })).toEqual({
      kind: 'sent',
      reference: null,
    });
    const [message] = receiver.arrived;
    if (message === undefined) throw new Error('nothing arrived');
    const headers = message.headers as Record<string, string>;
    for (const secret of [SECRET, NEXT])
      expect(new Webhook(secret).verify(message.body, headers)).toMatchObject({
        type: 'review.opened',
        timestamp: '1970-01-01T00:00:05.000Z',
        data: { agent: 'reporter', target: 'prod-db', status: 'pending', risk: 40 },
      });
    expect(headers['webhook-id']).toBe('dlv_01kajbch80ym6p68habwrg7z00');
    expect(message.url).toBe('/hooks?team=1');
    const forged = message.body.replace('pending', 'approved');
    expect(() => new Webhook(SECRET).verify(forged, headers)).toThrow();
  });

  test('each attempt carries the same id, and the time of that attempt', async () => {
    const nowMs = Date.now();
    await send({ kind: 'open' }, {}, { nowMs: nowMs - 60_000 });
    await send({ kind: 'open' }, {}, { nowMs });
    const [first, second] = receiver.arrived.map(({ headers }) => headers);
    expect(first?.['webhook-id']).toBe(second?.['webhook-id']);
    expect(first?.['webhook-timestamp']).not.toBe(second?.['webhook-timestamp']);
  });

  test.each([
    [
      { kind: 'update', change: 'voted', vote: 0 },
      'review.voted',
      { vote: { person: 'kim', kind: 'approve' } },
    ],
    [{ kind: 'outcome', status: 'unknown', rows: 0 }, 'review.executed', { outcome: { status: 'unknown' } }],
    [{ kind: 'escalate', demand: 0, step: 0 }, 'review.escalated', { escalated: { step: 1 } }],
    [{ kind: 'remind', demands: [0] }, 'review.reminded', { reminded: ['classified-reads'] }],
  ] as const)('%j is %s', async (notice, type, data) => {
    await send(notice);
    expect(JSON.parse(receiver.arrived[0]?.body ?? '')).toMatchObject({ type, data });
  });

  test.each([
    ['expired', 'review.expired'],
    ['withdrawn', 'review.withdrawn'],
    ['approved', 'review.resolved'],
  ] as const)('the end of a review that is %s is %s', async (status, type) => {
    const state = { status, resolvedAtMs: 9_000, reason: '', grant: 'gra_1' } as never;
    await send({ kind: 'close' }, {}, { review: routedReview({ state }) });
    expect(JSON.parse(receiver.arrived[0]?.body ?? '')).toMatchObject({ type, data: { status } });
  });

  test('a dataset that an agent only says to touch is told without its own words (law 9)', async () => {
    const { subject } = routedReview();
    const said = { access: ['read'], classes: [], columns: [] } as const;
    const datasets = [
      { ...said, dataset: 'sales."Große Kunden"', basis: 'parsed' },
      { ...said, dataset: '</a> <!channel> Approved by kim', basis: 'declared' },
      { ...said, dataset: 'not\u202eresolved', basis: 'unknown' },
    ] as const;
    await send({ kind: 'open' }, {}, { review: routedReview({ subject: { ...subject, datasets } }) });
    expect(JSON.parse(receiver.arrived[0]?.body ?? '')).toMatchObject({
      data: {
        datasets: ['sales."Große Kunden"', '__a____channel__Approved_by_kim', 'not_resolved'],
      },
    });
  });

  test('an operation in an agent’s own words can’t be taken for anything else', async () => {
    const { subject } = routedReview();
    const review = routedReview({ subject: { ...subject, operation: 'a\r\n"<!channel> b' } });
    await send({ kind: 'open' }, {}, { review });
    expect(JSON.parse(receiver.arrived[0]?.body ?? '')).toMatchObject({
      data: { operation: 'a____!channel__b'.replace('!', '_') },
    });
  });
});

describe('alerts', () => {
  const escalated: Notice = { kind: 'escalate', demand: 0, step: 0 };
  const raised = { reference: routedReview().id, revision: 1 };
  const over = routedReview({ state: { status: 'expired', resolvedAtMs: 9_000 } });

  test('PagerDuty is told to raise an alert with the configured fields, and to resolve the same one', async () => {
    const pagerduty = {
      template: 'pagerduty',
      secrets: ['R0UTINGKEY'],
      fields: { severity: 'critical' },
    } as const;
    expect(await send(escalated, pagerduty)).toEqual({ kind: 'sent', reference: routedReview().id });
    await send({ kind: 'close' }, pagerduty, { review: over, message: raised });
    expect(receiver.arrived.map(({ body }) => JSON.parse(body) as unknown)).toMatchObject([
      {
        routing_key: 'R0UTINGKEY',
        event_action: 'trigger',
        dedup_key: raised.reference,
        payload: { severity: 'critical', summary: 'reporter waits for a decision on prod-db (production)' },
      },
      { event_action: 'resolve', dedup_key: raised.reference },
    ]);
  });

  test('Opsgenie is told to raise an alert, and to close the same one', async () => {
    const opsgenie = { template: 'opsgenie', secrets: ['GENIE'], fields: { priority: 'P1' } } as const;
    await send(escalated, opsgenie);
    await send({ kind: 'close' }, opsgenie, { review: over, message: raised });
    const [alert, close] = receiver.arrived;
    expect(alert?.headers.authorization).toBe('GenieKey GENIE');
    expect(JSON.parse(alert?.body ?? '')).toMatchObject({ alias: raised.reference, priority: 'P1' });
    expect(close?.url).toBe(`/hooks/${raised.reference}/close?identifierType=alias`);
  });

  test('nobody is woken for a review that is over, and what was never raised isn’t ended', async () => {
    const pagerduty = { template: 'pagerduty', secrets: ['K'] } as const;
    await send(escalated, pagerduty, { review: over });
    await send({ kind: 'close' }, pagerduty, { review: over });
    expect(receiver.arrived).toEqual([]);
  });

  test('an alert ends with its review, though its ends were not asked for', () => {
    const channel = new WebhookChannel({
      endpoints: [
        endpoint({ template: 'pagerduty', events: ['review.escalated'] }),
        endpoint({ name: 'log', events: ['review.escalated'] }),
      ],
    });
    expect(channel.route(over, { kind: 'close' })).toEqual(['ops']);
    expect(channel.route(over, { kind: 'open' })).toEqual([]);
  });
});

describe('answers', () => {
  test.each([500, 503, 401, 404, 408])('%i is tried again', async (status) => {
    receiver.answer = (response) => response.writeHead(status).end();
    expect(await send({ kind: 'open' })).toEqual({
      kind: 'later',
      retryAfterMs: null,
      problem: `answered ${status}`,
    });
  });

  test('Retry-After may be a date', async () => {
    const nowMs = Date.UTC(2026, 10, 21);
    receiver.answer = (response) =>
      response.writeHead(503, { 'retry-after': new Date(nowMs + 9_000).toUTCString() }).end();
    expect(await send({ kind: 'open' }, {}, { nowMs })).toMatchObject({ retryAfterMs: 9_000 });
  });

  test('a redirect isn’t followed', async () => {
    receiver.answer = (response) => response.writeHead(307, { location: url.href }).end();
    expect(await send({ kind: 'open' })).toMatchObject({ kind: 'failed' });
    expect(receiver.arrived).toHaveLength(1);
  });

  test('an answer without an end is not waited for', async () => {
    receiver.answer = (response) => {
      response.writeHead(200);
      response.write('x');
    };
    expect((await send({ kind: 'open' })).kind).toBe('sent');
  });

  test('an attempt that is called off ends at once', async () => {
    receiver.answer = () => undefined;
    expect(await send({ kind: 'open' }, {}, {}, AbortSignal.timeout(50))).toMatchObject({ kind: 'later' });
  });
});

describe('where it may lead (threat G)', () => {
  const to = (address: string, named: readonly string[] = []) => {
    const resolve = async () => [{ address, family: address.includes(':') ? (6 as const) : (4 as const) }];
    const hook = endpoint({ url: new URL('https://hooks.example/'), privateAddresses: named });
    return new WebhookChannel({ endpoints: [hook], resolve });
  };
  const deliver = (channel: WebhookChannel) =>
    channel.deliver(delivery({ kind: 'open' }), view(), AbortSignal.timeout(300));

  test.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '169.254.169.254',
    '0.0.0.0',
    '255.255.255.255',
    '::1',
    '::',
    'fd00:ec2::254',
    'fe80::1',
    '::ffff:169.254.169.254',
    '::ffff:a00:1',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
  ])('a name that leads to %s is not followed', async (address) => {
    expect(await deliver(to(address))).toMatchObject({ kind: 'failed' });
    expect(await to(address).check()).toHaveLength(1);
  });

  test('a name that leads to a public address as well is not followed either', async () => {
    const both = [
      { address: '8.8.8.8', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ] as const;
    const hook = endpoint({ url: new URL('https://hooks.example/') });
    const channel = new WebhookChannel({ endpoints: [hook], resolve: async () => both });
    expect(await deliver(channel)).toMatchObject({ kind: 'failed' });
  });

  test('an address that the operator has named is followed', async () => {
    expect(await to('10.1.2.3', ['10.1.0.0/16']).check()).toEqual([]);
    expect(await to('10.2.2.3', ['10.1.0.0/16']).check()).toHaveLength(1);
    expect(await to('8.8.8.8').check()).toEqual([]);
  });

  test('the name is resolved once: what was looked at is what is dialled', async () => {
    let asked = 0;
    const port = url.port;
    const resolve = async () => {
      asked += 1;
      return [{ address: asked === 1 ? '127.0.0.1' : '10.0.0.1', family: 4 as const }];
    };
    const hook = endpoint({ url: new URL(`http://localhost:${port}/`) });
    const channel = new WebhookChannel({ endpoints: [hook], resolve });
    expect(
      await channel.deliver(delivery({ kind: 'open' }), view(), AbortSignal.timeout(5_000)),
    ).toMatchObject({
      kind: 'sent',
    });
    expect(asked).toBe(1);
    expect(receiver.arrived[0]?.headers.host).toBe(`localhost:${port}`);
  });

  test('plain text doesn’t leave this machine', async () => {
    const hook = endpoint({
      url: new URL(`http://hooks.example:${url.port}/`),
      privateAddresses: ['127.0.0.1'],
    });
    const resolve = async () => [{ address: '127.0.0.1', family: 4 as const }];
    const channel = new WebhookChannel({ endpoints: [hook], resolve });
    expect((await deliver(channel)).kind).not.toBe('sent');
    expect(receiver.arrived).toEqual([]);
    expect(await channel.check()).toHaveLength(1);
  });

  test('a name that can’t be resolved is tried again, and found by the check', async () => {
    const resolve = async () => {
      throw Object.assign(new Error('CANARY'), { code: 'ENOTFOUND' });
    };
    const hook = endpoint({ url: new URL('https://hooks.example/') });
    const channel = new WebhookChannel({ endpoints: [hook], resolve });
    expect(await deliver(channel)).toEqual({
      kind: 'later',
      retryAfterMs: null,
      problem: 'not reached: ENOTFOUND',
    });
    expect(await channel.check()).toHaveLength(1);
  });
});
