import type { SealedEntry } from '../../core/entry.ts';
import { NO_SUBJECT } from '../../core/subject.ts';
import { limits } from '../../limits.ts';
import { StoreError } from '../store.ts';
import type { Change, CommitResult, Durability, Reads, Store } from '../store.ts';
import { MemoryMedium } from './medium.ts';
import { applyMutation } from './mutations.ts';
import { answer } from './reads.ts';

/** The length of an action's id: `act_` and a ULID. */
const ACTION_ID_CHARACTERS = 30;

export interface MemoryOptions {
  /** What an earlier store left; default: nothing. */
  readonly medium?: MemoryMedium;
  /** The medium fails at the flush that would make the log longer than this. Default: never. */
  readonly maxEntries?: number;
}

interface Waiting {
  /** Applies what was queued; returns how to tell the caller once the whole flush stands. */
  readonly apply: () => () => void;
  readonly reject: (error: StoreError) => void;
}

/** The in-memory sibling for unit tests: the same contract, except that its medium is gone with the process. */
export function createMemoryStore(options: MemoryOptions = {}): Store {
  return new MemoryStore(
    options.medium ?? new MemoryMedium(),
    options.maxEntries ?? Number.POSITIVE_INFINITY,
  );
}

class MemoryStore implements Store {
  readonly #medium: MemoryMedium;
  readonly #maxEntries: number;
  #waiting: Waiting[] = [];
  #durability: { durable: boolean; readonly done: Promise<void> } | null = null;
  #refusal: StoreError | null = null;
  #queued = 0;

  constructor(medium: MemoryMedium, maxEntries: number) {
    this.#medium = medium;
    this.#maxEntries = maxEntries;
  }

  get queued(): number {
    return this.#queued;
  }

  append(entry: SealedEntry): Durability {
    assertValid(entry);
    if (this.#refusal !== null) {
      const done = Promise.reject(this.#refusal);
      done.catch(() => undefined);
      return { durable: false, done };
    }
    void this.#queue(() => {
      this.#push(entry);
    }, 1).catch(() => undefined);
    return (this.#durability ??= this.#shareDurability());
  }

  async commit(change: Change): Promise<CommitResult> {
    change.entries.forEach(assertValid);
    const { mutations, entries } = structuredClone({ mutations: change.mutations, entries: change.entries });
    return this.#queue(() => this.#apply({ mutations, entries }), entries.length);
  }

  async read<K extends keyof Reads>(kind: K, ask: Reads[K]['ask']): Promise<Reads[K]['answer']> {
    return this.#queue(() => structuredClone(answer(this.#medium, kind, ask)), 0);
  }

  async close(): Promise<void> {
    if (this.#refusal !== null) return;
    const flushed = this.#queue(() => undefined, 0);
    this.#refusal = new StoreError('store.closed', 'the store is closed');
    await flushed;
  }

  #queue<T>(apply: () => T, entries: number): Promise<T> {
    if (this.#refusal !== null) return Promise.reject(this.#refusal);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    if (this.#waiting.length === 0)
      setImmediate(() => {
        this.#flush();
      });
    this.#queued += entries;
    const attempt = (): (() => void) => {
      const mark = this.#medium.mark;
      try {
        const value = apply();
        return () => {
          resolve(value);
        };
      } catch (error) {
        // A bug of this caller: the others' changes stand.
        this.#medium.rollBack(mark);
        return () => {
          reject(error);
        };
      }
    };
    this.#waiting.push({ apply: attempt, reject });
    return promise;
  }

  #shareDurability(): { durable: boolean; readonly done: Promise<void> } {
    const done = this.#queue(() => undefined, 0);
    const durability = {
      durable: false,
      done: done.then(() => {
        durability.durable = true;
      }),
    };
    durability.done.catch(() => undefined);
    return durability;
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#durability = null;
    this.#queued = 0;
    const tell = waiting.map(({ apply }) => apply());
    if (this.#medium.entries.length > this.#maxEntries) {
      this.#medium.rollBack(0);
      this.#refusal = new StoreError('store.failed', 'the medium is full');
      for (const { reject } of waiting) reject(this.#refusal);
      return;
    }
    this.#medium.keep();
    for (const resolve of tell) resolve();
  }

  #apply({ mutations, entries }: Change): CommitResult {
    const mark = this.#medium.mark;
    for (const mutation of mutations) {
      const error = applyMutation(this.#medium, mutation);
      if (error === null) continue;
      this.#medium.rollBack(mark);
      return { ok: false, error };
    }
    const firstIndex = this.#medium.entries.length;
    for (const entry of entries) this.#push(entry);
    return { ok: true, value: { firstIndex } };
  }

  #push({ kind, action, atMs, leaf, aside, usage, subject = NO_SUBJECT }: SealedEntry): void {
    this.#medium.push({ index: this.#medium.entries.length, kind, action, atMs, leaf, aside, subject });
    if (usage !== null) this.#medium.count(usage);
  }
}

function assertValid({ leaf, action, usage }: SealedEntry): void {
  if (Buffer.byteLength(leaf) > limits.entryBytes) {
    throw new StoreError('store.invalid', `an entry has more than ${limits.entryBytes} bytes`);
  }
  if (action !== null && action.length !== ACTION_ID_CHARACTERS) {
    throw new StoreError('store.invalid', `an entry names no action: ${action}`);
  }
  if (usage !== null && !(Number.isSafeInteger(usage.rows) && Number.isSafeInteger(usage.bytes))) {
    throw new StoreError('store.invalid', 'rows and bytes are whole numbers');
  }
}
