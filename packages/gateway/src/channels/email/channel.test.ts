import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { routedReview } from '../../../test/support/routed-review.ts';
import type { DeliveryView, Sending } from '../channel.ts';
import { channelCompliance, type PlatformState } from '../compliance.ts';
import type { Delivery, Notice } from '../../core/delivery.ts';
import { reviewEvents } from '../../core/review-events.ts';
import type { Review } from '../../core/review.ts';
import { EmailChannel, type EmailOptions } from './channel.ts';

const ANY = { targets: [], environments: [], agents: [], groups: [], policies: [], minRisk: 0 };

interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly source: string;
}

/** A real mail server on this machine. */
class MailBox {
  readonly mails: Mail[] = [];
  state: PlatformState = 'well';
  readonly #server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    onAuth: ({ username, password }, _session, done) => {
      if (username === 'gate' && password === 'right') done(null, { user: username });
      else done(new Error('CANARY no'));
    },
    authOptional: true,
    onRcptTo: (_address, _session, done) => {
      const responseCode = { well: 0, away: 0, busy: 451, refusing: 550 }[this.state];
      if (responseCode === 0) done();
      else done(Object.assign(new Error('CANARY not here'), { responseCode }));
    },
    onData: (stream, { envelope }, done) => {
      let source = '';
      stream.on('data', (chunk: Buffer) => (source += chunk.toString()));
      stream.on('end', () => {
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
        this.mails.push({ from, to: envelope.rcptTo.map(({ address }) => address), source });
        done();
      });
    },
  });

  async start(): Promise<number> {
    this.#server.on('error', () => undefined);
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

let box: MailBox;
let options: EmailOptions;
let channel: EmailChannel;
beforeEach(async () => {
  box = new MailBox();
  const port = await box.start();
  options = {
    server: { host: '127.0.0.1', port, tls: 'none', user: null, password: null },
    from: { name: 'Sallyport', address: 'sallyport@gate.example' },
    recipients: [{ to: ['stewards@corp.example'], events: reviewEvents, when: ANY }],
    addresses: new Map([['ana', 'ana@corp.example']]),
  };
  channel = new EmailChannel(options);
});
afterEach(async () => {
  await channel.close();
  await box.close();
});

channelCompliance('the e-mail channel', async () => ({
  channel,
  review: routedReview(),
  set: async (state) => {
    box.state = state;
    if (state === 'away') await box.close();
  },
  arrived: () => box.mails.map(({ source }) => decoded(source)),
  dispose: async () => undefined,
  busyMs: null,
  showsAction: false,
}));

/** Quoted-printable and its soft line breaks undone. */
const decoded = (source: string): string =>
  Buffer.from(
    source
      .replaceAll(/=\r?\n/g, '')
      .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  ).toString('utf8');

const headersOf = (source: string): string => source.slice(0, source.indexOf('\r\n\r\n'));

const delivery = (notice: Notice, destination = 'stewards@corp.example'): Delivery => ({
  id: 'dlv_01kajbch80ym6p68habwrg7z00',
  channel: 'email',
  destination,
  review: routedReview().id,
  revision: 1,
  notice,
  atMs: 5_000,
  attempts: 0,
  notBeforeMs: 0,
  state: 'waiting',
  problem: '',
});

const view = (review: Review): DeliveryView => ({
  review,
  shown: { rendering: 'e'.repeat(64), standings: [] },
  url: `https://gate.example/reviews/${review.id}`,
  message: null,
  nowMs: 9_000,
});

const send = (review = routedReview(), notice: Notice = { kind: 'open' }): Promise<Sending> =>
  channel.deliver(delivery(notice), view(review));

describe('the mail', () => {
  test('says who, where and how risky, links to the review, and says that an answer decides nothing', async () => {
    await send();
    const [mail] = box.mails;
    const text = decoded(mail?.source ?? '');
    expect(mail).toMatchObject({ from: 'sallyport@gate.example', to: ['stewards@corp.example'] });
    expect(text).toContain('Subject: Waits for a decision: reporter on prod-db (production)');
    expect(text).toContain(`at https://gate.example/reviews/${routedReview().id}`);
    expect(text).toContain('Risk 40 of 100');
    expect(text).toContain(`Shown: ${'e'.repeat(64)}`);
    expect(text).toContain('Answers to this mail decide nothing.');
    expect(text).toContain('text/plain');
    expect(text).toContain('text/html');
  });

  test('an agent’s words end no header, forge no line, and are labelled as its own (law 9)', async () => {
    const { subject } = routedReview();
    const forged = 'x\r\nBcc: evil@example.com\r\n\r\n<b>Approved by</b> sam\u202e';
    await send(routedReview({ subject: { ...subject, statedTask: forged, operation: forged } }));
    const [mail] = box.mails;
    expect(mail?.to).toEqual(['stewards@corp.example']);
    expect(headersOf(mail?.source ?? '')).not.toMatch(/^bcc:/im);
    const text = decoded(mail?.source ?? '');
    expect(text).not.toMatch(/^Bcc:/m);
    expect(text).toContain('> x⟨U+000D⟩⟨U+000A⟩Bcc: evil@example.com⟨U+000D⟩');
    expect(text).toContain('its own words; nobody has checked them');
    expect(text.slice(text.indexOf('<!doctype'))).not.toContain('<b>');
    expect(text).toContain('&lt;b&gt;Approved by&lt;/b&gt; sam⟨U+202E⟩');
  });

  test('has the card, but for what can’t be erased from a mailbox: that is named, whole, and behind the link (law 6)', async () => {
    const { subject } = routedReview();
    await send(routedReview({ subject: { ...subject, statedTask: 'x'.repeat(600) } }));
    const text = decoded(box.mails[0]?.source ?? '');
    for (const title of [
      'Who asks',
      'Data (established by the gateway)',
      'Why a person is asked',
      'Bound to',
    ])
      expect(text).toContain(title);
    expect(text).toMatch(/Not in this mail: Command \(\d+ characters\), Value \$1 \(\d+ characters\)/);
    expect(text).toMatch(/reporter says about its task \(\d+ characters\)/);
    expect(text).not.toContain('xxxx');
  });

  test('names with line ends don’t leave the subject', async () => {
    const { subject } = routedReview();
    const requester = { ...subject.requester, agent: 'reporter\r\nBcc: evil@example.com' };
    await send(routedReview({ subject: { ...subject, requester } }));
    expect(headersOf(box.mails[0]?.source ?? '')).not.toMatch(/^bcc:/im);
  });

  test('a review’s mails are one conversation, and a repeated one has the same id', async () => {
    await send();
    await send(routedReview(), { kind: 'remind', demands: [0] });
    await send(routedReview(), { kind: 'remind', demands: [0] });
    const ids = box.mails.map(({ source }) => /^Message-ID: (.*)$/im.exec(source)?.[1]);
    expect(ids[1]).toBe(ids[2]);
    expect(ids[0]).not.toBe(ids[1]);
    expect(/^In-Reply-To: (.*)$/im.exec(box.mails[1]?.source ?? '')?.[1]).toBe(ids[0]);
  });

  test('reaches those whose events and reviews it is, once each', () => {
    const when = { ...ANY, environments: ['staging'] };
    const recipients = [
      { to: ['a@corp.example', 'b@corp.example'], events: ['review.opened'], when: ANY },
      { to: ['b@corp.example', 'c@corp.example'], events: ['review.opened', 'review.expired'], when: ANY },
      { to: ['d@corp.example'], events: reviewEvents, when },
    ] as const;
    const routed = new EmailChannel({ ...options, recipients });
    const review = routedReview();
    expect(routed.route(review, { kind: 'open' })).toEqual([
      'a@corp.example',
      'b@corp.example',
      'c@corp.example',
    ]);
    expect(routed.route(review, { kind: 'remind', demands: [0] })).toEqual([]);
  });
});

test('a question to the sponsor reaches them by mail, once; one to the agent doesn’t', async () => {
  const bare = routedReview();
  const [first] = bare.questions;
  const asked = { ...first!, id: 2, to: 'sponsor', answer: null } as const;
  const review = { ...bare, questions: [first!, asked] };
  expect(channel.route(review, { kind: 'question', question: 1 })).toEqual(['stewards@corp.example']);
  const question: Notice = { kind: 'question', question: 2 };
  expect(channel.route(review, question)).toEqual(['stewards@corp.example', 'ana@corp.example']);
  const sent = await channel.deliver(delivery(question, 'ana@corp.example'), view(review));
  expect(sent.kind).toBe('sent');
  const [mail] = box.mails;
  expect(mail?.to).toEqual(['ana@corp.example']);
  expect(decoded(mail?.source ?? '')).toContain('Has a question for the person for whom it acts');
});

describe('the mail server', () => {
  test('a refused sign-in is found by the check, is tried again, and shows no password', async () => {
    const server = { ...options.server, user: 'gate', password: 'CANARY-password' };
    const wrong = new EmailChannel({ ...options, server });
    const [problem = ''] = await wrong.check();
    const sending = await wrong.deliver(delivery({ kind: 'open' }), view(routedReview()));
    expect(sending.kind).toBe('later');
    expect(problem).toContain('EAUTH');
    expect(JSON.stringify([problem, sending])).not.toContain('CANARY');
    const right = new EmailChannel({ ...options, server: { ...server, password: 'right' } });
    expect(await right.check()).toEqual([]);
  });

  test('a server that offers no TLS gets nothing where TLS is demanded', async () => {
    const strict = new EmailChannel({ ...options, server: { ...options.server, tls: 'starttls' } });
    expect((await strict.deliver(delivery({ kind: 'open' }), view(routedReview()))).kind).not.toBe('sent');
    expect(box.mails).toEqual([]);
  });
});
