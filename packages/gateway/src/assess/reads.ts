/** What agents have read that they may carry elsewhere. */
import { carriedBy, type Flow } from '../core/situation.ts';
import type { Limits } from '../limits.ts';

interface Read {
  readonly session: string;
  readonly dataset: string;
  readonly target: string;
  readonly classes: readonly string[];
  atMs: number;
}

/** Of one agent: it has its memory, whichever connection it opens next, and for whom it says that it acts there. */
export class ReadLog {
  readonly #limits: Limits;
  readonly #reads = new Map<string, Read>();
  #outsideText: { readonly session: string; atMs: number } | null = null;
  /** There was no room for one: from then on something that is not known counts as read. */
  #crowdedAtMs: number | null = null;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  note(session: string, target: string, flow: Flow, nowMs: number): void {
    if (flow.readsOutsideText) this.#outsideText = { session, atMs: nowMs };
    for (const [dataset, classes] of flow.sources) {
      const key = `${session}\0${target}\0${dataset}\0${classes.join(' ')}`;
      const known = this.#reads.get(key);
      if (known !== undefined) known.atMs = nowMs;
      else if (this.#hasRoom(nowMs)) this.#reads.set(key, { session, dataset, target, classes, atMs: nowMs });
      else this.#crowdedAtMs = nowMs;
    }
  }

  /** Forgets what is over, oldest first. */
  #hasRoom(nowMs: number): boolean {
    if (this.#reads.size < this.#limits.taintReads) return true;
    for (const [key, read] of this.#reads) if (!this.#counts(read.atMs, nowMs)) this.#reads.delete(key);
    return this.#reads.size < this.#limits.taintReads;
  }

  #counts(atMs: number, nowMs: number): boolean {
    return nowMs - atMs <= this.#limits.taintMs;
  }

  /** Classes that the action could carry from where they were read: in its own session, or lately in another. */
  carried(session: string, target: string, flow: Flow, nowMs: number): readonly string[] {
    const own = carriedBy(flow, flow.sources);
    if (!flow.changes) return own;
    const found = new Set(own);
    for (const read of this.#reads.values()) {
      if (read.session !== session && !this.#counts(read.atMs, nowMs)) continue;
      // Another target is elsewhere, whatever its tables are called.
      const from = read.target === target ? read.dataset : `${read.target}\0${read.dataset}`;
      for (const name of carriedBy(flow, new Map([[from, read.classes]]))) found.add(name);
    }
    const isCrowded = this.#crowdedAtMs !== null && this.#counts(this.#crowdedAtMs, nowMs);
    if (isCrowded && (flow.written.length > 0 || flow.reachesOutside)) found.add('unclassified');
    return [...found].sort();
  }

  afterOutsideText(session: string, flow: Flow, nowMs: number): boolean {
    if (!flow.changes) return false;
    const read = this.#outsideText;
    const before = read !== null && (read.session === session || this.#counts(read.atMs, nowMs));
    return flow.readsOutsideText || before;
  }
}
