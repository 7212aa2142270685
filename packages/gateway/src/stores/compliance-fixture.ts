import { afterEach, beforeEach } from 'vitest';
import { actionId, sampleEntry } from './compliance-samples.ts';
import type { Change, Mutation, Store, StoreRefusal } from './store.ts';

/** One medium to be tested on. */
export interface StoreFixture {
  /** Opens the medium: empty at first, then with what an earlier store, now closed, left. */
  open(): Promise<Store>;
  /** Opens it so that it fails as a full disk does, before 4 MiB of entries are written. */
  openNearlyFull(): Promise<Store>;
  /** Closes what is open and removes the medium. */
  dispose(): Promise<void>;
}

/** The store of the current test. A test that closes it and opens another assigns that. */
export interface StoreUnderTest {
  readonly fixture: StoreFixture;
  store: Store;
}

/** A fresh fixture and store for each test of the `describe` that calls this. */
export function useStore(make: () => Promise<StoreFixture>): StoreUnderTest {
  const current: { fixture?: StoreFixture; store?: Store } = {};
  beforeEach(async () => {
    current.fixture = await make();
    current.store = await current.fixture.open();
  });
  afterEach(async () => {
    await current.fixture?.dispose();
  });
  return {
    get fixture() {
      if (current.fixture === undefined) throw new Error('used outside of a test');
      return current.fixture;
    },
    get store() {
      if (current.store === undefined) throw new Error('used outside of a test');
      return current.store;
    },
    set store(store) {
      current.store = store;
    },
  };
}

/** Commits and expects success. */
export async function accept(store: Store, change: Partial<Change>): Promise<number> {
  const result = await store.commit({ mutations: [], entries: [], ...change });
  if (!result.ok) throw new Error(`refused: ${result.error.code}`);
  return result.value.firstIndex;
}

/** What became of these mutations, with an entry that must not be there if they are refused. */
export async function refusal(
  at: StoreUnderTest,
  ...mutations: readonly Mutation[]
): Promise<StoreRefusal['code'] | 'accepted'> {
  const result = await at.store.commit({ mutations, entries: [sampleEntry('review', actionId(1))] });
  return result.ok ? 'accepted' : result.error.code;
}

export async function reopen(at: StoreUnderTest): Promise<void> {
  await at.store.close();
  at.store = await at.fixture.open();
}

export async function leaves(at: StoreUnderTest, from = 0, limit = 10_000): Promise<string[]> {
  return (await at.store.read('entries', { from, limit })).map(({ leaf }) => leaf);
}

/** The code with which a promise rejects. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'resolved';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}
