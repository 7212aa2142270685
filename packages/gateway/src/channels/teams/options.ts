import type { RoomRule } from '../../core/chat-people.ts';
import type { Limits } from '../../limits.ts';
import type { Clock, Directory, Hashing, PolicyEngine } from '../../ports.ts';
import type { ChatAccounts, HandedRights, Secret } from '../../ports-chat.ts';
import type { Log } from '../../telemetry/log.ts';
import type { RecordRefused } from '../chat-refusals.ts';
import type { Actor } from './activity.ts';
import type { CloudAddresses } from './clouds.ts';

export interface TeamsOptions {
  /** The bot's application (client) id: what messages to us are for. */
  readonly appId: string;
  readonly appSecret: Secret;
  /** Entra's tenant: of the bot, of the rooms, and of everybody who may decide. */
  readonly tenant: string;
  readonly addresses: CloudAddresses & { readonly serviceUrl: string };
  /** The first that fits; none: `room`. A room is the id of a channel, `19:…@thread.tacv2`. */
  readonly rooms: readonly RoomRule[];
  /** Null: reviews that no rule fits are told to nobody but by direct messages. */
  readonly room: string | null;
  readonly directMessages: boolean;
  /** Whether Entra's user principal name tells who somebody is. */
  readonly linkByName: boolean;
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
  /** Records that somebody who may not decide tried to; resolves when that is durable. */
  readonly recordRefused: RecordRefused<Actor>;
  /** Records that something came to us that isn't from Teams, or not for us; `code` says why. */
  readonly recordForged: (code: string) => Promise<void>;
  readonly log: Pick<Log, 'failed'>;
}
