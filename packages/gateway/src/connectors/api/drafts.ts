import type { PreparedUse } from '../../core/break-glass.ts';
import type { Limits } from '../../limits.ts';
import type { Clock, OwnUse } from '../../ports.ts';

/**
 * Uses of break-glass that nobody has signed yet. In memory alone: they give no right, and hold what a person typed.
 * What is forgotten, at a restart or because there are too many, is prepared again.
 */
export class Drafts {
  readonly #ports: { readonly clock: Clock; readonly limits: Limits };
  /** By id, oldest first. */
  readonly #drafts = new Map<string, PreparedUse>();

  constructor(ports: { readonly clock: Clock; readonly limits: Limits }) {
    this.#ports = ports;
  }

  keep(draft: PreparedUse): void {
    const nowMs = this.#ports.clock.nowMs();
    const own: string[] = [];
    for (const [id, each] of this.#drafts) {
      if (nowMs >= each.expiresAtMs) this.#drafts.delete(id);
      else if (each.identity === draft.identity) own.push(id);
    }
    const excess = own.length + 1 - this.#ports.limits.breakGlassPreparedPerPerson;
    for (const id of own.slice(0, Math.max(0, excess))) this.#drafts.delete(id);
    this.#drafts.set(draft.id, draft);
  }

  /** Undefined for another person's as for none. */
  find({ person, id }: OwnUse): PreparedUse | undefined {
    const draft = this.#drafts.get(id);
    const isOwn = draft?.person === person.name && draft.identity === person.identity;
    return isOwn && this.#ports.clock.nowMs() < draft.expiresAtMs ? draft : undefined;
  }

  drop(id: string): void {
    this.#drafts.delete(id);
  }
}
