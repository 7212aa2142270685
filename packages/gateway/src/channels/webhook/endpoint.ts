import type { ReviewEventName } from '../../core/review-events.ts';
import type { Routing } from '../../core/routing.ts';

/** One address outside that is told of reviews. */
export interface WebhookEndpoint {
  /** Unique: deliveries that wait name it. */
  readonly name: string;
  readonly url: URL;
  readonly template: 'standard' | 'pagerduty' | 'opsgenie';
  /** `standard`: each signs, so that one can follow the other. The others take the first: the service's own key. */
  readonly secrets: readonly string[];
  readonly events: readonly ReviewEventName[];
  readonly when: Routing;
  /** It takes what policies send there by its name, and nothing else. */
  readonly byPolicy?: boolean;
  /** Addresses, or networks in CIDR notation, that it may lead to though they are private. */
  readonly privateAddresses: readonly string[];
  /** What a template may say besides, by the template's own names. */
  readonly fields: Readonly<Record<string, string>>;
}
