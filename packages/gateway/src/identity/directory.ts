import type { Agent, Person } from '../core/identity.ts';
import type { Directory } from '../ports.ts';

/** The directory of one configuration: it doesn't change while the gateway runs. */
export class StaticDirectory implements Directory {
  readonly #agents: ReadonlyMap<string, Agent>;
  readonly #people: ReadonlyMap<string, Person>;
  readonly #everybody: readonly Person[];

  constructor(agents: readonly Agent[], people: readonly Person[]) {
    this.#agents = new Map(agents.map((agent) => [agent.name, agent]));
    this.#people = new Map(people.map((person) => [person.name, person]));
    this.#everybody = [...people];
  }

  agent(name: string): Agent | undefined {
    return this.#agents.get(name);
  }

  person(name: string): Person | undefined {
    return this.#people.get(name);
  }

  people(): readonly Person[] {
    return this.#everybody;
  }
}
