import type { RoomRule } from '../../core/chat-people.ts';
import type { Review } from '../../core/review.ts';
import type { Limits } from '../../limits.ts';
import type { Clock, Directory, Hashing, PolicyEngine } from '../../ports.ts';
import type { ChatAccounts, HandedRights, Secret } from '../../ports-chat.ts';
import type { Log } from '../../telemetry/log.ts';
import type { RecordRefused } from '../chat-refusals.ts';
import type { Actor } from './payload.ts';

export interface SlackOptions {
  /** The workspace whose members decide. */
  readonly team: string;
  /** `https://slack.com/api/`, or that of another cloud. */
  readonly apiUrl: string;
  readonly botToken: Secret;
  /** For Socket Mode; null: Slack comes by HTTP. */
  readonly appToken: Secret | null;
  readonly signingSecrets: readonly Secret[];
  /** The first that fits; none: `room`. */
  readonly rooms: readonly RoomRule[];
  /** Null: reviews that no rule fits are told to nobody but by direct messages. */
  readonly room: string | null;
  readonly directMessages: boolean;
  /** Whether an address that Slack has confirmed tells who somebody is. */
  readonly linkByEmail: boolean;
  readonly personByEmail: (email: string) => string | undefined;
  readonly publicUrl: string;
  readonly clock: Clock;
  readonly hashing: Hashing;
  readonly limits: Limits;
  readonly directory: Directory;
  /** Rights that people have handed over, those that have ended included. */
  readonly handed: HandedRights;
  readonly policy: Pick<PolicyEngine, 'mayCall'>;
  readonly accounts: ChatAccounts;
  /** Newest first, one more than are listed. */
  readonly pending: () => Promise<readonly Review[]>;
  readonly recordRefused: RecordRefused<Actor>;
  readonly log: Pick<Log, 'failed'>;
}
