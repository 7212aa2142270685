/** Anybody can send us something forged: one record a kind in a while, so that nobody fills the ledger by it. */
import type { Limits } from '../../limits.ts';
import type { Clock } from '../../ports.ts';

export interface ForgeryPorts {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly recordForged: (code: string) => Promise<void>;
}

export function forgeries({ clock, limits, recordForged }: ForgeryPorts): (code: string) => Promise<void> {
  const recorded = new Map<string, number>();
  return async (code) => {
    const lastMs = recorded.get(code);
    if (lastMs !== undefined && clock.monotonicMs() - lastMs < limits.teamsForgeryMs) return;
    recorded.set(code, clock.monotonicMs());
    await recordForged(code);
  };
}
