import type { Agent, Person } from '../core/identity.ts';
import type { Clock, Directory } from '../ports.ts';

/** Another directory, with the groups in which people are on call. */
export class RotatingDirectory implements Directory {
  readonly #inner: Directory;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #onCall: (atMs: number) => ReadonlyMap<string, readonly string[]>;

  constructor(
    inner: Directory,
    clock: Pick<Clock, 'nowMs'>,
    onCall: (atMs: number) => ReadonlyMap<string, readonly string[]>,
  ) {
    this.#inner = inner;
    this.#clock = clock;
    this.#onCall = onCall;
  }

  agent(name: string): Agent | undefined {
    return this.#inner.agent(name);
  }

  person(name: string, atMs?: number): Person | undefined {
    const person = this.#inner.person(name);
    return person === undefined ? undefined : this.#with(person, atMs);
  }

  people(): readonly Person[] {
    return this.#inner.people().map((person) => this.#with(person));
  }

  #with(person: Person, atMs = this.#clock.nowMs()): Person {
    const groups = this.#onCall(atMs).get(person.name);
    return groups === undefined ? person : { ...person, groups: [...new Set([...person.groups, ...groups])] };
  }
}
