/** What is posted, by template. Templates are fixed; a configuration fills in their named fields and nothing else. */
import { Webhook } from 'standardwebhooks';
import type { DeliveryView } from '../channel.ts';
import type { Delivery } from '../../core/delivery.ts';
import type { WebhookEndpoint } from './endpoint.ts';
import { eventNameOf, factsOf } from './facts.ts';
import type { Posting } from './post.ts';

interface Template {
  /** Names of the fields that a configuration may set. */
  readonly fields: readonly string[];
  /** Whether it says what waits until somebody ends it: an alert, and not an event. */
  readonly isAlert: boolean;
  readonly posting: (endpoint: WebhookEndpoint, delivery: Delivery, view: DeliveryView) => Posting;
}

const JSON_TYPE = { 'content-type': 'application/json', 'user-agent': 'sallyport' };

/** Standard Webhooks (standardwebhooks.com): one signature a secret, so that receivers can change theirs in between. */
const standard: Template = {
  fields: [],
  isAlert: false,
  posting: ({ url, secrets }, delivery, view) => {
    const { id, atMs } = delivery;
    const type = eventNameOf(delivery, view);
    const data = factsOf(delivery, view);
    const body = JSON.stringify({ type, timestamp: new Date(atMs).toISOString(), data });
    // The time of this attempt: receivers refuse what is older than minutes, and a retry may be.
    const signedAt = new Date(view.nowMs);
    const signatures = secrets.map((secret) => new Webhook(secret).sign(id, signedAt, body));
    const headers = {
      ...JSON_TYPE,
      'webhook-id': id,
      'webhook-timestamp': Math.floor(view.nowMs / 1_000).toString(),
      'webhook-signature': signatures.join(' '),
    };
    return { url, headers, body };
  },
};

const isOver = ({ notice }: Delivery): boolean => notice.kind === 'close' || notice.kind === 'outcome';

/** Names out of the configuration only: nothing here is an agent's choice. */
function summaryOf({ review }: DeliveryView): string {
  const { requester, target } = review.subject;
  return `${requester.agent} waits for a decision on ${target.name} (${target.environment})`;
}

/** PagerDuty Events API v2. */
const pagerduty: Template = {
  fields: ['severity', 'source', 'component', 'group', 'class'],
  isAlert: true,
  posting: ({ url, secrets, fields }, delivery, view) => {
    const event = {
      routing_key: secrets[0],
      event_action: isOver(delivery) ? 'resolve' : 'trigger',
      dedup_key: view.review.id,
      client: 'Sallyport',
      client_url: view.url,
      links: [{ href: view.url, text: 'Open the review' }],
      payload: {
        severity: 'warning',
        source: 'sallyport',
        ...fields,
        summary: summaryOf(view),
        timestamp: new Date(delivery.atMs).toISOString(),
        custom_details: factsOf(delivery, view),
      },
    };
    return { url, headers: JSON_TYPE, body: JSON.stringify(event) };
  },
};

/** Opsgenie Alert API. Details are text there. */
const opsgenie: Template = {
  fields: ['priority', 'source', 'entity'],
  isAlert: true,
  posting: ({ url, secrets, fields }, delivery, view) => {
    const headers = { ...JSON_TYPE, authorization: `GenieKey ${secrets[0] ?? ''}` };
    const { id } = view.review;
    if (isOver(delivery)) {
      const close = new URL(`${url.pathname.replace(/\/+$/, '')}/${id}/close?identifierType=alias`, url);
      return { url: close, headers, body: JSON.stringify({ source: 'sallyport', note: view.url }) };
    }
    const details = Object.fromEntries(
      Object.entries(factsOf(delivery, view)).map(([name, value]) => [
        name,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]),
    );
    const message = summaryOf(view).slice(0, OPSGENIE_MESSAGE_CHARACTERS);
    const alert = { source: 'sallyport', ...fields, message, alias: id, description: view.url, details };
    return { url, headers, body: JSON.stringify(alert) };
  },
};

/** Of their documentation: longer ones are cut. */
const OPSGENIE_MESSAGE_CHARACTERS = 130;

export const templates: Readonly<Record<WebhookEndpoint['template'], Template>> = {
  standard,
  pagerduty,
  opsgenie,
};
