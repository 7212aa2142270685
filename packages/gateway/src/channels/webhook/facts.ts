import type { DeliveryView } from '../channel.ts';
import type { Delivery } from '../../core/delivery.ts';
import { toldEventOf, type ReviewEventName } from '../../core/review-events.ts';
import { standingVotes, type Review } from '../../core/review.ts';

const timestamp = (ms: number): string => new Date(ms).toISOString();

export const eventNameOf = (
  { notice }: Delivery,
  { review }: Pick<DeliveryView, 'review'>,
): ReviewEventName => toldEventOf(notice, review.state.status);

/**
 * What a webhook says of a review: names, ids, counts and times. Never the command, its values, anybody's words, nor what
 * the action would do: those are behind the link, for people who may see them (law 8).
 */
export function factsOf(delivery: Delivery, view: DeliveryView): Readonly<Record<string, unknown>> {
  const { review, url } = view;
  const { requester, target, operation, risk, datasets, demands } = review.subject;
  return {
    review: review.id,
    url,
    revision: delivery.revision,
    status: review.state.status,
    openedAt: timestamp(review.openedAtMs),
    expiresAt: timestamp(review.expiresAtMs),
    agent: requester.agent,
    onBehalfOf: requester.onBehalfOf,
    target: target.name,
    environment: target.environment,
    operation: plain(operation),
    risk: risk.score,
    datasets: datasets.map(({ dataset, basis }) => (basis === 'parsed' ? dataset : plain(dataset))),
    policies: demands.map(({ policy }) => policy),
    votes: standingVotes(review).map(({ person, kind, atMs }) => ({ person, kind, at: timestamp(atMs) })),
    ...detailsOf(delivery, review),
  };
}

/**
 * What an operation, or a dataset that the target's catalog doesn't know, is called is in the agent's own words: kept to
 * what no reader takes for anything else.
 */
const plain = (operation: string): string => operation.replaceAll(/[^\w:.-]/g, '_').slice(0, 200);

function detailsOf({ notice }: Delivery, review: Review): Readonly<Record<string, unknown>> {
  switch (notice.kind) {
    case 'outcome':
      return { outcome: { status: notice.status, rows: notice.rows } };
    case 'remind':
      return { reminded: notice.demands.map((demand) => policyOf(review, demand)) };
    case 'escalate':
      return { escalated: { policy: policyOf(review, notice.demand), step: notice.step + 1 } };
    case 'question':
    case 'answer':
      return { question: notice.question };
    case 'update':
      return 'vote' in notice ? voteOf(review, notice.vote) : {};
    case 'open':
    case 'close':
      return {};
  }
}

const policyOf = ({ subject }: Review, demand: number): string => subject.demands[demand]?.policy ?? '';

function voteOf({ votes }: Review, at: number): Readonly<Record<string, unknown>> {
  const vote = votes[at];
  return vote === undefined ? {} : { vote: { person: vote.person, kind: vote.kind } };
}
