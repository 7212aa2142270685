import type { Person } from '../core/identity.ts';
import type { Limits } from '../limits.ts';
import type { Clock, Hashing, Random } from '../ports.ts';

export interface Ceremony {
  readonly kind: 'registration' | 'vote';
  readonly nonce: string;
  readonly identity: string;
  readonly expiresAtMs: number;
}

export interface CeremonyPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly hashing: Hashing;
  readonly limits: Limits;
}

const NONCE_BYTES = 32;

/**
 * What people were asked to sign and haven't yet. In memory alone: whatever is forgotten, at a restart or by another
 * replica, is refused, and the person asks again. A nonce is taken once, by the person for whom it was made.
 */
export class Ceremonies {
  readonly #ports: CeremonyPorts;
  /** By nonce, oldest first. */
  readonly #open = new Map<string, Ceremony>();

  constructor(ports: CeremonyPorts) {
    this.#ports = ports;
  }

  begin(kind: Ceremony['kind'], { identity }: Person): Ceremony {
    const { clock, hashing, limits, random } = this.#ports;
    const nowMs = clock.nowMs();
    this.#forget(identity, nowMs);
    const nonce = hashing.base64url(random.bytes(NONCE_BYTES));
    const ceremony = { kind, nonce, identity, expiresAtMs: nowMs + limits.passkeyCeremonyMs };
    this.#open.set(nonce, ceremony);
    return ceremony;
  }

  /** Undefined for a nonce that was used, has expired, or was made for something or somebody else. */
  take(kind: Ceremony['kind'], nonce: string, { identity }: Person): Ceremony | undefined {
    const ceremony = this.#open.get(nonce);
    // Another person's nonce stays theirs: nobody can use up what they were asked.
    if (ceremony?.identity !== identity || ceremony.kind !== kind) return undefined;
    this.#open.delete(nonce);
    return this.#ports.clock.nowMs() < ceremony.expiresAtMs ? ceremony : undefined;
  }

  /** What has expired, and of one identity all but the latest. */
  #forget(identity: string, nowMs: number): void {
    const own: string[] = [];
    for (const [nonce, ceremony] of this.#open) {
      if (nowMs >= ceremony.expiresAtMs) this.#open.delete(nonce);
      else if (ceremony.identity === identity) own.push(nonce);
    }
    const excess = own.length + 1 - this.#ports.limits.passkeyCeremoniesPerPerson;
    for (const nonce of own.slice(0, Math.max(0, excess))) this.#open.delete(nonce);
  }
}
