import type { Channel } from '../channels/channel.ts';
import type { Change, CommitResult, Store } from '../stores/store.ts';
import { Lane } from './lane.ts';
import { Queue, type QueuePorts } from './queue.ts';

export interface SenderPorts extends Omit<QueuePorts, 'stopping'> {
  readonly channels: readonly Channel[];
}

/** Sends what the outbox holds. There is one in each process, and one process for each store. */
export class Sender {
  readonly #ports: SenderPorts;
  readonly #lanes = new Map<string, Lane>();
  readonly #queues = new Map<string, Queue>();
  readonly #stop = new AbortController();
  #isStarted = false;

  constructor(ports: SenderPorts) {
    this.#ports = ports;
    for (const channel of ports.channels) this.#laneOf(channel.name, channel);
  }

  /** Goes on with what an earlier process left. Call it when the channels have started. */
  async start(): Promise<void> {
    this.#isStarted = true;
    for (const { channel, destination, waiting } of await this.#ports.store.read('deliveryQueues', {}))
      if (waiting > 0) this.wake(channel, destination);
  }

  /** Something was added for this destination, or a dead letter waits again. */
  wake(channel: string, destination: string): void {
    if (!this.#isStarted || this.#stop.signal.aborted) return;
    const key = JSON.stringify([channel, destination]);
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      const ports = { ...this.#ports, stopping: this.#stop.signal };
      queue = new Queue(ports, this.#laneOf(channel), destination);
      this.#queues.set(key, queue);
    }
    queue.wake();
  }

  #laneOf(name: string, channel?: Channel): Lane {
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = new Lane(name, channel, { clock: this.#ports.clock, stopping: this.#stop.signal });
      this.#lanes.set(name, lane);
    }
    return lane;
  }

  /** What is on its way ends, and is recorded where it arrived; everything else waits for the next start. */
  async close(): Promise<void> {
    this.#stop.abort();
    for (const queue of this.#queues.values()) await queue.settled();
  }
}

/** The same store; whatever is committed for a destination wakes its queue, whoever committed it. */
export function waking(store: Store, wake: (channel: string, destination: string) => void): Store {
  return {
    commit: async (change: Change): Promise<CommitResult> => {
      const committed = await store.commit(change);
      if (committed.ok)
        for (const mutation of change.mutations)
          if (mutation.kind === 'delivery.add')
            wake(mutation.delivery.channel, mutation.delivery.destination);
      return committed;
    },
    append: (entry, urgency) => store.append(entry, urgency),
    read: (kind, ask) => store.read(kind, ask),
    get queued() {
      return store.queued;
    },
    close: () => store.close(),
  };
}
