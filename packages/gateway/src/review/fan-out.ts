import { standingVotes, type Review } from '../core/review.ts';
import type { BreakGlassEvent, Events, GatewayEvent } from '../ports.ts';
import type { Log } from '../telemetry/log.ts';

/** Events within this process: each is in the log before anybody else hears of it. */
export function fanOut(log: Log): Events {
  const listeners = new Set<(event: GatewayEvent) => void>();
  return {
    publish(event) {
      if ('use' in event) logBreakGlass(event, log);
      else logReview(event, log);
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

function logBreakGlass({ kind, use }: BreakGlassEvent, log: Log): void {
  const { closing, id, person, subject } = use;
  const about = { use: id, person, target: subject.target.name };
  switch (kind) {
    case 'break_glass.opened':
      return log.breakGlassOpened({ ...about, action: subject.action });
    case 'break_glass.reminded':
      return log.breakGlassReminded(about);
    case 'break_glass.closed':
      if (closing !== null) log.breakGlassClosed({ ...about, by: closing.person, finding: closing.finding });
  }
}

const approversOf = (review: Review): readonly string[] =>
  standingVotes(review)
    .filter(({ kind }) => kind === 'approve')
    .map(({ person }) => person);

function logReview(event: Exclude<GatewayEvent, BreakGlassEvent>, log: Log): void {
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
    case 'canary.revealed':
      return log.canaryRevealed({ ...about, status: review.state.status, approvedBy: approversOf(review) });
    case 'review.changed':
      if (review.state.status !== 'pending') log.reviewResolved({ ...about, status: review.state.status });
  }
}
