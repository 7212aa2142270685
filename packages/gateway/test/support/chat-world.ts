/** What worlds of chats have in common: people, policies, a clock and a store that a test turns at will. */
import { canaries } from '../../src/channels/compliance.ts';
import type { Delegation } from '../../src/core/delegation.ts';
import type { Decision } from '../../src/core/decide.ts';
import type { Person } from '../../src/core/identity.ts';
import type { Review } from '../../src/core/review.ts';
import type { Clock, Directory, PolicyEngine } from '../../src/ports.ts';
import { MemoryMedium } from '../../src/stores/memory/medium.ts';
import type { Store } from '../../src/stores/store.ts';
import { agent, demand, person, review, reviewed } from './subjects.ts';

export interface ChatWorld {
  readonly medium: MemoryMedium;
  readonly logged: string[];
  readonly refused: string[];
  people: Person[];
  /** Rights that people have handed over. */
  delegations: Delegation[];
  decision: Decision;
  version: string;
  /** API actions that policy takes away from everybody. */
  readonly forbidden: Set<string>;
  /** How far the gateway's clock is from the machine's. */
  offMs: number;
  /** While true, nothing can be recorded. */
  isAway: boolean;
}

/** Sam and Kim are stewards; Ana is one too, and answers for the agent; Zoe is none. */
export const chatWorld = (): ChatWorld => ({
  medium: new MemoryMedium(),
  logged: [],
  refused: [],
  people: [
    person('sam', ['stewards']),
    person('kim', ['stewards']),
    person('ana', ['stewards']),
    person('zoe'),
  ],
  delegations: [],
  decision: reviewed(),
  version: '1',
  forbidden: new Set<string>(),
  offMs: 0,
  isAway: false,
});

export const clockOf = (world: ChatWorld): Clock => ({
  nowMs: () => Date.now() + world.offMs,
  monotonicMs: () => performance.now(),
  after: (delayMs, fire) => {
    const timer = setTimeout(fire, delayMs);
    return () => clearTimeout(timer);
  },
});

export const awayable = (world: ChatWorld, store: Store): Store => ({
  commit: (change) => (world.isAway ? Promise.reject(new Error('away')) : store.commit(change)),
  append: (entry, urgency) => store.append(entry, urgency),
  read: (kind, ask) => store.read(kind, ask),
  get queued() {
    return store.queued;
  },
  close: () => store.close(),
});

export const directoryOf = (world: ChatWorld): Directory => ({
  agent: (name: string) => (name === agent.name ? agent : undefined),
  person: (name: string) => world.people.find((one) => one.name === name),
  people: () => world.people,
});

export const policyOf = (world: ChatWorld): PolicyEngine => ({
  get version() {
    return world.version;
  },
  decide: () => world.decision,
  mayApprove: () => true,
  mayCall: (_: unknown, action: string) => !world.forbidden.has(action),
});

export const calendars = {
  workingTime: (_: string, fromMs: number, durationMs: number) => fromMs + durationMs,
};

/** What `look` finds, as soon as it does. */
export async function until<T>(
  look: () => T | undefined | false | null | Promise<T | undefined | false | null>,
): Promise<T> {
  for (let turn = 0; turn < 1_000; turn++) {
    const found = await look();
    if (found !== undefined && found !== false && found !== null) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error('it did not come');
}

/** For a chat that shows the action: pending, with a question and its answer. */
export function shownReview(): Review {
  const { subject, ...rest } = review({}, [demand()]);
  const answer = { by: 'reporter', kind: 'agent', text: 'so', atMs: 1_000, channel: 'api' } as const;
  const asked = { id: 1, by: 'sam', to: 'agent', text: 'why?', atMs: 1_000, channel: 'api', answer } as const;
  return {
    ...rest,
    questions: [asked],
    subject: {
      ...subject,
      command: `SELECT '${canaries.command}'`,
      parameters: [{ type: 25, format: 'text', value: canaries.value }],
      salt: canaries.salt,
    },
  };
}
