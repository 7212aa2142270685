/** Ports that answer with what a test's world says at the moment, so that it can change under the gateway. */
import type { Decision } from '../../src/core/decide.ts';
import type { Agent, Person } from '../../src/core/identity.ts';
import type { Directory } from '../../src/ports.ts';

export const directoryOf = (world: {
  readonly agents: readonly Agent[];
  readonly people: readonly Person[];
}): Directory => ({
  agent: (name) => world.agents.find((one) => one.name === name),
  person: (name) => world.people.find((one) => one.name === name),
  people: () => world.people,
});

/** One decision of everything; whoever is asked may approve and call. */
export const policyOf = (world: { readonly decision: Decision; readonly version: string }) => ({
  get version() {
    return world.version;
  },
  decide: () => world.decision,
  mayApprove: () => true,
  mayCall: () => true,
});

/** Every hour is a working hour. */
export const everyHour = {
  workingTime: (_: string, fromMs: number, durationMs: number) => fromMs + durationMs,
};
