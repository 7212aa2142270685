import type { Transporter } from 'nodemailer';
import type { Channel, DeliveryView, Grouping, GroupView, Sending } from '../channel.ts';
import type { Delivery, Notice } from '../../core/delivery.ts';
import { concernsAnswerers } from '../../core/chat-people.ts';
import { eventOf, type ReviewEventName } from '../../core/review-events.ts';
import type { Review } from '../../core/review.ts';
import { isRouted, type Routing } from '../../core/routing.ts';
import { limits } from '../../limits.ts';
import { groupMail } from './group-mail.ts';
import { messageOf } from './message.ts';

export interface MailServer {
  readonly host: string;
  readonly port: number;
  /** `none`: plain text, for a server on this machine. */
  readonly tls: 'implicit' | 'starttls' | 'none';
  /** Null: the server asks for nothing. */
  readonly user: string | null;
  readonly password: string | null;
}

export interface EmailRecipients {
  /** Addresses, nothing else: no names, no lists. */
  readonly to: readonly string[];
  readonly events: readonly ReviewEventName[];
  readonly when: Routing;
}

export interface EmailOptions {
  readonly server: MailServer;
  readonly from: { readonly name: string; readonly address: string };
  readonly recipients: readonly EmailRecipients[];
  /** Of people, by name: for what they are asked themselves. */
  readonly addresses: ReadonlyMap<string, string>;
}

/** Mail that notifies and links. It takes no votes: whoever can write a sender's address could cast them. */
export class EmailChannel implements Channel {
  readonly name = 'email';
  readonly shows = 'events';
  /** Mail servers take a rush of equal mail for spam. */
  readonly pace = { perMinute: 120, burst: 30 };
  readonly grouping: Grouping = {
    pace: { perMinute: limits.mailPerMinute, burst: limits.mailBurst },
    changes: null,
    everyMs: limits.mailGroupMs,
    deliver: (view) => this.#deliverMany(view),
  };
  readonly #options: EmailOptions;
  /** Opened with the first mail: the library takes thirty MiB, and who sends no mail does without. */
  #transport: Promise<Transporter> | undefined;

  constructor(options: EmailOptions) {
    this.#options = options;
  }

  route(review: Review, notice: Notice): readonly string[] {
    const event = eventOf(notice, review.state.status);
    if (event === null) return [];
    const fitting = this.#options.recipients.filter(
      ({ events, when }) => events.includes(event) && isRouted(review, when),
    );
    return [...new Set([...fitting.flatMap(({ to }) => to), ...this.#asked(review, notice)])];
  }

  /** A question to the person for whom the agent acts is theirs, and its sponsor's, whoever else is told. */
  #asked(review: Review, notice: Notice): readonly string[] {
    if (notice.kind !== 'question' || !concernsAnswerers(review, notice)) return [];
    const { onBehalfOf, sponsor } = review.subject.requester;
    return [onBehalfOf, sponsor].flatMap((name) => this.#options.addresses.get(name) ?? []);
  }

  deliver(delivery: Delivery, view: DeliveryView): Promise<Sending> {
    return this.#trying(delivery.destination, () => this.#send(delivery, view));
  }

  #deliverMany(view: GroupView): Promise<Sending> {
    const { from } = this.#options;
    return this.#trying(view.destination, () =>
      this.#mail(view.destination, {
        ...groupMail(view.card),
        // The same at each attempt: mail programs show a duplicate once.
        messageId: `<${view.id}@${domainOf(from.address)}>`,
      }),
    );
  }

  async #trying(destination: string, send: () => Promise<void>): Promise<Sending> {
    const { addresses, recipients } = this.#options;
    if (
      !recipients.some(({ to }) => to.includes(destination)) &&
      ![...addresses.values()].includes(destination)
    )
      return { kind: 'failed', problem: 'no recipient of this address is configured' };
    try {
      await send();
      return { kind: 'sent', reference: null };
    } catch (error) {
      return sendingOf(error);
    }
  }

  #send(delivery: Delivery, view: DeliveryView): Promise<void> {
    const domain = domainOf(this.#options.from.address);
    const thread = `<${view.review.id}@${domain}>`;
    const { notice, id } = delivery;
    return this.#mail(delivery.destination, {
      ...messageOf(delivery, view),
      // The same at each attempt: mail programs show a duplicate once. The first mail of a review is what others answer to.
      messageId: notice.kind === 'open' ? thread : `<${id}@${domain}>`,
      ...(notice.kind === 'open' ? {} : { inReplyTo: thread, references: [thread] }),
    });
  }

  async #mail(address: string, content: object): Promise<void> {
    const transport = await this.#open();
    await transport.sendMail({
      ...content,
      from: this.#options.from,
      // As an object: nothing in it is taken for a second address.
      to: { name: '', address },
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }

  async check(): Promise<readonly string[]> {
    const { host, port } = this.#options.server;
    try {
      await (await this.#open()).verify();
      return [];
    } catch (error) {
      return [`email: the mail server ${host}:${port} ${reasonOf(error)}; correct channels.email.server`];
    }
  }

  async start(): Promise<void> {}

  async close(): Promise<void> {
    (await this.#transport)?.close();
  }

  #open(): Promise<Transporter> {
    return (this.#transport ??= transportOf(this.#options.server));
  }
}

const domainOf = (address: string): string => address.split('@').at(-1) ?? 'sallyport';

async function transportOf({ host, port, tls, user, password }: MailServer): Promise<Transporter> {
  const { createTransport } = await import('nodemailer');
  return createTransport({
    host,
    port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    ...(user === null ? {} : { auth: { user, pass: password ?? '' } }),
    connectionTimeout: limits.deliveryMs,
    greetingTimeout: limits.deliveryMs,
    socketTimeout: limits.deliveryMs,
    dnsTimeout: limits.deliveryMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

interface MailError {
  readonly code?: unknown;
  readonly permanent?: unknown;
  readonly responseCode?: unknown;
}

/** RFC 5321 §4.2.1: the server refuses for good, and says so. A refused sign-in is the operator's to mend, and worth to try again. */
function sendingOf(error: unknown): Sending {
  const { code, permanent } = (error ?? {}) as MailError;
  const isForGood = permanent === true && code !== 'EAUTH';
  const problem = `the mail server ${reasonOf(error)}`;
  return isForGood ? { kind: 'failed', problem } : { kind: 'later', retryAfterMs: null, problem };
}

/** Codes only: the server's words may quote the mail. */
function reasonOf(error: unknown): string {
  const { code, responseCode } = (error ?? {}) as MailError;
  const said = typeof code === 'string' && /^[A-Z0-9_]{1,40}$/.test(code) ? code : 'no connection';
  return typeof responseCode === 'number'
    ? `answered ${responseCode.toString()} (${said})`
    : `was not reached (${said})`;
}
