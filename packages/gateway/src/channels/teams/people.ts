/**
 * Who of ours acts when somebody in Teams does. Fails closed: whoever Teams doesn't know now as a full member of the
 * configured tenant is nobody, and so is whoever is linked to no person of ours.
 */
import type { ChatAccount } from '../../core/chat-link.ts';
import type { Person } from '../../core/identity.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Limits } from '../../limits.ts';
import type { Clock, Directory } from '../../ports.ts';
import type { ChatAccounts } from '../../ports-chat.ts';
import type { NotLetIn } from '../chat-deciding.ts';
import type { Actor } from './activity.ts';
import type { Member } from './connector.ts';
import { TeamsFault } from './fetching.ts';

export interface PeoplePorts {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly directory: Pick<Directory, 'person'>;
  readonly accounts: ChatAccounts;
  readonly tenant: string;
  readonly linkByName: boolean;
  readonly personByEmail: (email: string) => string | undefined;
  /** Rejects where Teams can't say. */
  readonly lookUp: (conversation: string, user: string) => Promise<Member>;
}

interface Known {
  /** Null: nobody there. */
  readonly member: Member | null;
  readonly untilMs: number;
}

const no = (message: string): Result<Person, NotLetIn> => err({ message, link: null });

export class People {
  readonly #ports: PeoplePorts;
  /** By conversation and user, oldest first. */
  readonly #known = new Map<string, Known>();

  constructor(ports: PeoplePorts) {
    this.#ports = ports;
  }

  async identify(actor: Actor): Promise<Result<Person, NotLetIn>> {
    const { tenant, directory, accounts } = this.#ports;
    if (actor.tenant !== tenant) return no(STRANGER);
    const member = await this.member(actor.conversation, actor.user);
    if (member === undefined) return no(AWAY);
    const fault = faultOf(member, actor, tenant);
    if (fault !== null || member === null) return no(fault ?? GONE);
    const account: ChatAccount = { platform: 'teams', tenant, user: actor.user };
    const name = accounts.personOf(account) ?? this.#byName(member);
    if (name === undefined) return err({ message: UNLINKED, link: accounts.offer(account, actor.name) });
    const person = directory.person(name);
    if (person === undefined || person.disabled)
      return no('Your account here belongs to nobody who may decide now.');
    return ok(person);
  }

  #byName({ principalName }: Member): string | undefined {
    const { linkByName, personByEmail } = this.#ports;
    return linkByName && principalName !== null ? personByEmail(principalName) : undefined;
  }

  /** Null: there is no such member. Undefined: it can't be known now; what was known before is past its time. */
  async member(conversation: string, user: string): Promise<Member | null | undefined> {
    const { clock, limits, lookUp } = this.#ports;
    const key = `${conversation} ${user}`;
    const known = this.#known.get(key);
    if (known !== undefined && clock.monotonicMs() < known.untilMs) return known.member;
    try {
      const member = await lookUp(conversation, user).catch((error: unknown) => {
        if (error instanceof TeamsFault && error.code.startsWith('404')) return null;
        throw error;
      });
      this.#known.delete(key);
      this.#known.set(key, { member, untilMs: clock.monotonicMs() + limits.teamsMemberMs });
      const [oldest] = this.#known.keys();
      if (this.#known.size > limits.teamsMembersKept && oldest !== undefined) this.#known.delete(oldest);
      return member;
    } catch {
      return undefined;
    }
  }
}

const STRANGER = 'Only members of the organisation that Sallyport is set up for can decide here.';
const GONE = 'Teams doesn’t know this account here: it is deactivated, or was removed.';
const AWAY = 'Teams doesn’t say now who you are, so nothing is counted. Try again, or decide in the browser.';
const UNLINKED =
  'Sallyport doesn’t know who you are: your Teams account is linked to nobody. Nothing was counted. Say who you are once, with your own credential, and press the button again.';

function faultOf(member: Member | null, actor: Actor, tenant: string): string | null {
  if (member === null || member.user !== actor.user) return GONE;
  if (member.tenant !== tenant) return STRANGER;
  return member.isGuest ? 'Guests of this organisation can’t decide here.' : null;
}
