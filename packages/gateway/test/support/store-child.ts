/**
 * A process that the tests kill, limit or refuse: `node store-child.ts DIRECTORY MODE SEED`. Reports one JSON value a
 * line. `work`: appends, commits and spends until it is killed; `open`: opens and waits; `fill`: appends until the
 * store fails.
 */
import type { GrantId, StandingId } from '../../src/core/ids.ts';
import { makeId } from '../../src/core/ids.ts';
import { openSqliteStore } from '../../src/stores/sqlite/store.ts';
import type { Store } from '../../src/ports.ts';
import { random } from '../../src/system.ts';
import { createFakeRandom } from './fake-clock.ts';
import {
  sampleBinding,
  sampleEntry,
  sampleGrant,
  sampleShape,
  sampleStanding,
  sampleStandingBinding,
} from '../../src/stores/compliance-samples.ts';

/** One line of its output. */
export interface Report {
  readonly opened?: true;
  readonly error?: string;
  readonly intent?: string;
  readonly grant?: string;
  readonly standing?: string;
  readonly action?: string;
  readonly published?: number;
  readonly failed?: string;
  readonly late?: string;
  readonly acknowledged?: number;
}

const [directory = '', mode = '', seed = ''] = process.argv.slice(2);
const chance = createFakeRandom(seed);
const shape = sampleShape('agent-1');

function report(value: Report): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

/** An action from its intent, which is waited for, to its outcome, which isn't. */
async function act(store: Store): Promise<void> {
  const action = makeId('act', Date.now(), random.bytes(10));
  await store.append(sampleEntry('intent', action, { atMs: Date.now(), leaf: `{"intent":"${action}"}` }))
    .done;
  report({ intent: action });
  const usage = { shape, status: 'succeeded', atMs: Date.now(), rows: 1, bytes: 10 } as const;
  store.append(sampleEntry('outcome', action, { leaf: `{"outcome":"${action}"}`, usage }));
}

/** Issues a grant, and lets several actions race for it. */
async function race(store: Store): Promise<void> {
  const id: GrantId = makeId('gra', Date.now(), random.bytes(10));
  const grant = { ...sampleGrant(1), id, expiresAtMs: Date.now() + 60_000 };
  await store.commit({ mutations: [{ kind: 'grant.issue', grant }], entries: [] });
  const spenders = Array.from({ length: 4 }, async () => {
    const action = makeId('act', Date.now(), random.bytes(10));
    const entry = sampleEntry('intent', action, { leaf: `{"grant":"${id}","spent":"${action}"}` });
    const spend = { kind: 'grant.spend', id, binding: sampleBinding, action, atMs: Date.now() } as const;
    const result = await store.commit({ mutations: [spend], entries: [entry] });
    if (result.ok) report({ grant: id, action });
  });
  await Promise.all(spenders);
}

/** Proposes a standing grant of two uses, and lets several actions race for them. */
async function stand(store: Store): Promise<void> {
  const id: StandingId = makeId('std', Date.now(), random.bytes(10));
  const sample = sampleStanding(1);
  const terms = { ...sample.terms, validFromMs: 0, validUntilMs: Date.now() + 60_000, maxRows: 1_000 };
  const standing = { ...sample, id, terms };
  await store.commit({ mutations: [{ kind: 'standing.propose', standing }], entries: [] });
  const users = Array.from({ length: 6 }, async () => {
    const action = makeId('act', Date.now(), random.bytes(10));
    const entry = sampleEntry('intent', action, { leaf: `{"spent":"${action}","standing":"${id}"}` });
    const use = { action, atMs: Date.now(), rows: 1 };
    const spend = { kind: 'standing.spend', id, binding: sampleStandingBinding, use } as const;
    const result = await store.commit({ mutations: [spend], entries: [entry] });
    if (result.ok) report({ standing: id, action });
  });
  await Promise.all(users);
}

async function publish(store: Store): Promise<void> {
  const size = await store.read('size', {});
  const checkpoint = { size, note: String(size), atMs: Date.now() };
  await store.commit({ mutations: [{ kind: 'checkpoint.publish', tiles: [], checkpoint }], entries: [] });
  report({ published: size });
}

async function work(store: Store): Promise<never> {
  const steps = [act, act, act, race, stand, publish];
  const caller = async (): Promise<never> => {
    for (;;) await steps[chance.pick(steps.length)]?.(store);
  };
  return Promise.race(Array.from({ length: 8 }, caller));
}

async function fill(store: Store): Promise<void> {
  for (let number = 0; ; number += 16) {
    const burst = Array.from({ length: 16 }, (_, at) => {
      const leaf = `{"n":${number + at},"padding":"${'x'.repeat(4000)}"}`;
      return store.append(sampleEntry('notice', null, { leaf }));
    });
    const settled = await Promise.allSettled(burst.map(({ done }) => done));
    const failed = settled.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') {
      return report({ failed: codeOf(failed.reason), late: await codeOfCommit(store), acknowledged: number });
    }
  }
}

async function codeOfCommit(store: Store): Promise<string> {
  return store.commit({ mutations: [], entries: [] }).then(() => 'resolved', codeOf);
}

try {
  const store = await openSqliteStore({ directory, walBytes: 1 << 18 });
  report({ opened: true });
  if (mode === 'work') await work(store);
  if (mode === 'fill') await fill(store);
  await store.close();
} catch (error) {
  report({ error: codeOf(error) });
}
