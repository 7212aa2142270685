import type { KeptJudgment } from '../../core/attention.ts';
import type { Canary } from '../../core/canary.ts';
import type { BreakGlassUse } from '../../core/break-glass.ts';
import type { ChatLink } from '../../core/chat-link.ts';
import type { Delivery, SentMessage } from '../../core/delivery.ts';
import type { UsageCount } from '../../core/entry.ts';
import type { Grant } from '../../core/grant.ts';
import type { DeliveryId } from '../../core/ids.ts';
import type { MessageGroup } from '../../core/message-group.ts';
import type { Review } from '../../core/review.ts';
import type { StandingGrant } from '../../core/standing.ts';
import type { Subject } from '../../core/subject.ts';
import type { Submission } from '../../core/submission.ts';
import type { CheckpointRow, EntryRow, PasskeyRow, RequestKey, TileRow, UsageRow } from '../store.ts';
import type { GovernanceRecord } from '../store-governance.ts';

const HOUR_MS = 3_600_000;

/** With whose values its aside holds. */
export type HeldEntry = EntryRow & { readonly subject: Subject };

/** What the store would have on its disk. Survives `close`, so that a test can open it again. */
export class MemoryMedium {
  readonly reviews = new Map<string, Review>();
  readonly grants = new Map<string, Grant>();
  readonly standings = new Map<string, StandingGrant>();
  readonly submissions = new Map<string, Submission>();
  readonly keys = new Map<string, RequestKey>();
  readonly showings = new Map<string, number>();
  readonly judgments = new Map<string, KeptJudgment>();
  readonly breakGlass = new Map<string, BreakGlassUse>();
  /** In the order in which they were added. */
  readonly deliveries = new Map<string, Delivery>();
  /** Of a destination those that wait, by review, each with its place; the place outlives a dead letter. */
  readonly waiting = new Map<string, Map<string, readonly DeliveryId[]>>();
  readonly places = new Map<DeliveryId, number>();
  readonly messages = new Map<string, SentMessage>();
  /** In the order in which they were added. */
  readonly groups = new Map<DeliveryId, MessageGroup>();
  /** When each dead letter was given up, the last one last. */
  readonly buried = new Map<string, number>();
  /** By account. */
  readonly chatLinks = new Map<string, ChatLink>();
  readonly passkeys = new Map<string, PasskeyRow>();
  readonly governance = new Map<string, GovernanceRecord>();
  readonly tiles = new Map<string, TileRow>();
  readonly usage = new Map<string, UsageRow>();
  readonly checkpoints = new Map<'only', CheckpointRow>();
  /** With whether it was revealed. */
  readonly canaries = new Map<string, Canary & { readonly revealed: boolean }>();
  readonly canaryPlan = new Map<'only', number>();
  readonly handovers = new Map<number, number>();
  readonly entries: HeldEntry[] = [];
  nextPlace = 0;
  /** How to take back what was written since the last flush, newest last. */
  #undo: (() => void)[] = [];

  /** Up to here, `rollBack` leaves everything. */
  get mark(): number {
    return this.#undo.length;
  }

  put<K, V>(map: Map<K, V>, key: K, value: V): void {
    const before = map.get(key);
    this.#undo.push(() => {
      if (before === undefined) map.delete(key);
      else map.set(key, before);
    });
    map.set(key, value);
  }

  remove<K, V>(map: Map<K, V>, key: K): void {
    const before = map.get(key);
    if (before === undefined) return;
    this.#undo.push(() => void map.set(key, before));
    map.delete(key);
  }

  replace(index: number, entry: HeldEntry): void {
    const before = this.entries[index];
    if (before === undefined) return;
    this.#undo.push(() => void (this.entries[index] = before));
    this.entries[index] = entry;
  }

  push(entry: HeldEntry): void {
    this.#undo.push(() => {
      this.entries.pop();
    });
    this.entries.push(entry);
  }

  rollBack(mark: number): void {
    while (this.#undo.length > mark) this.#undo.pop()?.();
  }

  keep(): void {
    this.#undo = [];
  }

  count({ shape, status, atMs, rows, bytes }: UsageCount): void {
    const hourMs = Math.floor(atMs / HOUR_MS) * HOUR_MS;
    const key = `${String(hourMs).padStart(16, '0')} ${shape.key} ${status}`;
    const sum = this.usage.get(key) ?? { shape, status, hourMs, actions: 0, rows: 0, bytes: 0 };
    const { actions } = sum;
    this.put(this.usage, key, {
      ...sum,
      actions: actions + 1,
      rows: sum.rows + rows,
      bytes: sum.bytes + bytes,
    });
  }
}

export function tileKey(level: number, index: number): string {
  return `${level}/${index}`;
}

export function overlaps({ hourMs }: UsageRow, sinceMs: number, untilMs: number): boolean {
  return hourMs < untilMs && hourMs + HOUR_MS > sinceMs;
}
