import type { Refusal } from '../../../core/reasons.ts';
import type { TransactionStatus } from '../wire/messages.ts';
import type { AdmissionAsk, Admitted } from './admission.ts';
import type { Asking } from './asking.ts';
import type { Link } from './link.ts';
import type { Part, Responses } from './responses.ts';
import type { SessionState } from './state.ts';

/** The end of handling a message: a promise where the next message has to wait for it. */
export type Next = Promise<void> | undefined;

/** The session, as the protocols in it see it. */
export interface SessionHost {
  readonly state: SessionState;
  readonly responses: Responses;
  readonly link: Link;
  readonly asking: Asking;
  /** The target's last word about the transaction. */
  readonly status: TransactionStatus;
  /** The target has answered everything up to its ReadyForQuery, and nothing is on the way. */
  isReady: boolean;
  /** The INTENT that was queued last. */
  readonly lastDurability: Part['authorized']['durability'] | undefined;
  whenReady(run: () => Next): Next;
  /** `isTransactionOpen`: where `status` doesn't tell, inside of a round. */
  admit(
    ask: Pick<AdmissionAsk, 'candidates' | 'again'>,
    isTransactionOpen?: boolean,
  ): Admitted | Promise<Admitted>;
  afterIntents(parts: readonly Part[], autocommit: boolean, send: () => void): Next;
  refusalFrame(reason: Refusal): Buffer;
  /** Answers a Sync whose round the target was sent nothing of. */
  answerSync(): void;
}
