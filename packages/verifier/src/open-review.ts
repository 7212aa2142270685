import type { JsonValue } from './canonical.ts';
import { isObject } from './leaf-members.ts';
import type { DemandRecord } from './demand-record.ts';
import type { AttemptLeaf, ReviewLeaf, VoteLeaf } from './leaf.ts';

type Vote = VoteLeaf['vote'];

/** A review that is open, with the votes that count. One identity has one vote, whatever accounts it uses. */
export class OpenReview {
  readonly subject: string;
  readonly #demands: readonly DemandRecord[];
  readonly #votes = new Map<string, Vote>();

  constructor({ subject, demands }: Pick<ReviewLeaf, 'subject' | 'demands'>) {
    this.subject = subject;
    this.#demands = demands;
  }

  hasVoteOf({ identity }: Vote): boolean {
    return this.#votes.has(identity);
  }

  count(vote: Vote): void {
    if (vote.kind === 'retract') this.#votes.delete(vote.identity);
    else this.#votes.set(vote.identity, vote);
  }

  /** Rejections that end it, whichever demand they count for. */
  get isRejected(): boolean {
    const rejections = [...this.#votes.values()].filter((vote) => vote.kind === 'reject').length;
    return rejections >= Math.max(1, ...this.#demands.map((demand) => demand.rejections));
  }

  /** Takes out the approvals of whoever asked; false where there was none. */
  dropParties(requester: AttemptLeaf['requester']): boolean {
    const dropped = this.approvalsOf(requester);
    for (const vote of dropped) this.#votes.delete(vote.identity);
    return dropped.length > 0;
  }

  /** Approvals of whoever asked, and those that count with the rights of nobody else. */
  approvalsOf({ onBehalfOf, sponsor, parties }: AttemptLeaf['requester']): readonly Vote[] {
    const own = new Set([onBehalfOf, sponsor, ...parties]);
    return [...this.#votes.values()].filter(
      (vote) =>
        vote.kind === 'approve' &&
        (own.has(vote.person) || own.has(vote.identity) || rightsOf(vote).every((name) => own.has(name))),
    );
  }

  /**
   * Whether each demand has its quorum. A review without demands is approved by nobody.
   * @param isLive whether a passkey is not revoked: what it signed before counts no longer then.
   */
  isApproved(risk: JsonValue, isLive: (passkey: string) => boolean): boolean {
    const demands = this.#demands;
    return demands.length > 0 && demands.every((demand) => this.#meets(demand, scoreOf(risk), isLive));
  }

  #meets(demand: DemandRecord, score: number, isLive: (passkey: string) => boolean): boolean {
    const { quorum, excluded, passkeyFromRisk } = demand;
    const signedOnly = passkeyFromRisk !== null && score >= passkeyFromRisk;
    const counted = [...this.#votes.values()].filter(
      (vote) =>
        vote.kind === 'approve' &&
        seatsOf(vote, demand).length > 0 &&
        !excluded.includes(vote.person) &&
        !excluded.includes(vote.identity) &&
        (vote.passkey === null || isLive(vote.passkey)) &&
        (vote.signed || !signedOnly),
    );
    return filled(counted.map((vote) => seatsOf(vote, demand))) >= quorum;
  }
}

/** Whose rights a vote counts with. */
const rightsOf = ({ person, rights }: Vote): readonly string[] => (rights.length === 0 ? [person] : rights);

/** The seats that a vote could fill: a right that was handed over sits in its owner's. */
const seatsOf = (vote: Vote, { people, excluded }: DemandRecord): readonly string[] =>
  rightsOf(vote).filter((name) => (people === null || people.includes(name)) && !excluded.includes(name));

/** How many seats are filled: one for each vote that finds a free one, those with the fewest to choose from first. */
function filled(votes: readonly (readonly string[])[]): number {
  const taken = new Set<string>();
  for (const seats of [...votes].sort((left, right) => left.length - right.length)) {
    const free = seats.find((seat) => !taken.has(seat));
    if (free !== undefined) taken.add(free);
  }
  return taken.size;
}

/** An attempt without a score counts as the riskiest. */
function scoreOf(risk: JsonValue): number {
  const score = isObject(risk) ? risk['score'] : undefined;
  return typeof score === 'number' ? score : 100;
}
