/** What reviewing costs people, and how they do it: queues, figures, agents that ask too much (spec/attention.md). */
import type { Pace, ReviewerFigures } from '../core/attention.ts';
import { isEntitled, type Electorate } from '../core/electorate.ts';
import type { Person, Principal } from '../core/identity.ts';
import type { ReviewId } from '../core/ids.ts';
import { standingVotes, type Review } from '../core/review.ts';
import type { Limits } from '../limits.ts';
import type {
  AttentionDesk,
  AttentionReport,
  Clock,
  DelegationBook,
  Directory,
  PolicyEngine,
  Store,
} from '../ports.ts';
import { electorateOf } from './approvals.ts';
import type { AgentShare } from './flood.ts';

/** What the configuration says of people's attention. */
export interface AttentionRules extends Pace {
  /** Null: as many as they like. */
  readonly approvalsPerHour: number | null;
}

export interface AttentionPorts {
  readonly clock: Clock;
  readonly store: Store;
  readonly policy: PolicyEngine;
  readonly directory: Directory;
  readonly delegations?: DelegationBook;
  readonly rules: AttentionRules;
  readonly limits: Pick<Limits, 'attentionJudgments' | 'attentionPending' | 'attentionPage' | 'showingsKept'>;
  /** What agents have taken, as the desk knows. */
  readonly desk: { shares(): readonly AgentShare[] };
}

export class Attention implements AttentionDesk {
  readonly #ports: AttentionPorts;
  readonly #electorate: Electorate;
  /** Marks that were made, so that reading again writes nothing; the oldest go first. */
  readonly #marked = new Set<string>();

  constructor(ports: AttentionPorts) {
    this.#ports = ports;
    this.#electorate = electorateOf(ports);
  }

  /** Not waited for: a mark that is lost makes a decision look slower than it was, never faster. */
  shown({ id, state }: Review, principal: Principal): void {
    if (principal.kind !== 'person' || state.status !== 'pending') return;
    const { identity } = principal;
    const { store, clock } = this.#ports;
    if (!this.#isFirst(id, identity)) return;
    const mutations = [{ kind: 'review.shown', review: id, identity, atMs: clock.nowMs() }] as const;
    void store.commit({ mutations, entries: [] }).catch(() => undefined);
  }

  #isFirst(id: ReviewId, identity: string): boolean {
    const name = `${id} ${identity}`;
    if (this.#marked.has(name)) return false;
    this.#marked.add(name);
    if (this.#marked.size <= this.#ports.limits.showingsKept) return true;
    for (const oldest of this.#marked) {
      this.#marked.delete(oldest);
      break;
    }
    return true;
  }

  async report(span: { readonly sinceMs: number; readonly untilMs: number }): Promise<AttentionReport> {
    const { store, rules, limits, desk, clock } = this.#ports;
    const { approvalsPerHour, wordsPerMinute, minimumReadingMs } = rules;
    const pace = { wordsPerMinute, minimumReadingMs };
    const [figures, queues, proposed] = await Promise.all([
      store.read('attention', { ...span, pace, most: limits.attentionJudgments }),
      this.#queues(),
      store.read('standings', { ...PROPOSED, atMs: clock.nowMs(), limit: limits.attentionPage }),
    ]);
    return {
      ...span,
      pace,
      approvalsPerHour,
      complete: figures.complete,
      queuesComplete: queues.complete,
      pending: queues.pending,
      standingsProposed: proposed.length,
      reviewers: this.#reviewers(figures.reviewers, queues.of),
      agents: desk.shares().filter(({ pending, refused }) => pending + refused > 0),
    };
  }

  /** By identity: how many of the oldest pending reviews this person could decide now. */
  async #queues() {
    const { store, limits, clock, directory } = this.#ports;
    const people = directory.people().filter((person) => !person.disabled);
    const atMs = clock.nowMs();
    const of = new Map<string, number>();
    let [pending, before]: [number, ReviewId | null] = [0, null];
    // A page at a time: traffic goes on in between.
    for (;;) {
      const ask = { status: 'pending', agent: null, limit: limits.attentionPage, before } as const;
      const page: readonly Review[] = await store.read('reviews', ask);
      for (const review of page)
        for (const identity of this.#deciders(review, people, atMs))
          of.set(identity, (of.get(identity) ?? 0) + 1);
      pending += page.length;
      before = page.at(-1)?.id ?? null;
      if (page.length < limits.attentionPage) return { of, pending, complete: true };
      if (pending >= limits.attentionPending) return { of, pending, complete: false };
    }
  }

  #deciders(review: Review, people: readonly Person[], atMs: number): ReadonlySet<string> {
    if (atMs >= review.expiresAtMs) return new Set();
    const voted = new Set(standingVotes(review).map((vote) => vote.identity));
    const open = people.filter(({ identity }) => !voted.has(identity));
    return new Set(
      open
        .filter((person) => isEntitled(review, person, atMs, this.#electorate))
        .map(({ identity }) => identity),
    );
  }

  /** Whoever decided in the span, and whoever could decide now. */
  #reviewers(
    figures: readonly ReviewerFigures[],
    queues: ReadonlyMap<string, number>,
  ): AttentionReport['reviewers'] {
    const known = new Map(figures.map((each) => [each.identity, each]));
    const identities = [...new Set([...known.keys(), ...queues.keys()])].sort();
    const people = this.#ports.directory.people();
    return identities.map((identity) => ({
      person:
        known.get(identity)?.person ?? people.find((one) => one.identity === identity)?.name ?? identity,
      queue: queues.get(identity) ?? 0,
      figures: known.get(identity) ?? null,
    }));
  }
}

const PROPOSED = { agent: null, status: 'proposed', before: null } as const;
