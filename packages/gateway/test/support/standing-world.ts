/** Everything that a standing grant rests on, in memory, to be changed under it. */
import { shapeOfStatement } from '../../src/connectors/postgres/describe/index.ts';
import type { Attempt } from '../../src/connectors/connector.ts';
import type { Decision } from '../../src/core/decide.ts';
import type { Description } from '../../src/core/describe.ts';
import type { Agent, Person } from '../../src/core/identity.ts';
import { limits } from '../../src/limits.ts';
import { Pipeline } from '../../src/pipeline.ts';
import type { Passkeys } from '../../src/ports.ts';
import { Desk } from '../../src/review/desk.ts';
import { StandingGrants } from '../../src/review/standing/desk.ts';
import { StandingLives } from '../../src/review/standing/lives.ts';
import { StandingUses } from '../../src/review/standing/uses.ts';
import { createMemoryStore } from '../../src/stores/memory/store.ts';
import type { Store } from '../../src/stores/store.ts';
import { hashing } from '../../src/system.ts';
import { directoryOf, everyHour, policyOf } from './changeable-ports.ts';
import { createFakeClock, createFakeRandom, type FakeClock } from './fake-clock.ts';
import { agent, noPasskeys, person, requester, reviewed, target } from './subjects.ts';

export const description: Description = {
  operation: 'sql:select',
  title: 'SELECT',
  datasets: [],
  functions: [],
  reach: 'none',
  rowLimit: 10,
  filtered: true,
  unknown: [],
  flags: [],
};

export const attempt = (given: Partial<Attempt> = {}): Attempt => ({
  requester,
  target,
  command: "SELECT email FROM customers WHERE country = 'CH' LIMIT 10",
  parameters: [],
  preconditions: { search_path: 'public' },
  description,
  statedTask: '',
  supersedes: null,
  ...given,
});

export interface World {
  readonly clock: FakeClock;
  readonly store: Store;
  readonly desk: Desk;
  readonly gate: Pipeline;
  readonly standing: StandingGrants;
  people: Person[];
  agents: Agent[];
  decision: Decision;
  version: string;
}

/** @param passkeysOf makes the passkeys of the people over the world's own clock and store. */
export function makeWorld(
  passkeysOf: (over: Pick<World, 'clock' | 'store'>) => Pick<Passkeys, 'proveVote'> = () => noPasskeys,
): World {
  const clock = createFakeClock(1_700_000_000_000);
  const store = createMemoryStore();
  const people = [person('sam', ['stewards']), person('kim', ['stewards']), person('ana')];
  const made = { clock, store, people, agents: [agent], decision: reviewed(), version: '1' } as World;
  const nothing = (): void => undefined;
  const log = {
    reviewUndecidable: nothing,
    voteTaken: nothing,
    voteRefused: nothing,
    standingChanged: nothing,
    standingRefused: nothing,
  };
  const shapes: ConstructorParameters<typeof StandingUses>[0]['shapes'] = (_, command, parameters) =>
    shapeOfStatement(command, parameters, limits);
  const random = createFakeRandom('standing');
  const passkeys = passkeysOf({ clock, store });
  const shared = {
    clock,
    random,
    hashing,
    store,
    policy: policyOf(made),
    directory: directoryOf(made),
    calendars: everyHour,
    passkeys,
    shapes,
    limits,
    lives: new StandingLives({ clock, limits }),
    log,
  };
  const events = { publish: nothing, subscribe: () => nothing };
  const desk = new Desk({ ...shared, events, publicUrl: 'http://gate' });
  const uses = new StandingUses({ ...shared, publicUrl: 'http://gate' });
  const gate = new Pipeline({ ...shared, classifier: { classify: () => [] } }, desk, uses);
  return Object.assign(made, { desk, gate, standing: new StandingGrants(shared) });
}
