/** The folder of the published log, with each step of its file system failing, or being the last one of the gateway. */
import { cpSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Mirror } from '../../src/ledger/mirror.ts';
import { PublicFolder } from '../../src/ledger/public-folder.ts';
import { createMemoryStore } from '../../src/stores/memory/store.ts';
import { hashing } from '../../src/system.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { appendNotices, startLedger, temporaryDirectory, type TestLedger } from '../support/ledger.ts';
import { FaultySystem, filesIn, readerFinds, type Fault } from '../support/mirror.ts';

/** Between them a tile becomes full, and the next one begins. */
const [BEFORE, AFTER] = [250, 260];

let home: ReturnType<typeof temporaryDirectory>;
let ledger: TestLedger;
let directory: string;

beforeEach(async () => {
  home = temporaryDirectory();
  directory = join(home.directory, 'public');
  const state = join(home.directory, 'state');
  mkdirSync(state);
  ledger = await startLedger(createMemoryStore(), state);
  await grow(BEFORE);
  await catchUp();
  renameSync(directory, join(home.directory, 'kept'));
  await grow(AFTER - BEFORE);
});
afterEach(() => home.remove());

async function grow(count: number): Promise<void> {
  await appendNotices(ledger.store, count);
  await ledger.publisher.publishNow();
}

function open(faulty = new FaultySystem()) {
  const { store, keys } = ledger;
  const clock = createFakeClock();
  const log = { mirrorFailed: () => undefined, mirrorRecovered: () => undefined };
  const folder = new PublicFolder(directory, faulty.system);
  const state = join(home.directory, 'state');
  return { mirror: new Mirror({ store, keys, hashing, clock, log, folder, state }), clock };
}

async function catchUp(): Promise<void> {
  const { mirror } = open();
  await mirror.start();
  await mirror.close();
}

const settled = (mirror: Mirror): Promise<void> =>
  vi.waitFor(
    () => expect(mirror.status.failure !== null || mirror.status.size === AFTER, 'settled').toBe(true),
    { interval: 1, timeout: 5_000 },
  );

async function run(fault: Fault): Promise<FaultySystem> {
  rmSync(directory, { recursive: true, force: true });
  cpSync(join(home.directory, 'kept'), directory, { recursive: true });
  const faulty = new FaultySystem(fault);
  const { mirror, clock } = open(faulty);
  await mirror.start();
  await settled(mirror);
  const found = await readerFinds(filesIn(directory), ledger.keys.vkey);
  expect(found.findings, `step ${fault.at}`).toEqual([]);
  expect([BEFORE, AFTER]).toContain(found.until);
  if (faulty.isHit && !fault.isCrash) {
    clock.advance(1_000);
    await vi.waitFor(() => expect(mirror.status).toEqual({ size: AFTER, failure: null }), { interval: 1 });
  }
  await mirror.close();
  if (fault.isCrash) await catchUp();
  return faulty;
}

test.each([
  { when: 'before', isCrash: false, then: 'a later try' },
  { when: 'after', isCrash: false, then: 'a later try' },
  { when: 'before', isCrash: true, then: 'the next start' },
  { when: 'after', isCrash: true, then: 'the next start' },
] as const)(
  'a step that fails $when its effect leaves a whole log to readers, and $then the newest',
  async ({ when, isCrash }) => {
    let [at, isReached] = [0, true];
    while (isReached) {
      at++;
      const { steps } = await run({ at, when, isCrash });
      isReached = steps.length >= at;
      const found = await readerFinds(filesIn(directory), ledger.keys.vkey);
      expect(found, `step ${at}`).toMatchObject({ ok: true, until: AFTER, findings: [] });
      expect(readdirSync(join(directory, 'tile/0'))).toEqual(['000', '001.p']);
      expect(readdirSync(join(directory, 'tile/entries'))).toEqual(['000', '001.p']);
    }
    expect(at).toBeGreaterThan(60);
  },
  120_000,
);
