/**
 * What people do in Slack, put before the one desk (law 10). A judgment is durable when it is told so; while nothing can
 * be recorded it is tried again, and its author knows that it doesn't count yet. The same click has one effect, by a key
 * that the desk keeps.
 */
import type { Person } from '../../core/identity.ts';
import { err, type Result } from '../../core/result.ts';
import type { VoteRefusal } from '../../core/reasons.ts';
import type { Review } from '../../core/review.ts';
import type { Limits } from '../../limits.ts';
import type { Clock, Hashing, PolicyEngine, ReviewDesk } from '../../ports.ts';
import type { Actor } from './payload.ts';
import type { People } from './people.ts';
import type { ShownValue } from './value.ts';

export interface DecidingPorts {
  readonly clock: Clock;
  readonly hashing: Hashing;
  readonly limits: Limits;
  readonly desk: Pick<ReviewDesk, 'vote' | 'question'>;
  readonly policy: Pick<PolicyEngine, 'mayCall'>;
  readonly people: People;
}

export interface Judgment {
  readonly actor: Actor;
  readonly shown: ShownValue;
  /** What tells this from any other doing of the same person. */
  readonly occasion: string;
  readonly act:
    | { readonly kind: 'approve' }
    | { readonly kind: 'reject'; readonly reason: string }
    | { readonly kind: 'ask'; readonly to: 'agent' | 'sponsor'; readonly text: string };
}

export type Refused =
  | { readonly kind: 'person'; readonly message: string; readonly link: string | null }
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

export class Deciding {
  readonly #ports: DecidingPorts;
  readonly #stops = new Set<() => void>();
  #isClosed = false;
  #waiting = 0;

  constructor(ports: DecidingPorts) {
    this.#ports = ports;
  }

  /** Tries until it is recorded or refused, for as long as a click is worth. */
  decide(judgment: Judgment): Trying {
    let tell = (): void => undefined;
    const delayed = new Promise<void>((resolve) => (tell = resolve));
    return { decided: this.#try(judgment, tell), delayed };
  }

  /** What still waits is given up, and said to be. */
  close(): void {
    this.#isClosed = true;
    for (const stop of this.#stops) stop();
  }

  async #try(judgment: Judgment, delayed: () => void): Promise<Decided> {
    const { clock, limits } = this.#ports;
    const untilMs = clock.monotonicMs() + limits.slackClickMs;
    const first = await this.#once(judgment);
    if (!isAway(first)) return first;
    if (this.#waiting >= limits.slackClicksWaiting) return err({ kind: 'given_up', message: TOO_MANY });
    this.#waiting += 1;
    delayed();
    try {
      while (!this.#isClosed && clock.monotonicMs() < untilMs) {
        await this.#wait(limits.slackClickRetryMs);
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
  async #once(judgment: Judgment): Promise<Decided> {
    const { people, policy } = this.#ports;
    const identified = await people.identify(judgment.actor);
    if (!identified.ok) return err({ kind: 'person', ...identified.error });
    const voter = identified.value;
    const action = judgment.act.kind === 'ask' ? 'api:reviews.question' : 'api:reviews.vote';
    if (!policy.mayCall(voter, action)) {
      const message = `No policy permits you Action::"${action}".`;
      return err({ kind: 'person', message, link: null });
    }
    const judged = await this.#judge(judgment, voter);
    if (judged.ok) return judged;
    return err({ kind: 'desk', ...judged.error });
  }

  #judge({ actor, shown, occasion, act }: Judgment, voter: Person): Promise<Result<Review, VoteRefusal>> {
    const { desk, hashing } = this.#ports;
    const key = `slack ${hashing.sha256Hex(`${actor.team} ${actor.user} ${occasion}`)}`;
    const { review, digest, rendering } = shown;
    const channel = 'slack';
    if (act.kind === 'ask')
      return desk.question({ review, asker: voter, to: act.to, text: act.text, channel, key });
    const reason = act.kind === 'reject' ? act.reason : '';
    return desk.vote({ review, voter, kind: act.kind, reason, digest, rendering, channel, key });
  }
}

const isAway = (decided: Decided): boolean =>
  !decided.ok && decided.error.kind === 'desk' && decided.error.code === 'ledger.unavailable';
