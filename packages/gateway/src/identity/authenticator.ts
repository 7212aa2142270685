import { createHash, timingSafeEqual } from 'node:crypto';
import type { Agent, Person } from '../core/identity.ts';
import { limits } from '../limits.ts';
import type { Directory } from '../ports.ts';
import { tokenKind } from './tokens.ts';
import { deriveVerifier, parseVerifier, type Verifier } from './verifier.ts';

/** A secret that opens itself only when asked: the configuration's class, or a test's. */
interface Sealed {
  reveal(): string;
}

export interface Credentials {
  readonly agents: readonly { readonly agent: { readonly name: string }; readonly verifier: Sealed | null }[];
  readonly people: readonly {
    readonly person: { readonly name: string };
    readonly tokenSha256: Sealed | null;
  }[];
}

/** Keeps the newest of what it was given. */
class BoundedMap<V> {
  readonly #entries = new Map<string, V>();

  get(key: string): V | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, value);
    }
    return value;
  }

  set(key: string, value: V): void {
    this.#entries.set(key, value);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > limits.bearerCacheEntries && oldest !== undefined) this.#entries.delete(oldest);
  }
}

/**
 * Whose credential is this. Credentials are fixed; whether their owner still exists and is enabled is asked of the
 * directory each time. Every failure is the same undefined, so that nobody learns which part of a guess was right.
 */
export class Authenticator {
  readonly #directory: Directory;
  readonly #verifiers: ReadonlyMap<string, string>;
  readonly #agents: readonly { readonly name: string; readonly verifier: Verifier }[];
  readonly #people: readonly { readonly name: string; readonly digest: Buffer }[];
  readonly #owners = new BoundedMap<string>();
  readonly #strangers = new BoundedMap<true>();
  readonly #checks = new Map<string, Promise<string | undefined>>();
  #lastCheck: Promise<unknown> = Promise.resolve();

  /** @throws Error where a verifier doesn't parse: the configuration has checked it before. */
  constructor(credentials: Credentials, directory: Directory) {
    this.#directory = directory;
    // Without a verifier nobody is that agent: a canary.
    const texts = credentials.agents.flatMap(({ agent, verifier }) =>
      verifier === null ? [] : [[agent.name, verifier.reveal()] as const],
    );
    this.#verifiers = new Map(texts);
    this.#agents = texts.map(([name, text]) => {
      const verifier = parseVerifier(text);
      if (verifier === undefined) throw new Error(`the verifier of the agent ${name} has no valid form`);
      return { name, verifier };
    });
    this.#people = credentials.people.flatMap(({ person, tokenSha256 }) =>
      tokenSha256 === null ? [] : [{ name: person.name, digest: Buffer.from(tokenSha256.reveal(), 'hex') }],
    );
  }

  /** The SCRAM verifier of an agent that exists, for the wire; undefined for anybody else. */
  agentVerifier(name: string): string | undefined {
    return this.#directory.agent(name) === undefined ? undefined : this.#verifiers.get(name);
  }

  /** The principal whose token this is; undefined for no token of ours, and for a disabled person. */
  async authenticateBearer(token: string): Promise<Agent | Person | undefined> {
    const kind = tokenKind(token);
    if (kind === 'person') return this.#person(token);
    const name = kind === 'agent' ? await this.#agentOf(token) : undefined;
    return name === undefined ? undefined : this.#directory.agent(name);
  }

  /** Looks at everybody, whoever matches: the time says nothing of where. */
  #person(token: string): Person | undefined {
    const digest = createHash('sha256').update(token).digest();
    let owner: string | undefined;
    for (const { name, digest: known } of this.#people) {
      if (known.length === digest.length && timingSafeEqual(known, digest)) owner = name;
    }
    const person = owner === undefined ? undefined : this.#directory.person(owner);
    return person?.disabled === false ? person : undefined;
  }

  async #agentOf(token: string): Promise<string | undefined> {
    const key = createHash('sha256').update(token).digest('base64');
    const owner = this.#owners.get(key);
    if (owner !== undefined || this.#strangers.get(key) === true) return owner;
    return this.#checks.get(key) ?? this.#check(key, token);
  }

  /** One derivation at a time, and few waiting: a flood of invented tokens costs one thread, and is then refused. */
  #check(key: string, token: string): Promise<string | undefined> {
    if (this.#checks.size >= limits.bearerChecksWaiting) return Promise.resolve(undefined);
    const check = this.#lastCheck.then(() => this.#derive(key, token));
    this.#checks.set(key, check);
    this.#lastCheck = check.catch(() => undefined).finally(() => this.#checks.delete(key));
    return check;
  }

  async #derive(key: string, token: string): Promise<string | undefined> {
    let owner: string | undefined;
    for (const { name, verifier } of this.#agents) {
      const { storedKey } = await deriveVerifier(token, verifier.salt, verifier.iterations);
      if (timingSafeEqual(storedKey, verifier.storedKey)) owner = name;
    }
    if (owner === undefined) this.#strangers.set(key, true);
    else this.#owners.set(key, owner);
    return owner;
  }
}
