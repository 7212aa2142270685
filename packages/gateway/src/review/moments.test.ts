/** An approval, and the moment in which it was given: bursts end, hours change, and sessions read while people think. */
import { expect, test } from 'vitest';
import { createFakeClock, createFakeRandom } from '../../test/support/fake-clock.ts';
import { agent, demand, noPasskeys, person, requester, target } from '../../test/support/subjects.ts';
import type { Attempt } from '../connectors/connector.ts';
import type { Decision } from '../core/decide.ts';
import { CALM, type Situation } from '../core/situation.ts';
import { limits } from '../limits.ts';
import { Pipeline } from '../pipeline.ts';
import type { PolicyRequest } from '../ports.ts';
import { createMemoryStore } from '../stores/memory/store.ts';
import { hashing } from '../system.ts';
import { Desk } from './desk.ts';

const attempt: Attempt = {
  requester,
  target,
  command: 'SELECT 1',
  parameters: [],
  preconditions: {},
  description: {
    operation: 'sql:select',
    title: 'SELECT',
    datasets: [],
    functions: [],
    reach: 'none',
    rowLimit: 1,
    filtered: false,
    unknown: [],
    flags: [],
  },
  statedTask: '',
  supersedes: null,
};

const BURST: Partial<Situation> = { burstOver: 600 };
const TAINT: Partial<Situation> = { carried: ['pii'] };
const noWait = (): void => undefined;

/** A demand for each signal. */
function decide({ risk }: PolicyRequest): Decision {
  const demands = risk.signals.map(({ name }) => ({ ...demand(), policy: name }));
  if (demands.length === 0) return { effect: 'allow', policies: [], reasons: [] };
  return { effect: 'review', policies: risk.signals.map(({ name }) => name), reasons: ['r'], demands };
}

/** Approves what is held in one moment, and uses the approval in another one. */
async function use(then: Partial<Situation>, now: Partial<Situation>): Promise<string> {
  let situation: Situation = { ...CALM, ...then };
  const store = createMemoryStore();
  const people = [person('sam', ['stewards']), person('ana'), person('ben')];
  const directory = {
    agent: () => agent,
    person: (name: string) => people.find((one) => one.name === name),
    people: () => people,
  };
  const policy = { version: '1', readsRisk: true, decide, mayApprove: () => true, mayCall: () => true };
  const calendars = { workingTime: (_: string, fromMs: number, durationMs: number) => fromMs + durationMs };
  const clock = createFakeClock(1_700_000_000_000);
  const random = createFakeRandom('1');
  const shared = { clock, random, hashing, store, policy, directory, calendars, passkeys: noPasskeys };
  const log = { reviewUndecidable: noWait, voteTaken: noWait, voteRefused: noWait };
  const desk = new Desk({
    ...shared,
    events: { publish: noWait, subscribe: () => noWait },
    publicUrl: '',
    limits,
    log,
  });
  const watch = { seen: noWait, situation: () => situation, mayRun: noWait, done: noWait };
  const gate = new Pipeline(
    { ...shared, classifier: { classify: () => [] }, history: { watch: () => watch } },
    desk,
  );
  const held = await gate.hold(gate.judge(attempt), []);
  const review = held.ok ? await store.read('review', { id: held.value.review }) : null;
  if (!held.ok || review === null) throw new Error('not held');
  const { rendering } = desk.show(review);
  const said = { kind: 'approve', reason: '', channel: 'api', rendering } as const;
  await desk.vote({
    ...said,
    review: review.id,
    voter: person('sam', ['stewards']),
    digest: review.subject.digest,
  });
  const settled = await held.value.settled;
  if (!settled.ok) throw new Error(settled.error.code);
  situation = { ...CALM, ...now };
  const authorized = await gate.authorizeApproved(gate.judge(attempt), settled.value);
  return authorized.ok ? 'runs' : authorized.error.code;
}

test('holds in the same moment', async () => {
  expect(await use(BURST, BURST)).toBe('runs');
});

test('holds in a calmer moment: who judged the riskier one has judged this one', async () => {
  expect(await use(BURST, {})).toBe('runs');
  expect(await use({ ...BURST, ...TAINT }, TAINT)).toBe('runs');
});

test('does not hold where a signal came, even as another one went (A4)', async () => {
  expect(await use(BURST, { ...BURST, ...TAINT })).toBe('review.changed');
  expect(await use(BURST, TAINT)).toBe('review.changed');
});
