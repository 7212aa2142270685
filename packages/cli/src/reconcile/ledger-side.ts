import { decodeLeaf } from '@sallyport/verifier';
import type { OutcomeLeaf } from '@sallyport/verifier';
import type { BoundValue } from './parameters.ts';

/** An action that the gateway says it sent to the target. */
export interface Sent {
  readonly index: number;
  readonly action: string;
  readonly atMs: number;
  readonly session: string;
  readonly commitment: string | null;
  /** Null while it runs, or where the gateway ended before it knew. */
  outcome: OutcomeLeaf['outcome'] | null;
  /** The bytes; null where they are erased or were not looked up. */
  text: string | null;
  /** Its bound values; null as the bytes are. */
  parameters: readonly BoundValue[] | null;
}

/** What a ledger says of one target, by session, in the order of the log. */
export class LedgerSide {
  readonly #target: string;
  readonly #actions = new Map<string, Sent>();
  readonly sessions = new Map<string, Sent[]>();
  /** Protocols under which the target's name occurs, to tell a misspelt name from one without actions. */
  readonly targets = new Set<string>();
  count = 0;
  endMs = 0;

  constructor(target: string) {
    this.#target = target;
  }

  /** Every leaf, in order. What can't be decoded is the verifier's to report. */
  observe(index: number, text: string): void {
    const decoded = decodeLeaf(text);
    if (!decoded.ok) return;
    const { leaf } = decoded;
    this.endMs = Math.max(this.endMs, leaf.at);
    if (leaf.kind === 'outcome') this.#settle(leaf);
    if (leaf.kind !== 'intent' || leaf.target.protocol !== 'postgresql' || leaf.action === null) return;
    this.targets.add(leaf.target.name);
    if (leaf.target.name !== this.#target) return;
    const session = leaf.requester.session ?? '';
    const { action, at: atMs, commitment } = leaf;
    const sent: Sent = {
      index,
      action,
      atMs,
      session,
      commitment,
      outcome: null,
      text: null,
      parameters: null,
    };
    this.#actions.set(action, sent);
    const before = this.sessions.get(session);
    if (before === undefined) this.sessions.set(session, [sent]);
    else before.push(sent);
    this.count++;
  }

  #settle(leaf: OutcomeLeaf): void {
    const sent = this.#actions.get(leaf.action ?? '');
    if (sent !== undefined) sent.outcome = leaf.outcome;
  }

  all(): Iterable<Sent> {
    return this.#actions.values();
  }
}
