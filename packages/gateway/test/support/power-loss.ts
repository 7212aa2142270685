/** Lives of one ledger between losses of power: what was told in them, and what is found afterwards. */
import { hash } from 'node:crypto';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyLog } from '@sallyport/verifier';
import { noticeEntry, type SealedEntry } from '../../src/core/entry.ts';
import { verifyEd25519 } from '../../src/ledger/ed25519.ts';
import { openKeys, type LedgerKeys } from '../../src/ledger/keys.ts';
import { Publisher } from '../../src/ledger/publisher.ts';
import type { Store } from '../../src/ports.ts';
import { hashing } from '../../src/system.ts';
import { CrashDisk, type Fault, type Operation } from './crash-disk.ts';
import { openInlineStore, type InlineWorker } from './crash-inline.ts';
import { createFakeClock, createFakeRandom } from './fake-clock.ts';

const JOURNAL_BYTES = 1 << 16;
const ORIGIN = 'log.example/crash';
const sha256 = (data: Uint8Array): Uint8Array => hash('sha256', data, 'buffer');

/** In memory where there is such a folder: the disk is simulated, and a real one would only be slow. */
const home = fs.existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const folder = (name: string): string => fs.mkdtempSync(join(home, `sallyport-${name}-`));

/** What the ledger owes: in the order in which it was asked for. */
interface Told {
  /** Every leaf that was queued, in order. */
  readonly queued: string[];
  /** So many of them were acknowledged, all in front of the last one that was. */
  acknowledged: number;
  /** Signed checkpoints that were published; each may be in an auditor's hands. */
  readonly notes: string[];
  published: number;
}

export interface Life {
  readonly violations: readonly string[];
  readonly operations: readonly Operation[];
  /** What whoever waited was told, where the store failed. */
  readonly failure: string | null;
  /** Acknowledged before the end of this life, and found after it. */
  readonly acknowledged: number;
  readonly found: number;
  /** The largest checkpoint that was published in it. */
  readonly published: number;
}

type Chance = ReturnType<typeof createFakeRandom>;

/** A ledger that is taken through one life after the other, by one seed. */
export class PowerLossRun {
  readonly #chance: Chance;
  readonly #seed: string;
  readonly #keys: LedgerKeys;
  readonly #keyFolder: string;
  readonly #told: Told = { queued: [], acknowledged: 0, notes: [], published: 0 };
  #directory: string;
  #number = 0;

  private constructor(seed: string, keys: LedgerKeys, keyFolder: string) {
    this.#seed = seed;
    this.#chance = createFakeRandom(seed);
    this.#keys = keys;
    this.#keyFolder = keyFolder;
    this.#directory = folder('ledger');
  }

  static async begin(seed: string): Promise<PowerLossRun> {
    const keyFolder = folder('keys');
    return new PowerLossRun(seed, await openKeys({ directory: keyFolder, origin: ORIGIN }), keyFolder);
  }

  end(): void {
    for (const directory of [this.#directory, this.#keyFolder]) fs.rmSync(directory, { recursive: true });
  }

  /** Opens the store, works, and dies or fails at operation `at`; null: ends well. Then looks at what is found. */
  async live(at: number | null, fault: Fault, { lies = false, steps = 12 } = {}): Promise<Life> {
    const disk = new CrashDisk(this.#directory, this.#chance);
    disk.lies = lies;
    disk.install();
    let failure: string | null = null;
    try {
      if (at !== null) disk.arm(at, fault);
      failure = await this.#work(steps);
    } finally {
      disk.uninstall();
    }
    const next = folder('ledger');
    disk.writeImage(next);
    disk.release();
    fs.rmSync(this.#directory, { recursive: true });
    this.#directory = next;
    const { acknowledged, published } = this.#told;
    const violations = await this.#check(lies);
    const found = this.#told.queued.length;
    return { violations, operations: disk.operations, failure, acknowledged, found, published };
  }

  /** Resolves with why the store failed; null: it didn't. */
  async #work(steps: number): Promise<string | null> {
    try {
      // A clock by which every write takes long sends them to the thread pool.
      const isSlow = this.#chance.pick(3) === 0;
      let nowMs = 0;
      const options = { directory: this.#directory, walBytes: JOURNAL_BYTES };
      const { store, worker } = await openInlineStore(
        isSlow ? { ...options, monotonicMs: () => (nowMs += 20) } : options,
      );
      const publisher = await this.#publisher(store);
      for (let step = 0; step < steps; step++) await this.#step(store, worker, publisher);
      await publisher.close();
      await store.close();
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  async #publisher(store: Store): Promise<Publisher> {
    const log = { checkpointPublished: () => undefined, ledgerFailed: () => undefined };
    const publisher = new Publisher({ store, keys: this.#keys, clock: createFakeClock(), hashing, log });
    await publisher.start();
    return publisher;
  }

  async #step(store: Store, worker: InlineWorker, publisher: Publisher): Promise<void> {
    switch (this.#chance.pick(8)) {
      case 0:
        return this.#publish(store, publisher);
      case 1:
        return worker.idle();
      case 2:
        return void (await store.read('entries', { from: 0, limit: 10 }));
      case 3:
        return this.#commit(store);
      default:
        return this.#append(store);
    }
  }

  /** Of any size up to the most that an entry has, so that records end anywhere in a sector. */
  #entry(): SealedEntry {
    const padding = 'x'.repeat(this.#chance.pick(this.#chance.pick(6) === 0 ? 9_000 : 300));
    const entry = noticeEntry('crash', { number: String(this.#number++), seed: this.#seed, padding }, 1);
    this.#told.queued.push(entry.leaf);
    return this.#chance.pick(3) === 0 ? { ...entry, aside: `{"salt":"${padding}"}` } : entry;
  }

  async #append(store: Store): Promise<void> {
    const waits: Promise<void>[] = [];
    for (let count = 1 + this.#chance.pick(4); count > 0; count--) {
      const { done } = store.append(this.#entry());
      const upTo = this.#told.queued.length;
      waits.push(done.then(() => this.#acknowledge(upTo)));
    }
    await Promise.all(waits);
  }

  async #commit(store: Store): Promise<void> {
    const first = this.#told.queued.length;
    const entries = [this.#entry(), this.#entry()];
    const committed = await store.commit({ mutations: [], entries });
    if (!committed.ok) throw new Error('a change without conditions was refused');
    if (committed.value.firstIndex !== first) throw new Error('a commit was told another index than its own');
    this.#acknowledge(first + entries.length);
  }

  #acknowledge(upTo: number): void {
    this.#told.acknowledged = Math.max(this.#told.acknowledged, upTo);
  }

  async #publish(store: Store, publisher: Publisher): Promise<void> {
    await publisher.publishNow();
    const checkpoint = await store.read('checkpoint', {});
    if (checkpoint === null) return;
    this.#told.notes.push(checkpoint.note);
    this.#told.published = Math.max(this.#told.published, checkpoint.size);
  }

  /** By the store's own way of starting, then by the verifier, from the outside. */
  async #check(lies: boolean): Promise<readonly string[]> {
    try {
      return await this.#found(lies);
    } catch (error) {
      // A folder that can't be gone on from: what a disk that lies may leave, and no other.
      this.#told.queued.length = 0;
      return [`refused: ${error instanceof Error ? error.message : String(error)}`];
    }
  }

  async #found(lies: boolean): Promise<readonly string[]> {
    const { store } = await openInlineStore({ directory: this.#directory, walBytes: JOURNAL_BYTES });
    const rows = await store.read('entries', { from: 0, limit: Number.MAX_SAFE_INTEGER });
    const violations: string[] = [];
    const { queued, acknowledged, notes, published } = this.#told;
    rows.forEach(({ index, leaf }, at) => {
      if (index !== at || leaf !== queued[at])
        violations.push(`entry ${at} is not the one that was queued there`);
    });
    if (rows.length < acknowledged && !lies)
      violations.push(`${acknowledged} entries were acknowledged, ${rows.length} are there`);
    const stored = (await store.read('checkpoint', {}))?.size ?? 0;
    if (stored < published && !lies)
      violations.push(`checkpoint ${published} was published, ${stored} is there`);
    violations.push(...(await this.#verify(store, rows, notes)));
    await store.close();
    // What was queued and lost was never told to anybody: the next life goes on from what is there.
    queued.length = rows.length;
    this.#told.acknowledged = rows.length;
    return violations;
  }

  /** Goes on with the log as the gateway would, and verifies the whole with every checkpoint that is in anybody's hands. */
  async #verify(
    store: Store,
    rows: readonly { readonly index: number; readonly leaf: string }[],
    notes: readonly string[],
  ): Promise<readonly string[]> {
    const publisher = await this.#publisher(store);
    await publisher.publishNow();
    await publisher.close();
    const checkpoint = await store.read('checkpoint', {});
    if (checkpoint === null) return rows.length === 0 ? [] : ['there are entries, and no checkpoint'];
    const report = await verifyLog({
      entries: rows,
      checkpoint: checkpoint.note,
      earlier: notes,
      trustedKey: this.#keys.vkey,
      hash: sha256,
      verify: verifyEd25519,
    });
    this.#told.notes.splice(0, this.#told.notes.length, checkpoint.note, ...notes.slice(-3));
    this.#told.published = checkpoint.size;
    return report.findings.map(({ code, index }) => `${code} at ${index ?? 'no entry'}`);
  }
}
