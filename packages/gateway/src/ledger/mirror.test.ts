import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FaultySystem, filesIn, readerFinds } from '../../test/support/mirror.ts';
import {
  appendNotices,
  startLedger,
  temporaryDirectory,
  type TestLedger,
} from '../../test/support/ledger.ts';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import type { Person } from '../core/identity.ts';
import { createMemoryStore } from '../stores/memory/store.ts';
import { hashing } from '../system.ts';
import { writeLog } from './export.ts';
import { Mirror } from './mirror.ts';
import { PublicFolder, type FileSystem } from './public-folder.ts';
import { rotateKey } from './rotation.ts';

let home: ReturnType<typeof temporaryDirectory>;
let ledger: TestLedger;
let directory: string;
beforeEach(async () => {
  home = temporaryDirectory();
  directory = join(home.directory, 'public');
  ledger = await openLedger();
});
afterEach(() => {
  home.remove();
});

async function openLedger(name = 'state', origin?: string): Promise<TestLedger> {
  mkdirSync(join(home.directory, name));
  return startLedger(createMemoryStore(), join(home.directory, name), origin);
}

async function grow(count: number, { store, publisher } = ledger): Promise<void> {
  await appendNotices(store, count);
  await publisher.publishNow();
}

interface Opened {
  readonly mirror: Mirror;
  readonly clock: ReturnType<typeof createFakeClock>;
  readonly logged: unknown[];
}

function open(system?: FileSystem, { store, keys } = ledger): Opened {
  const clock = createFakeClock();
  const logged: unknown[] = [];
  const log = {
    mirrorFailed: (fields: object) => void logged.push({ failed: fields }),
    mirrorRecovered: (fields: object) => void logged.push({ recovered: fields }),
  };
  const folder = new PublicFolder(directory, system);
  const state = join(home.directory, 'state');
  return { mirror: new Mirror({ store, keys, hashing, clock, log, folder, state }), clock, logged };
}

/** A start and a stop, which leave the folder as far as the log is. */
async function catchUp(): Promise<void> {
  const { mirror } = open();
  await mirror.start();
  await mirror.close();
}

const covers = (mirror: Mirror, size: number): Promise<void> =>
  vi.waitFor(() => expect(mirror.status).toEqual({ size, failure: null }), { timeout: 5_000 });

const finds = (trustedKey: string | null = ledger.keys.vkey) => readerFinds(filesIn(directory), trustedKey);

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

describe('the published folder', () => {
  test('verifies after every publication, and everybody may read it', async () => {
    const { mirror } = open();
    await mirror.start();
    let size = 0;
    for (const count of [1, 1, 2, 250, 1, 1, 255, 256, 700, 7]) {
      await grow(count);
      size += count;
      mirror.wake();
      await covers(mirror, size);
      expect(await finds()).toMatchObject({ ok: true, until: size, findings: [] });
    }
    await mirror.close();
    for (const path of filesBelow(directory)) {
      expect(statSync(join(directory, path)).mode & 0o777, path).toBe(0o644);
      expect(statSync(dirname(join(directory, path))).mode & 0o777, path).toBe(0o755);
    }
  });

  test('has the files of an export, byte for byte, and no partial tile that a full one replaced', async () => {
    for (const count of [1, 100, 155, 300]) {
      await grow(count);
      await catchUp();
    }
    const exported = join(home.directory, 'export');
    await writeLog(exported, ledger.store, ledger.keys);
    const files = filesBelow(directory);
    for (const path of filesBelow(exported))
      expect(readFileSync(join(directory, path)), path).toEqual(readFileSync(join(exported, path)));
    expect(files.filter((path) => path.includes('000.p') && !path.startsWith('tile/1/'))).toEqual([]);
    expect(files).toContain('tile/entries/002.p/44');
  });

  test('after a hand-over names the key that signs, and is read by whoever trusts the first one', async () => {
    const first = ledger.keys.vkey;
    await grow(3);
    await catchUp();
    const by: Person = {
      kind: 'person',
      name: 'ana',
      identity: 'ana',
      displayName: 'Ana',
      groups: [],
      disabled: false,
    };
    await rotateKey(by, { ...ledger, log: { ledgerFailed: () => undefined } });
    await grow(2);
    await catchUp();
    expect(ledger.keys.vkey).not.toBe(first);
    expect(readFileSync(join(directory, 'vkey'), 'utf8').trim()).toBe(ledger.keys.vkey);
    expect(await finds(null)).toMatchObject({ consistent: true, until: 7, findings: [] });
    expect(await finds(first)).toMatchObject({ ok: true });
  });

  test('that is empty, behind, or lost files is filled at the next start', async () => {
    await grow(300);
    await catchUp();
    await grow(300);
    for (const path of ['tile/0/000', 'tile/entries/000', 'vkey']) rmSync(join(directory, path));
    writeFileSync(join(directory, '.unfinished'), 'of a crash');
    await catchUp();
    expect(await finds()).toMatchObject({ ok: true, until: 600, findings: [] });
    expect(filesBelow(directory)).toContain('vkey');
    rmSync(join(directory, 'checkpoint'));
    writeFileSync(join(directory, 'tile/entries/001'), 'of an earlier run');
    await catchUp();
    expect(await finds()).toMatchObject({ ok: true, until: 600, findings: [] });
    rmSync(directory, { recursive: true });
    await catchUp();
    expect(await finds(null)).toMatchObject({ consistent: true, until: 600, findings: [] });
  });

  test('that somebody empties while the gateway runs is whole again with the next publication', async () => {
    const { mirror } = open();
    await grow(300);
    await mirror.start();
    await covers(mirror, 300);
    rmSync(directory, { recursive: true });
    await grow(1);
    mirror.wake();
    await covers(mirror, 301);
    expect(await finds()).toMatchObject({ ok: true, until: 301, findings: [] });
    await mirror.close();
  });

  test('does not follow a link that lies where a file is made', async () => {
    await grow(1);
    const victim = join(home.directory, 'victim');
    writeFileSync(victim, 'precious');
    mkdirSync(directory);
    symlinkSync(victim, join(directory, '.unfinished'));
    await catchUp();
    expect(readFileSync(victim, 'utf8')).toBe('precious');
    expect(await finds()).toMatchObject({ ok: true });
  });
});

describe('a folder that is not this log’s to write stops the start, and stays as it is:', () => {
  const refused = async (code: string, words: RegExp): Promise<void> => {
    const before = filesBelow(directory).map((path) => readFileSync(join(directory, path), 'latin1'));
    const error: unknown = await open()
      .mirror.start()
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code });
    expect(String(error)).toMatch(words);
    expect(filesBelow(directory).map((path) => readFileSync(join(directory, path), 'latin1'))).toEqual(
      before,
    );
  };

  test.each([
    ['mirror.other_origin', 'other.example', /public\/checkpoint is of the log other\.example.*name another/],
    ['mirror.other_key', 'log.example', /public\/checkpoint is not by this log’s key: name another folder/],
  ])('%s', async (code, origin, words) => {
    const own = ledger;
    await grow(5);
    ledger = await openLedger('other', origin);
    await grow(3);
    await catchUp();
    ledger = own;
    await refused(code, words);
  });

  test('mirror.malformed', async () => {
    mkdirSync(directory);
    writeFileSync(join(directory, 'checkpoint'), 'hello');
    await refused('mirror.malformed', /checkpoint is no checkpoint: .*empty this one/);
  });

  test.each([
    ['mirror.ahead', 5, /covers 10 entries, and this log's covers 5/],
    ['mirror.ahead', 0, /covers 10 entries, and this log's covers 0/],
    ['mirror.forked', 12, /covers other entries than the first 10/],
  ])('%s, of a log that went back and has %i entries', async (code, count, words) => {
    await grow(10);
    await catchUp();
    ledger = await startLedger(createMemoryStore(), join(home.directory, 'state'));
    await ledger.store.append({ ...notice(), leaf: '{"action":null,"at":2,"kind":"notice"}' }).done;
    if (count > 0) await grow(count - 1);
    await refused(code, words);
  });

  test.each(['state', 'state/public', '.'])('mirror.in_state, as %s', async (path) => {
    await grow(1);
    directory = join(home.directory, path);
    mkdirSync(directory, { recursive: true });
    await refused('mirror.in_state', /lie in each other: name a folder apart/);
  });

  test('mirror.in_state, where it is not there yet', async () => {
    directory = join(home.directory, 'state', 'later');
    await expect(open().mirror.start()).rejects.toMatchObject({ code: 'mirror.in_state' });
    expect(readdirSync(join(home.directory, 'state'))).not.toContain('later');
  });

  test('mirror.in_state, by a link', async () => {
    symlinkSync(join(home.directory, 'state'), directory);
    await expect(open().mirror.start()).rejects.toMatchObject({ code: 'mirror.in_state' });
  });
});

const notice = () => ({ kind: 'notice' as const, action: null, atMs: 1, leaf: '', aside: null, usage: null });

describe('a folder that fails', () => {
  test('keeps nobody from starting, says so, and is caught up with when it works again', async () => {
    await grow(3);
    directory = join(home.directory, 'not', 'mounted');
    const { mirror, clock, logged } = open();
    await mirror.start();
    expect(mirror.status).toEqual({ size: 0, failure: 'ENOENT' });
    clock.advance(1_000);
    await vi.waitFor(() => expect(logged).toHaveLength(2));
    expect(logged[1]).toEqual({ failed: { code: 'ENOENT', covered: 0 } });
    mkdirSync(dirname(directory));
    mirror.wake();
    clock.advance(2_000);
    await covers(mirror, 3);
    expect(logged.at(-1)).toEqual({ recovered: { covered: 3 } });
    await mirror.close();
  });

  test('while the gateway runs is tried again, more and more seldom, a minute apart at most', async () => {
    const { mirror, clock, logged } = open();
    await grow(1);
    await mirror.start();
    await covers(mirror, 1);
    rmSync(directory, { recursive: true });
    writeFileSync(directory, 'no folder');
    for (let round = 1; round <= 3; round++) {
      await grow(1);
      mirror.wake();
      await vi.waitFor(() => expect(logged).toHaveLength(round));
      expect(mirror.status.failure).toBe('ENOTDIR');
      clock.advance(1_000 * 2 ** (round - 1) - 1);
      mirror.wake();
      expect(logged).toHaveLength(round);
      clock.advance(1);
    }
    rmSync(directory);
    await vi.waitFor(() => expect(logged.length).toBeGreaterThanOrEqual(4));
    clock.advance(60_000);
    await covers(mirror, 4);
    await mirror.close();
  });

  test('that another log’s checkpoint was put into while the gateway runs is not written to', async () => {
    const { mirror, logged } = open();
    await grow(1);
    await mirror.start();
    await covers(mirror, 1);
    const own = readFileSync(join(directory, 'checkpoint'), 'utf8');
    const foreign = own.replace('log.example', 'other.example');
    writeFileSync(join(directory, 'checkpoint'), foreign);
    await grow(1);
    mirror.wake();
    await vi.waitFor(() => expect(logged).toHaveLength(1));
    expect(mirror.status.failure).toBe('mirror.other_origin');
    await mirror.close();
    expect(readFileSync(join(directory, 'checkpoint'), 'utf8')).toBe(foreign);
  });
});

test('a loss of power at any time takes no tile of the checkpoint that is left', async () => {
  const { system, steps } = new FaultySystem();
  await grow(250);
  await catchUp();
  await grow(10);
  const { mirror } = open(system);
  await mirror.start();
  await mirror.close();
  const unsynced = new Set<string>();
  const names: string[] = [];
  let isWritten = false;
  for (const { name, path } of steps.filter(({ isDone }) => isDone)) {
    if (name === 'write') isWritten = true;
    if (name === 'sync') unsynced.delete(path);
    if (name === 'sync' && path.endsWith('.unfinished')) isWritten = false;
    if (name === 'mkdir') unsynced.add(dirname(path));
    if (name !== 'rename') continue;
    expect(isWritten, path).toBe(false);
    if (path.endsWith('/checkpoint'))
      expect([...unsynced].filter((folder) => folder !== dirname(directory))).toEqual([]);
    unsynced.add(dirname(path));
    names.push(path.slice(directory.length + 1));
  }
  expect(names.at(-1)).toBe('checkpoint');
  expect(names).toContain('tile/entries/001.p/4');
});

test('a stop while much is missing leaves it to the next start', async () => {
  await grow(256 * 1_100);
  const { mirror } = open();
  await mirror.start();
  await mirror.close();
  expect(filesBelow(directory)).not.toContain('checkpoint');
}, 60_000);
