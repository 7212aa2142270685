/**
 * What people do in a chat, put before the one desk (law 10). A judgment is durable when it is told so; while nothing can
 * be recorded it is tried again, and its author knows that it doesn't count yet. The same click has one effect, by a key
 * that the desk keeps.
 */
import type { Person } from '../core/identity.ts';
import { err, type Result } from '../core/result.ts';
import type { VoteRefusal } from '../core/reasons.ts';
import type { Review } from '../core/review.ts';
import type { ChatAccount } from '../core/chat-link.ts';
import type { ShownValue } from '../core/shown-value.ts';
import type { Limits } from '../limits.ts';
import type { Clock, Hashing, PolicyEngine, ReviewDesk } from '../ports.ts';

/** Why somebody is not let in, in words for them; `link`: where they can say who they are. */
export interface NotLetIn {
  readonly message: string;
  readonly link: string | null;
}

/** @typeParam A somebody of the platform, as it says. */
export interface DecidingPorts<A> {
  readonly platform: ChatAccount['platform'];
  /** The tenant and the user of the platform, for the key of what they do. */
  readonly accountOf: (actor: A) => string;
  readonly clock: Clock;
  readonly hashing: Hashing;
  readonly limits: Limits;
  readonly desk: Pick<ReviewDesk, 'vote' | 'question' | 'answer'>;
  readonly policy: Pick<PolicyEngine, 'mayCall'>;
  /** Fails closed: whoever isn't known to be a person of ours is not let in. */
  readonly people: { identify(actor: A): Promise<Result<Person, NotLetIn>> };
}

export interface Judgment<A> {
  readonly actor: A;
  readonly shown: ShownValue;
  /** What tells this from any other doing of the same person. */
  readonly occasion: string;
  readonly act:
    | { readonly kind: 'approve' }
    | { readonly kind: 'reject'; readonly reason: string }
    | { readonly kind: 'ask'; readonly to: 'agent' | 'sponsor'; readonly text: string }
    | { readonly kind: 'answer'; readonly question: number; readonly text: string };
}

export type Refused =
  | ({ readonly kind: 'person' } & NotLetIn)
  | { readonly kind: 'desk'; readonly code: VoteRefusal['code']; readonly message: string }
  /** Nothing is recorded, and it isn't tried any more. */
  | { readonly kind: 'given_up'; readonly message: string };

export type Decided = Result<Review, Refused>;

export interface Trying {
  readonly decided: Promise<Decided>;
  /** Resolves when it couldn't be recorded at once. */
  readonly delayed: Promise<void>;
}

const GIVEN_UP =
  'It could not be recorded, so it doesn’t count. Open the review again, or decide in the browser.';
const TOO_MANY = 'Too many clicks wait to be recorded, so this one doesn’t count. Try again in a minute.';

/** The same as over the API (law 10). */
const ACTIONS: Readonly<Record<Judgment<unknown>['act']['kind'], string>> = {
  approve: 'api:reviews.vote',
  reject: 'api:reviews.vote',
  ask: 'api:reviews.question',
  answer: 'api:reviews.answer',
};

export class Deciding<A> {
  readonly #ports: DecidingPorts<A>;
  readonly #stops = new Set<() => void>();
  #isClosed = false;
  #waiting = 0;

  constructor(ports: DecidingPorts<A>) {
    this.#ports = ports;
  }

  /** Tries until it is recorded or refused, for as long as a click is worth. */
  decide(judgment: Judgment<A>): Trying {
    let tell = (): void => undefined;
    const delayed = new Promise<void>((resolve) => (tell = resolve));
    return { decided: this.#try(judgment, tell), delayed };
  }

  /** What still waits is given up, and said to be. */
  close(): void {
    this.#isClosed = true;
    for (const stop of this.#stops) stop();
  }

  async #try(judgment: Judgment<A>, delayed: () => void): Promise<Decided> {
    const { clock, limits } = this.#ports;
    const untilMs = clock.monotonicMs() + limits.chatClickMs;
    const first = await this.#once(judgment);
    if (!isAway(first)) return first;
    if (this.#waiting >= limits.chatClicksWaiting) return err({ kind: 'given_up', message: TOO_MANY });
    this.#waiting += 1;
    delayed();
    try {
      while (!this.#isClosed && clock.monotonicMs() < untilMs) {
        await this.#wait(limits.chatClickRetryMs);
        const tried = await this.#once(judgment);
        if (!isAway(tried)) return tried;
      }
      return err({ kind: 'given_up', message: GIVEN_UP });
    } finally {
      this.#waiting -= 1;
    }
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.#stops.delete(done);
        resolve();
      };
      const cancel = this.#ports.clock.after(delayMs, done);
      this.#stops.add(done);
    });
  }

  /** Who they are is asked anew at every try: a right may be lost while nothing can be recorded. */
  async #once(judgment: Judgment<A>): Promise<Decided> {
    const { people, policy } = this.#ports;
    const identified = await people.identify(judgment.actor);
    if (!identified.ok) return err({ kind: 'person', ...identified.error });
    const voter = identified.value;
    const action = ACTIONS[judgment.act.kind];
    if (!policy.mayCall(voter, action)) {
      const message = `No policy permits you Action::"${action}".`;
      return err({ kind: 'person', message, link: null });
    }
    const judged = await this.#judge(judgment, voter);
    if (judged.ok) return judged;
    return err({ kind: 'desk', ...judged.error });
  }

  #judge({ actor, shown, occasion, act }: Judgment<A>, voter: Person): Promise<Result<Review, VoteRefusal>> {
    const { accountOf, desk, hashing, platform: channel } = this.#ports;
    const key = `${channel} ${hashing.sha256Hex(`${accountOf(actor)} ${occasion}`)}`;
    const { review, digest, rendering } = shown;
    if (act.kind === 'ask')
      return desk.question({ review, asker: voter, to: act.to, text: act.text, channel, key });
    if (act.kind === 'answer')
      return desk.answer({
        review,
        answerer: voter,
        question: act.question,
        text: act.text,
        channel,
        key,
      });
    const reason = act.kind === 'reject' ? act.reason : '';
    return desk.vote({ review, voter, kind: act.kind, reason, digest, rendering, channel, key });
  }
}

const isAway = (decided: Decided): boolean =>
  !decided.ok && decided.error.kind === 'desk' && decided.error.code === 'ledger.unavailable';
