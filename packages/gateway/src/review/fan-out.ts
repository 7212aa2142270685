import type { Events, GatewayEvent } from '../ports.ts';
import type { Log } from '../telemetry/log.ts';

/** Everybody who listens is told, and the log is; whoever throws hears nothing more. */
export function fanOut(log: Log): Events {
  const listeners = new Set<(event: GatewayEvent) => void>();
  return {
    publish(event) {
      logReview(event, log);
      for (const listener of listeners) {
        try {
          listener(event);
        } catch (error) {
          listeners.delete(listener);
          log.failed({ where: 'events', error });
        }
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function logReview(event: GatewayEvent, log: Log): void {
  const { review } = event;
  const { requester, target, risk, demands } = review.subject;
  const about = { review: review.id, agent: requester.agent, target: target.name };
  const policyOf = (demand: number): string => demands[demand]?.policy ?? '';
  switch (event.kind) {
    case 'review.opened':
      return log.reviewOpened({ ...about, risk: risk.score });
    case 'review.reminded':
      return log.reviewReminded({ ...about, policies: event.demands.map(policyOf) });
    case 'review.escalated':
      return log.reviewEscalated({ ...about, policy: policyOf(event.demand), step: event.step + 1 });
    case 'review.changed':
      if (review.state.status !== 'pending') log.reviewResolved({ ...about, status: review.state.status });
  }
}
