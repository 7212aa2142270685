import { createHash } from 'node:crypto';
import { decodeLeaf, type Leaf } from '@sallyport/verifier';
import { openSqliteStore } from '../packages/gateway/src/stores/sqlite/store.ts';
import { Rules } from '../packages/verifier/src/rules.ts';

const pageSize = 10_000;

/**
 * What one log says after each kill, against what was told in all lives on it: nothing that anybody was told may be
 * missing, and no grant may have run twice. Every entry is read again each time; those that were there at the kill before
 * have to be the same bytes, so that only later ones are decoded.
 */
export class RacedLog {
  readonly violations: string[] = [];
  readonly #recorded = new Set<string>();
  readonly #ran = new Set<string>();
  readonly #reviewOf = new Map<string, string>();
  readonly #rules = new Map<string, Rules>();
  #size = 0;
  #digest = '';

  async check(directory: string, told: readonly string[]): Promise<void> {
    const store = await openSqliteStore({ directory });
    const size = await store.read('size', {});
    const before = createHash('sha256');
    const all = createHash('sha256');
    for (let from = 0; from < size; from += pageSize) {
      for (const { index, leaf } of await store.read('entries', { from, limit: pageSize })) {
        if (index < this.#size) before.update(leaf);
        else this.#observe(index, leaf);
        all.update(leaf);
      }
    }
    await store.close();
    if (this.#size > 0 && before.digest('hex') !== this.#digest)
      this.violations.push(`the first ${this.#size} entries are not what they were`);
    this.#size = size;
    this.#digest = all.digest('hex');
    for (const line of told) {
      if (!line.startsWith('ack ')) continue;
      const what = line.slice('ack '.length).replace(/^(rev_\S+) \S+ (question|answer)$/, '$1 $2');
      if (!this.#recorded.has(what)) this.violations.push(`lost: ${what}`);
    }
  }

  #observe(index: number, text: string): void {
    const decoded = decodeLeaf(text);
    if (!decoded.ok) throw new Error(`entry ${index}: ${decoded.detail}`);
    const { leaf } = decoded;
    this.#rulesOf(leaf)?.observe(index, leaf);
    if (leaf.kind === 'vote') this.#recorded.add(`${leaf.review} ${leaf.vote.person} ${leaf.vote.kind}`);
    if (leaf.kind === 'question' || leaf.kind === 'answer') this.#recorded.add(`${leaf.review} ${leaf.kind}`);
    if (leaf.kind !== 'intent' || leaf.grant === null) return;
    this.#recorded.add(`ran ${leaf.grant}`);
    if (this.#ran.has(leaf.grant)) this.violations.push(`${leaf.grant} ran twice`);
    this.#ran.add(leaf.grant);
  }

  /** Each race has a clock of its own, so the rules, which go by time, follow each review by itself. */
  #rulesOf(leaf: Leaf): Rules | undefined {
    const review = 'review' in leaf ? leaf.review : this.#reviewOf.get(leaf.action ?? '');
    if (review === null || review === undefined) return undefined;
    if (leaf.action !== null) this.#reviewOf.set(leaf.action, review);
    const known = this.#rules.get(review);
    if (known !== undefined) return known;
    const made = new Rules(({ code, index }) => this.violations.push(`${code} at ${index}`));
    this.#rules.set(review, made);
    return made;
  }
}
