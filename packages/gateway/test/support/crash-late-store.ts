import type { Durability, Reads, Store } from '../../src/stores/store.ts';

export interface LateStore extends Store {
  /** Whether a question, or its answer, is still under way. */
  readonly isBusy: boolean;
  /** Whether nothing can happen before the store itself answers: a disk takes its time. */
  readonly isWaiting: boolean;
  /** Resolves when it has answered something. */
  arrival(): Promise<void>;
  /** Hands on the questions that came first, or lets one answer arrive, as `pick` says; nothing happens otherwise. */
  step(pick: (below: number) => number): void;
}

/** A store whose answers arrive in any order, with anything in between; it applies changes in the order asked. */
export function createLateStore(store: Store): LateStore {
  const asked: (() => void)[] = [];
  const answered: (() => void)[] = [];
  let underWay = 0;
  let asking = 0;
  let waiting: (() => void)[] = [];
  const arrived = (answer: () => void): void => {
    asking -= 1;
    answered.push(answer);
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  };
  const late = <T>(ask: () => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      underWay += 1;
      asked.push(() => {
        asking += 1;
        ask().then(
          (value) => arrived(() => resolve(value)),
          (error: Error) => arrived(() => reject(error)),
        );
      });
    });
  return {
    get isBusy() {
      return underWay > 0;
    },
    get isWaiting() {
      return asking > 0 && asked.length === 0 && answered.length === 0;
    },
    arrival: () => new Promise((resolve) => void waiting.push(resolve)),
    step(pick) {
      if (asked.length > 0 && pick(2) === 0) {
        for (const ask of asked.splice(0, 1 + pick(3))) ask();
        return;
      }
      const [answer] = answered.splice(pick(Math.max(1, answered.length)), 1);
      if (answer === undefined) return;
      underWay -= 1;
      answer();
    },
    get queued() {
      return store.queued;
    },
    append(entry, urgency) {
      const durability = { durable: false, done: Promise.resolve() };
      durability.done = late(() => store.append(entry, urgency).done).then(() => {
        durability.durable = true;
      });
      return durability satisfies Durability;
    },
    commit: (change) => late(() => store.commit(change)),
    read: <K extends keyof Reads>(kind: K, ask: Reads[K]['ask']) => late(() => store.read(kind, ask)),
    close: () => store.close(),
  };
}
