/** What is in a local Teams: people, channels with the app or without, and messages. */
import type { FakeCard } from './shapes.ts';

export interface FakeUser {
  /** Entra's object id. */
  readonly oid: string;
  /** Teams' id of them, for the bot. */
  readonly mri: string;
  readonly name: string;
  principalName: string;
  tenant: string;
  role: 'user' | 'guest' | 'anonymous';
  /** Removed, or deactivated: Teams has no such member any more. */
  removed: boolean;
  /** Whether the app is installed for them. */
  hasApp: boolean;
}

export interface FakeMessage {
  readonly conversation: string;
  readonly id: string;
  card: FakeCard;
  summary: string;
  edits: number;
}

export const TENANT = '0a0a0a0a-0000-4000-8000-00000000000a';
export const APP = '0b0b0b0b-0000-4000-8000-00000000000b';

export class FakeTenant {
  readonly id = TENANT;
  readonly appId = APP;
  appSecret = 'fake-app-secret';
  readonly users = new Map<string, FakeUser>();
  /** By the channel's id: whether the app is in its team. */
  readonly channels = new Map<string, boolean>();
  readonly messages: FakeMessage[] = [];
  #next = 1_700_000_000_000;

  addUser(name: string): FakeUser {
    const at = (this.users.size + 1).toString(16).padStart(12, '0');
    const oid = `0c0c0c0c-0000-4000-8000-${at}`;
    const user: FakeUser = {
      oid,
      mri: `29:1${name}_AbC-dEf`,
      name,
      principalName: `${name}@example.com`,
      tenant: TENANT,
      role: 'user',
      removed: false,
      hasApp: true,
    };
    this.users.set(oid, user);
    return user;
  }

  user(name: string): FakeUser {
    const found = [...this.users.values()].find((each) => each.name === name);
    if (found === undefined) throw new Error(`no user ${name}`);
    return found;
  }

  newId(): string {
    this.#next += 1;
    return this.#next.toString();
  }

  /** First messages of threads in a channel, or all of a chat. */
  cardsIn(place: string): FakeMessage[] {
    return this.messages.filter(
      ({ conversation, id }) => conversation === place || conversation === `${place};messageid=${id}`,
    );
  }

  /** What was said below a message. */
  thread(message: FakeMessage): FakeMessage[] {
    return this.messages.filter((each) => each !== message && each.conversation === message.conversation);
  }
}
