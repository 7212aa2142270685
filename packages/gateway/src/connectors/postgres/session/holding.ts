import type { Hold, Questioned } from '../../connector.ts';
import type { Refusal } from '../../../core/reasons.ts';
import type { Limits } from '../../../limits.ts';
import type { Clock } from '../../../ports.ts';
import type { CatalogWatcher } from '../catalog/index.ts';
import { noticeResponse } from '../wire/backend.ts';
import type { TransactionStatus } from '../wire/messages.ts';
import { Wait } from './waiting.ts';

export interface HoldingOptions {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly catalog: CatalogWatcher;
  /** Sends the client a notice. */
  readonly notify: (frame: Buffer) => void;
}

/** What of a session waits for people, and what waits with it. */
export class Holding {
  readonly #options: HoldingOptions;
  #waits: readonly Wait[] = [];
  /** How the client ended what it had asked for: also a wait that only begins, behind other work, ends so. */
  #ending: 'cancelled' | 'gone' | null = null;
  #transactionSinceMs = 0;
  #status: TransactionStatus = 'I';

  constructor(options: HoldingOptions) {
    this.#options = options;
  }

  /** The target's word about the transaction. */
  observe(status: TransactionStatus): void {
    if (status !== 'I' && this.#status === 'I') this.#transactionSinceMs = this.#options.clock.monotonicMs();
    this.#status = status;
  }

  /** A message is asked about. A cancellation is of the message at hand, and never of the next one. */
  begin(): void {
    if (this.#ending === 'cancelled') this.#ending = null;
  }

  /**
   * For the reviewer: what stays open while they think. `processId` is that of the connection to the target; `isOpen`: a
   * transaction that the target's last word doesn't tell of.
   */
  async describe(processId: number | undefined, isOpen: boolean): Promise<readonly string[]> {
    if (this.#status === 'I') {
      if (!isOpen || processId === undefined) return [];
      return [IMPLICIT, ...(await this.#options.catalog.locksOf(processId))];
    }
    const seconds = Math.round((this.#options.clock.monotonicMs() - this.#transactionSinceMs) / 1_000);
    const open = `A transaction has been open for ${seconds.toString()} s and stays open while this waits.`;
    if (processId === undefined) return [open];
    return [open, ...(await this.#options.catalog.locksOf(processId))];
  }

  async wait(hold: Hold, isOpen: boolean): ReturnType<Wait['settled']> {
    const { clock, limits } = this.#options;
    const limitMs = this.#status === 'I' && !isOpen ? limits.holdMs : limits.holdInTransactionMs;
    const notify = (waitedMs: number): void => this.#options.notify(waitingNotice(hold, waitedMs));
    hold.onQuestion((question) => this.#options.notify(questionNotice(hold, question)));
    const wait = new Wait(hold, { clock, limitMs, noticeMs: limits.holdNoticeMs, notify });
    this.#waits = [...this.#waits, wait];
    try {
      const settled = wait.settled();
      if (this.#ending === 'gone') wait.abandon();
      else if (this.#ending === 'cancelled') wait.cancel();
      return await settled;
    } finally {
      this.#waits = this.#waits.filter((other) => other !== wait);
    }
  }

  /** The client asked to cancel. */
  cancel(): void {
    this.#ending ??= 'cancelled';
    for (const wait of this.#waits) wait.cancel();
  }

  /** Another statement of the same message was refused. */
  leave(reason: Refusal): void {
    for (const wait of this.#waits) wait.leave(reason);
  }

  /** The client is gone. */
  abandon(): void {
    this.#ending = 'gone';
    for (const wait of this.#waits) wait.abandon();
  }
}

const IMPLICIT = 'Earlier statements of the same round have changed data; their transaction stays open.';

function questionNotice(hold: Hold, { question, by, text }: Questioned): Buffer {
  return noticeResponse({
    severity: 'NOTICE',
    code: '00000',
    message: `Sallyport: ${by} asks about review ${hold.review}: ${text}`,
    detail: `Question ${question.toString()}. The statement goes on waiting.`,
    hint: `Answer with: sallyport answer ${hold.review} ${question.toString()} --text "…", or change the statement and send it with sallyport.supersedes set to ${hold.review}.`,
  });
}

function waitingNotice(hold: Hold, waitedMs: number): Buffer {
  const waited = waitedMs === 0 ? '' : ` It has waited for ${Math.round(waitedMs / 60_000).toString()} min.`;
  return noticeResponse({
    severity: 'NOTICE',
    code: '00000',
    message: `Sallyport: waiting for approval of this statement, review ${hold.review}.${waited}`,
    detail: `A person decides at ${hold.url}`,
    hint: hold.unmeetable,
  });
}
