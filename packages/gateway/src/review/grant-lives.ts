import type { Grant } from '../core/grant.ts';
import type { GrantId } from '../core/ids.ts';
import type { Limits } from '../limits.ts';
import type { Clock } from '../ports.ts';

interface Life {
  readonly issuedAtMs: number;
  /** On the monotonic clock. */
  readonly deadlineMs: number;
}

export interface GrantLifePorts {
  readonly clock: Clock;
  readonly limits: Pick<Limits, 'grantMs' | 'grantAwayMs'>;
}

/**
 * How long grants can still be used, by a clock that nobody sets: the stored instant of expiry would come an hour later
 * after the wall clock was set back an hour. Grants of an earlier process are over when any time was ever seen that is
 * past their expiry. Set forward, the wall clock ends grants early, which the store sees to.
 */
export class GrantLives {
  readonly #ports: GrantLifePorts;
  /** In the order in which they were issued or taken over. */
  readonly #lives = new Map<GrantId, Life>();
  /** The latest time of the wall clock that this process knows of. */
  #latestMs = 0;

  constructor(ports: GrantLifePorts) {
    this.#ports = ports;
  }

  /** Some record says that it was this late already. */
  observe(wallMs: number): void {
    this.#latestMs = Math.max(this.#latestMs, wallMs);
  }

  /** Call it when the grant has become durable: from then on it can be used. */
  begin(grant: Grant): void {
    const { issuedAtMs, expiresAtMs } = grant;
    this.#prune();
    this.#lives.set(grant.id, { issuedAtMs, deadlineMs: this.#in(expiresAtMs - issuedAtMs) });
  }

  /** The client is back: it can use the grant now, and has no longer than a client that has waited. */
  handOver(grant: Grant): void {
    const { clock, limits } = this.#ports;
    const leftMs = Math.min(limits.grantMs, grant.expiresAtMs - clock.nowMs());
    const deadlineMs = Math.min(this.#in(leftMs), this.#lives.get(grant.id)?.deadlineMs ?? Infinity);
    this.#lives.set(grant.id, { issuedAtMs: grant.issuedAtMs, deadlineMs });
  }

  isOver({ id, expiresAtMs }: Pick<Grant, 'id' | 'expiresAtMs'>): boolean {
    this.observe(this.#ports.clock.nowMs());
    const life = this.#lives.get(id);
    return life === undefined ? this.#latestMs >= expiresAtMs : this.#in(0) >= life.deadlineMs;
  }

  #in(durationMs: number): number {
    return this.#ports.clock.monotonicMs() + durationMs;
  }

  /** Forgets what is over by the wall clock too, and stays so because that time was seen. */
  #prune(): void {
    this.observe(this.#ports.clock.nowMs());
    for (const [id, { issuedAtMs }] of this.#lives) {
      if (issuedAtMs + this.#ports.limits.grantAwayMs > this.#latestMs) return;
      this.#lives.delete(id);
    }
  }
}
