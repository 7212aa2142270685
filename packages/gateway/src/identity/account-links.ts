/**
 * Whose account in a chat is whose: what the configuration says, and what people have said by a link that only the holder
 * of the account got, and which only they could open with their own credential. Everything is in memory, and in the store
 * and the ledger before it counts.
 */
import { noticeEntry } from '../core/entry.ts';
import { sameAccount, type ChatAccount, type ChatLink } from '../core/chat-link.ts';
import type { Person } from '../core/identity.ts';
import { InTurn } from '../core/in-turn.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Limits } from '../limits.ts';
import type { Clock, Directory, Hashing, Mutation, Random, Store } from '../ports.ts';
import type { ChatLinks, LinkOffer, LinkRefusal, LinkRefusalCode } from '../ports-chat.ts';

export interface ConfiguredAccount {
  readonly person: string;
  readonly account: ChatAccount;
}

export interface AccountLinksPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly hashing: Hashing;
  readonly store: Pick<Store, 'commit' | 'read'>;
  readonly directory: Pick<Directory, 'person'>;
  readonly limits: Limits;
  /** Without a slash at its end. */
  readonly publicUrl: string;
  readonly configured: readonly ConfiguredAccount[];
}

interface Change {
  readonly code: 'account.linked' | 'account.unlinked';
  readonly link: ChatLink;
}

const TOKEN_BYTES = 32;

const MESSAGES: Readonly<Record<LinkRefusalCode, string>> = {
  'link.unknown':
    'This link was used, has expired or is not one of ours. Press a button in the chat again for another.',
  'link.taken': 'This account is linked to somebody already.',
  'link.second': 'You have linked another account of that workspace. Unlink that one first.',
  'ledger.unavailable': 'This can’t be recorded now, so nothing is linked. Try again.',
};

const refuse = (code: LinkRefusalCode): { readonly ok: false; readonly error: LinkRefusal } =>
  err({ code, message: MESSAGES[code] });

export class AccountLinks implements ChatLinks {
  readonly #ports: AccountLinksPorts;
  readonly #links: ChatLink[];
  /** By the digest of their token, oldest first: what leaks from memory opens nothing. */
  readonly #offers = new Map<string, LinkOffer>();
  /** Links change one after another: two at once would both find the place free. */
  readonly #turns = new InTurn();

  private constructor(ports: AccountLinksPorts, links: readonly ChatLink[]) {
    this.#ports = ports;
    this.#links = [...links];
  }

  static async open(ports: AccountLinksPorts): Promise<AccountLinks> {
    return new AccountLinks(ports, await ports.store.read('chatLinks', {}));
  }

  personOf(account: ChatAccount): string | undefined {
    const configured = this.#ports.configured.find((each) => sameAccount(each.account, account));
    return configured?.person ?? this.#current().find((each) => sameAccount(each.account, account))?.person;
  }

  /** Of those who have linked them: a name that is somebody else's by now takes no account along (law 4). */
  #current(): readonly ChatLink[] {
    const { directory } = this.#ports;
    return this.#links.filter(({ person, identity }) => directory.person(person)?.identity === identity);
  }

  accountsOf(person: string, platform: ChatAccount['platform'], tenant: string): readonly ChatAccount[] {
    return [...this.#ports.configured, ...this.#current()]
      .filter((each) => each.person === person)
      .map(({ account }) => account)
      .filter((account) => account.platform === platform && account.tenant === tenant);
  }

  offer(account: ChatAccount, shownAs: string): string {
    const { clock, hashing, limits, publicUrl, random } = this.#ports;
    const token = hashing.base64url(random.bytes(TOKEN_BYTES));
    this.#forget(account);
    const expiresAtMs = clock.nowMs() + limits.chatLinkMs;
    this.#offers.set(hashing.sha256Hex(token), { account, shownAs, expiresAtMs });
    // After the #, which browsers send to no server: it stays out of logs (law 8).
    return `${publicUrl}/link#${token}`;
  }

  /** What has expired, the oldest ones of an account that asks again and again, and what is too much. */
  #forget(account: ChatAccount): void {
    const { clock, limits } = this.#ports;
    const nowMs = clock.nowMs();
    const own: string[] = [];
    for (const [key, offer] of this.#offers) {
      if (nowMs >= offer.expiresAtMs) this.#offers.delete(key);
      else if (sameAccount(offer.account, account)) own.push(key);
    }
    for (const key of own.slice(0, Math.max(0, own.length + 1 - limits.chatLinksPerAccount)))
      this.#offers.delete(key);
    const excess = this.#offers.size + 1 - limits.chatLinksOpen;
    for (const key of [...this.#offers.keys()].slice(0, Math.max(0, excess))) this.#offers.delete(key);
  }

  describe(token: string): Result<LinkOffer, LinkRefusal> {
    const offer = this.#offers.get(this.#ports.hashing.sha256Hex(token));
    if (offer === undefined || this.#ports.clock.nowMs() >= offer.expiresAtMs) return refuse('link.unknown');
    return ok(offer);
  }

  link(token: string, person: Person): Promise<Result<ChatLink, LinkRefusal>> {
    return this.#inTurn(() => this.#link(token, person));
  }

  async #link(token: string, person: Person): Promise<Result<ChatLink, LinkRefusal>> {
    const offer = this.describe(token);
    if (!offer.ok) return offer;
    // Used, whatever comes of it.
    this.#offers.delete(this.#ports.hashing.sha256Hex(token));
    const { account } = offer.value;
    const fault = this.#whyNot(account, person);
    if (fault !== null) return refuse(fault);
    const linkedAtMs = this.#ports.clock.nowMs();
    const link = { account, person: person.name, identity: person.identity, linkedAtMs };
    // Whoever had the name before had it: their link goes with this one's coming.
    const outdated = this.#links.filter((each) => sameAccount(each.account, account));
    const gone = outdated.map((each): Change => ({ code: 'account.unlinked', link: each }));
    if (!(await this.#commit([...gone, { code: 'account.linked', link }])))
      return refuse('ledger.unavailable');
    for (const each of outdated) this.#forgetLink(each);
    this.#links.push(link);
    return ok(link);
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    return this.#turns.run(act);
  }

  #forgetLink(link: ChatLink): void {
    const at = this.#links.indexOf(link);
    if (at >= 0) this.#links.splice(at, 1);
  }

  #whyNot(account: ChatAccount, person: Person): LinkRefusalCode | null {
    if (this.personOf(account) !== undefined) return 'link.taken';
    const { platform, tenant } = account;
    // Whoever lures somebody into confirming a strange account finds the place taken, once they have their own.
    return this.accountsOf(person.name, platform, tenant).length > 0 ? 'link.second' : null;
  }

  linksOf(person: Person): readonly ChatLink[] {
    return this.#current().filter((each) => each.person === person.name);
  }

  unlink(account: ChatAccount, person: Person): Promise<Result<ChatLink, LinkRefusal>> {
    return this.#inTurn(async () => {
      const link = this.linksOf(person).find((each) => sameAccount(each.account, account));
      if (link === undefined) return refuse('link.unknown');
      if (!(await this.#commit([{ code: 'account.unlinked', link }]))) return refuse('ledger.unavailable');
      this.#forgetLink(link);
      return ok(link);
    });
  }

  /** False where it can't be recorded, or somebody was quicker. */
  async #commit(changes: readonly Change[]): Promise<boolean> {
    const { clock, store } = this.#ports;
    const mutations = changes.map(({ code, link }): Mutation => {
      return { kind: code === 'account.linked' ? 'chat_link.put' : 'chat_link.remove', link };
    });
    const entries = changes.map(({ code, link }) => {
      const { platform, tenant, user } = link.account;
      return noticeEntry(code, { platform, tenant, account: user, principal: link.person }, clock.nowMs());
    });
    try {
      return (await store.commit({ mutations, entries })).ok;
    } catch {
      // Fails closed: what isn't recorded isn't linked.
      return false;
    }
  }
}
