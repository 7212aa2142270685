import type { Approval, Hold } from '../../connector.ts';
import { refusal, type Refusal } from '../../../core/reasons.ts';
import { err, type Result } from '../../../core/result.ts';
import type { Clock } from '../../../ports.ts';

export interface WaitOptions {
  readonly clock: Clock;
  readonly limitMs: number;
  readonly noticeMs: number;
  /** Called at once, and again every `noticeMs`. */
  readonly notify: (waitedMs: number) => void;
}

/** A client's wait for people, which it can end in four ways besides a decision. */
export class Wait {
  readonly #hold: Hold;
  readonly #options: WaitOptions;
  #end: (reason: Result<Approval, Refusal>) => void = () => undefined;
  #cancelTimers: () => void = () => undefined;
  #isOver = false;

  constructor(hold: Hold, options: WaitOptions) {
    this.#hold = hold;
    this.#options = options;
  }

  async settled(): Promise<Result<Approval, Refusal>> {
    const ended = new Promise<Result<Approval, Refusal>>((resolve) => {
      this.#end = (reason) => {
        this.#isOver = true;
        resolve(reason);
      };
    });
    this.#remind(0);
    const settled = await Promise.race([this.#hold.settled, ended]);
    this.#isOver = true;
    this.#cancelTimers();
    return settled;
  }

  #remind(waitedMs: number): void {
    const { clock, limitMs, noticeMs, notify } = this.#options;
    if (waitedMs >= limitMs) {
      this.#hold.detach();
      this.#end(err(refusal('review.hold_timeout', { review: this.#hold.review })));
      return;
    }
    notify(waitedMs);
    const nextMs = Math.min(noticeMs, limitMs - waitedMs);
    this.#cancelTimers = clock.after(nextMs, () => this.#remind(waitedMs + nextMs));
  }

  /** The client asked to cancel: nobody needs to decide any more. */
  cancel(): void {
    this.#hold.withdraw('The client cancelled the statement.');
    this.#end(
      err(
        refusal('review.withdrawn', {
          review: this.#hold.review,
          message: 'Cancelled while it waited for approval.',
        }),
      ),
    );
  }

  /** Another statement of the same message was refused, so this one doesn't run either, whatever people decide. */
  leave(reason: Refusal): void {
    if (this.#isOver) return;
    // After a timeout the client may come back with the same bytes; after a person's no it won't.
    if (reason.code === 'review.hold_timeout') this.#hold.detach();
    else this.#hold.withdraw('Another statement of the same message was refused.');
    this.#end(err(reason));
  }

  /** The client is gone. The review stays: its approval can be used by the same bytes, for a while. */
  abandon(): void {
    this.#hold.detach();
    this.#end(err(refusal('review.withdrawn', { review: this.#hold.review })));
  }
}
