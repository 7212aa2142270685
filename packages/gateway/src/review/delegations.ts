/** Delegations: made, ended, and kept where every count of votes looks. */
import {
  checkDelegation,
  delegationEntry,
  identitiesOf,
  isInForce,
  isOfSamePeople,
  isOutlived,
  refuseDelegation,
  type Delegation,
  type DelegationRefusal,
  type PersonNow,
} from '../core/delegation.ts';
import type { Agent, Person } from '../core/identity.ts';
import { makeId, type DelegationId } from '../core/ids.ts';
import { InTurn } from '../core/in-turn.ts';
import { ok, type Result } from '../core/result.ts';
import type { Limits } from '../limits.ts';
import type { Clock, DelegationAsk, DelegationDesk, Directory, Hashing, Random, Store } from '../ports.ts';

export interface DelegationPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly hashing: Hashing;
  readonly store: Store;
  readonly directory: Directory;
  readonly limits: Limits;
}

/** What the configuration says. */
export interface ConfiguredDelegation {
  readonly from: string;
  readonly to: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

type Delegated = Promise<Result<Delegation, DelegationRefusal>>;

const UNRECORDED = refuseDelegation('ledger.unavailable', 'This can’t be recorded now, so nothing changed.');
const NOT_FOUND = refuseDelegation('delegation.not_found', 'There is no such delegation.');
const PAGE = 100;
const DAY_MS = 86_400_000;

/** By name and identity: whoever has one of the names by now is neither of the two. */
const isOneOf = ({ from, to, identities }: Delegation, { name, identity }: Person): boolean =>
  (name === from && identity === identities?.from) || (name === to && identity === identities?.to);

export class Delegations implements DelegationDesk {
  readonly #ports: DelegationPorts;
  readonly #known = new Map<DelegationId, Delegation>();
  readonly #turns = new InTurn();

  private constructor(ports: DelegationPorts) {
    this.#ports = ports;
  }

  /**
   * With those of earlier runs, and those of the configuration: what was taken out of it is revoked, and so is what was
   * between other humans than those who have the names now.
   */
  static async open(
    ports: DelegationPorts,
    configured: readonly ConfiguredDelegation[],
  ): Promise<Delegations> {
    const book = new Delegations(ports);
    await book.#load();
    await book.#endOutlived();
    await book.#follow(configured);
    return book;
  }

  async #load(): Promise<void> {
    let before: string | null = null;
    for (;;) {
      const page: readonly Delegation[] = await this.#ports.store.read('delegations', {
        limit: PAGE,
        before,
      });
      for (const each of page) this.#known.set(each.id, each);
      before = page.at(-1)?.id ?? null;
      if (page.length < PAGE || before === null) return;
    }
  }

  /** So that the ledger says when it ended, and a list doesn't show as live what counts for nobody. */
  async #endOutlived(): Promise<void> {
    const nowMs = this.#ports.clock.nowMs();
    for (const stored of [...this.#known.values()]) {
      if (stored.revoked === null && nowMs < stored.untilMs && isOutlived(stored, this.#person))
        await this.#end(stored, 'gateway');
    }
  }

  readonly #person: PersonNow = (name) => this.#ports.directory.person(name);

  async #follow(configured: readonly ConfiguredDelegation[]): Promise<void> {
    const { hashing, clock } = this.#ports;
    const wanted = configured.map((each) => {
      const { from, to, fromMs, untilMs } = each;
      const digest = hashing.sha256(JSON.stringify(['delegation', from, to, fromMs, untilMs]));
      return { ...each, id: makeId('dlg', fromMs, digest) };
    });
    const nowMs = clock.nowMs();
    for (const each of wanted) {
      if (!this.#known.has(each.id) && nowMs < each.untilMs)
        await this.#put(this.#configured(each), 'made', 'configuration');
    }
    for (const stored of this.#known.values()) {
      const isGone = stored.origin === 'configuration' && !wanted.some(({ id }) => id === stored.id);
      if (isGone && stored.revoked === null && nowMs < stored.untilMs)
        await this.#end(stored, 'configuration');
    }
  }

  #configured(given: ConfiguredDelegation & { readonly id: DelegationId }): Delegation {
    const madeAtMs = this.#ports.clock.nowMs();
    const said = identitiesOf(given, this.#person);
    const identities = said === undefined ? {} : { identities: said };
    const made = { madeAtMs, origin: 'configuration', revoked: null, revision: 1 } as const;
    return { kind: 'delegation', ...given, ...identities, ...made };
  }

  delegatorsOf(holder: Pick<Person, 'name' | 'identity'>, atMs: number): readonly Person[] {
    const { directory } = this.#ports;
    const found = [...this.#known.values()].filter(
      (each) => each.to === holder.name && isInForce(each, atMs) && this.#isTheirs(each, holder),
    );
    const names = [...new Set(found.map(({ from }) => from))].sort();
    return names.flatMap((name) => directory.person(name, atMs) ?? []);
  }

  #isTheirs(delegation: Delegation, holder: Pick<Person, 'identity'>): boolean {
    return delegation.identities?.to === holder.identity && isOfSamePeople(delegation, this.#person);
  }

  list(): readonly Delegation[] {
    return [...this.#known.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
  }

  /** One after another: two at once would both find room. */
  make(ask: DelegationAsk): Delegated {
    return this.#turns.run(() => this.#make(ask));
  }

  async #make({ from, to, fromMs, untilMs }: DelegationAsk): Delegated {
    const { clock, directory, limits, random } = this.#ports;
    if (from.kind !== 'person')
      return refuseDelegation('delegation.not_a_person', 'Only a person has a right to hand over.');
    const nowMs = clock.nowMs();
    const terms = { fromMs: fromMs ?? nowMs, untilMs };
    const whom = directory.person(to) ?? directory.agent(to);
    const checked = checkDelegation(from, whom, terms, { nowMs, longestMs: limits.delegationMs });
    if (!checked.ok) return checked;
    const tooMany = this.#whyTooMany(from.name, nowMs);
    if (tooMany !== null) return refuseDelegation('delegation.too_many', tooMany);
    const made: Delegation = {
      kind: 'delegation',
      id: makeId('dlg', nowMs, random.bytes(10)),
      from: from.name,
      to,
      identities: { from: from.identity, to: checked.value.identity },
      ...terms,
      madeAtMs: nowMs,
      origin: 'person',
      revoked: null,
      revision: 1,
    };
    return this.#put(made, 'made', from.name);
  }

  #whyTooMany(name: string, nowMs: number): string | null {
    const { delegationsPerPerson, delegationsPerPersonADay } = this.#ports.limits;
    const own = [...this.#known.values()].filter(({ from }) => from === name);
    const unfinished = own.filter(({ revoked, untilMs }) => revoked === null && nowMs < untilMs);
    if (unfinished.length >= delegationsPerPerson)
      return 'You have handed your right to as many people as you may.';
    const lately = own.filter(({ origin, madeAtMs }) => origin === 'person' && madeAtMs > nowMs - DAY_MS);
    return lately.length >= delegationsPerPersonADay
      ? 'You have handed your right over as often as one may in a day.'
      : null;
  }

  /** Whoever gave it takes it back; whoever got it gives it back. */
  async revoke({ id, by }: { readonly id: DelegationId; readonly by: Agent | Person }): Delegated {
    const stored = this.#known.get(id);
    if (stored === undefined) return NOT_FOUND;
    if (by.kind !== 'person' || !isOneOf(stored, by))
      return refuseDelegation('delegation.not_yours', 'Only the two people of a delegation end it.');
    if (stored.revoked !== null || this.#ports.clock.nowMs() >= stored.untilMs)
      return refuseDelegation('delegation.over', 'This delegation is over already.');
    return this.#end(stored, by.name);
  }

  #end(stored: Delegation, by: string): Delegated {
    const revoked = { by, atMs: this.#ports.clock.nowMs() };
    return this.#put({ ...stored, revoked, revision: stored.revision + 1 }, 'revoked', by);
  }

  /** A right that the ledger doesn't know is nobody's. */
  async #put(delegation: Delegation, what: 'made' | 'revoked', by: string): Delegated {
    const { clock, store } = this.#ports;
    const entry = delegationEntry(delegation, `delegation.${what}`, by, clock.nowMs());
    // A right ends before that is durable, so that nothing which begins now still rests on it.
    if (what === 'revoked') this.#known.set(delegation.id, delegation);
    try {
      const mutations = [{ kind: 'governance.put', record: delegation }] as const;
      const committed = await store.commit({ mutations, entries: [entry] });
      if (!committed.ok)
        return refuseDelegation('delegation.over', 'It changed at the same time: look again.');
      this.#known.set(delegation.id, delegation);
      return ok(delegation);
    } catch {
      // Fails closed: what isn't recorded is not in force, and what was to end has ended here.
      return UNRECORDED;
    }
  }
}
