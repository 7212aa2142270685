import type { Channel, DeliveryView, Sending } from '../channel.ts';
import type { Delivery, Notice } from '../../core/delivery.ts';
import { eventOf } from '../../core/review-events.ts';
import type { Review } from '../../core/review.ts';
import { isToldTo } from '../../core/routing.ts';
import { addressOf, isLoopback, resolveHost, type Resolve } from './address.ts';
import type { WebhookEndpoint } from './endpoint.ts';
import { post, type Posted } from './post.ts';
import { templates } from './templates.ts';

export interface WebhookPorts {
  readonly endpoints: readonly WebhookEndpoint[];
  /** Left out: the system's. */
  readonly resolve?: Resolve;
}

/** Signed messages to programs outside. It takes no votes. */
export class WebhookChannel implements Channel {
  readonly name = 'webhook';
  readonly shows = 'events';
  /** More than reviews come; a receiver that wants less says so by 429. */
  readonly pace = { perMinute: 6_000, burst: 1_000 };
  readonly #endpoints: ReadonlyMap<string, WebhookEndpoint>;
  readonly #resolve: Resolve;

  constructor({ endpoints, resolve = resolveHost }: WebhookPorts) {
    this.#endpoints = new Map(endpoints.map((endpoint) => [endpoint.name, endpoint]));
    this.#resolve = resolve;
  }

  route(review: Review, notice: Notice): readonly string[] {
    const event = eventOf(notice, review.state.status);
    if (event === null) return [];
    const all = [...this.#endpoints.values()];
    return all
      .filter((endpoint) => {
        const { template, events } = endpoint;
        const isEnd = notice.kind === 'close' && templates[template].isAlert;
        return (isEnd || events.includes(event)) && isToldTo(review, endpoint);
      })
      .map(({ name }) => name);
  }

  async deliver(delivery: Delivery, view: DeliveryView, signal: AbortSignal): Promise<Sending> {
    const endpoint = this.#endpoints.get(delivery.destination);
    if (endpoint === undefined) return { kind: 'failed', problem: 'no webhook of this name is configured' };
    const { isAlert, posting } = templates[endpoint.template];
    if (isAlert && !isTrue(delivery, view)) return { kind: 'sent', reference: null };
    const { privateAddresses } = endpoint;
    const ports = { privateAddresses, resolve: this.#resolve, signal };
    const posted = await post(posting(endpoint, delivery, view), ports);
    return sendingOf(posted, isAlert ? view.review.id : null, view.nowMs);
  }

  async check(): Promise<readonly string[]> {
    const found = [...this.#endpoints.values()].map(async (endpoint) => this.#problemOf(endpoint));
    return (await Promise.all(found)).flat();
  }

  async #problemOf({ name, url, privateAddresses }: WebhookEndpoint): Promise<readonly string[]> {
    try {
      if (url.protocol !== 'https:' && !isLoopback(url))
        return [`webhook ${name}: its URL has to be https; only this machine may be spoken to in plain text`];
      if ((await addressOf(url, privateAddresses, this.#resolve)) !== undefined) return [];
      return [
        `webhook ${name}: ${url.hostname} leads to a private address; if it should, name that in its privateAddresses`,
      ];
    } catch {
      return [`webhook ${name}: ${url.hostname} cannot be resolved; correct the URL, or the name service`];
    }
  }

  async start(): Promise<void> {}

  async close(): Promise<void> {}
}

/** An alert about what is over wakes somebody for nothing, and one that was never raised need not end. */
function isTrue({ notice }: Delivery, { review, message }: DeliveryView): boolean {
  const isEnd = notice.kind === 'close' || notice.kind === 'outcome';
  return isEnd ? message !== null : review.state.status === 'pending';
}

/** Answers that stay what they are however often one asks: this payload is refused, or the address is gone for good. */
const REFUSED = [400, 410, 413, 422];

function sendingOf(posted: Posted, reference: string | null, nowMs: number): Sending {
  if (posted.kind === 'closed')
    return { kind: 'failed', problem: 'the address is private or special; name it in privateAddresses' };
  if (posted.kind === 'unreachable')
    return { kind: 'later', retryAfterMs: null, problem: `not reached: ${posted.code}` };
  const { status } = posted;
  if (status >= 200 && status < 300) return { kind: 'sent', reference };
  const problem = `answered ${status.toString()}`;
  if (status >= 300 && status < 400)
    return { kind: 'failed', problem: `${problem}: redirects are not followed; correct the URL` };
  if (REFUSED.includes(status)) return { kind: 'failed', problem };
  return { kind: 'later', retryAfterMs: retryAfterMs(posted.retryAfter, nowMs), problem };
}

/** RFC 9110 §10.2.3: seconds or a date. */
function retryAfterMs(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000;
  const atMs = Date.parse(value);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}
