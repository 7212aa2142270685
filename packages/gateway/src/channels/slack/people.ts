/**
 * Who of ours acts when somebody in Slack does. Fails closed: whoever Slack doesn't know now as a full, active, human
 * member of the configured team is nobody, and so is whoever is linked to no person of ours.
 */
import type { ChatAccount } from '../../core/chat-link.ts';
import type { Person } from '../../core/identity.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Limits } from '../../limits.ts';
import type { Clock, Directory } from '../../ports.ts';
import type { ChatAccounts } from '../../ports-chat.ts';
import type { NotLetIn } from '../chat-deciding.ts';
import type { Actor } from './payload.ts';

/** What Slack knows of an account (`users.info`). */
export interface SlackUser {
  readonly team: string;
  readonly deleted: boolean;
  readonly bot: boolean;
  /** Single- and multi-channel guests. */
  readonly guest: boolean;
  /** Of another workspace, in a shared channel. */
  readonly stranger: boolean;
  /** Confirmed by Slack; null where it isn't, or the app may not read it. */
  readonly email: string | null;
}

export interface PeoplePorts {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly directory: Pick<Directory, 'person' | 'people'>;
  readonly accounts: ChatAccounts;
  /** The team whose members may decide. */
  readonly team: string;
  /** The person with this address, where the operator lets Slack's word on addresses count. */
  readonly personByEmail: (email: string) => string | undefined;
  /** Rejects where Slack can't say. */
  readonly lookUp: (user: string) => Promise<SlackUser>;
}

const no = (message: string): Result<Person, NotLetIn> => err({ message, link: null });

interface Known {
  readonly user: SlackUser;
  readonly untilMs: number;
}

export class People {
  readonly #ports: PeoplePorts;
  /** By user id, oldest first. */
  readonly #known = new Map<string, Known>();

  constructor(ports: PeoplePorts) {
    this.#ports = ports;
  }

  async identify(actor: Actor): Promise<Result<Person, NotLetIn>> {
    const { team, directory, accounts } = this.#ports;
    if (actor.team !== team || actor.home !== team)
      return no('Only members of the workspace that Sallyport is set up for can decide here.');
    const user = await this.#lookUp(actor.user);
    if (user === undefined)
      return no(
        'Slack doesn’t say now who you are, so nothing is counted. Try again, or decide in the browser.',
      );
    const fault = faultOf(user, team);
    if (fault !== null) return no(fault);
    const account: ChatAccount = { platform: 'slack', tenant: team, user: actor.user };
    const name = accounts.personOf(account) ?? this.#byEmail(user);
    if (name === undefined) return err({ message: UNLINKED, link: accounts.offer(account, actor.name) });
    const person = directory.person(name);
    if (person === undefined || person.disabled)
      return no('Your account here belongs to nobody who may decide now.');
    return ok(person);
  }

  #byEmail({ email }: SlackUser): string | undefined {
    return email === null ? undefined : this.#ports.personByEmail(email);
  }

  async #lookUp(id: string): Promise<SlackUser | undefined> {
    const { clock, limits, lookUp } = this.#ports;
    const known = this.#known.get(id);
    if (known !== undefined && clock.monotonicMs() < known.untilMs) return known.user;
    try {
      const user = await lookUp(id);
      this.#known.delete(id);
      this.#known.set(id, { user, untilMs: clock.monotonicMs() + limits.slackUserMs });
      const [oldest] = this.#known.keys();
      if (this.#known.size > limits.slackUsersKept && oldest !== undefined) this.#known.delete(oldest);
      return user;
    } catch {
      // Fails closed: what was known before is past its time.
      return undefined;
    }
  }
}

const UNLINKED =
  'Sallyport doesn’t know who you are: your Slack account is linked to nobody. Nothing was counted. Say who you are once, with your own credential, and press the button again.';

function faultOf(user: SlackUser, team: string): string | null {
  if (user.deleted) return 'This Slack account is deactivated.';
  if (user.bot) return 'Only a person can decide; this is a bot’s account.';
  if (user.stranger || user.team !== team) return 'People of other workspaces can’t decide here.';
  if (user.guest) return 'Guests of this workspace can’t decide here.';
  return null;
}
