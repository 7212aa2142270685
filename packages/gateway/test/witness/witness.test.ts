import { spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync, chmodSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseVkey, verifyCosignatures } from '@sallyport/verifier';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Person } from '../../src/core/identity.ts';
import { verifyEd25519 } from '../../src/ledger/ed25519.ts';
import { openKeys, type LedgerKeys } from '../../src/ledger/keys.ts';
import { Publisher } from '../../src/ledger/publisher.ts';
import { rotateKey } from '../../src/ledger/rotation.ts';
import { Witnesses, type WitnessPolicy } from '../../src/ledger/witnesses.ts';
import type { Store } from '../../src/ports.ts';
import { MemoryMedium } from '../../src/stores/memory/medium.ts';
import { createMemoryStore } from '../../src/stores/memory/store.ts';
import { hashing } from '../../src/system.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { appendNotices, temporaryDirectory } from '../support/ledger.ts';

const CLI = fileURLToPath(new URL('../../../cli/bin/sallyport.js', import.meta.url));
const ORIGIN = 'log.example';

let home: ReturnType<typeof temporaryDirectory>;
let keys: LedgerKeys;
const processes: ChildProcess[] = [];
beforeEach(async () => {
  home = temporaryDirectory();
  keys = await openKeys({ directory: home.directory, origin: ORIGIN });
  writeFileSync(keysFile(), `# ledgers\n${keys.vkey}\n`);
});
afterEach(async () => {
  await Promise.all(processes.splice(0).map((child) => stop(child)));
  home.remove();
});
const keysFile = (): string => join(home.directory, 'keys');
const state = (): string => join(home.directory, 'witness');

async function stop(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  await ended;
}

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  readonly vkey: string;
}

/** Resolves with what it prints, or with what it complained about. */
async function startWitness(port = '0', folder = state()): Promise<Running | { readonly complaint: string }> {
  const args = ['witness', '--json', '--listen', `127.0.0.1:${port}`, '--state', folder];
  const all = [
    '--conditions=sallyport-source',
    CLI,
    ...args,
    '--name',
    'witness.example',
    '--keys',
    keysFile(),
  ];
  const child = spawn(process.execPath, all, { stdio: ['ignore', 'pipe', 'pipe'] });
  processes.push(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const started = await new Promise<boolean>((resolve) => {
    child.stdout?.on('data', () => {
      if (said.includes('"vkey"') && said.trimEnd().endsWith('}')) resolve(true);
    });
    child.once('exit', () => resolve(false));
  });
  if (!started) return { complaint: said };
  return { child, ...(JSON.parse(said) as { url: string; vkey: string }) };
}

async function running(port?: string): Promise<Running> {
  const started = await startWitness(port);
  if ('complaint' in started) throw new Error(started.complaint);
  return started;
}

interface Log {
  readonly store: Store;
  readonly medium: MemoryMedium;
  readonly publisher: Publisher;
  readonly away: unknown[];
}

async function openLog(
  medium: MemoryMedium,
  witness: Pick<Running, 'url' | 'vkey'>,
  more: Partial<WitnessPolicy> = {},
): Promise<Log> {
  const store = createMemoryStore({ medium });
  const away: unknown[] = [];
  const clock = createFakeClock();
  const log = {
    checkpointPublished: () => undefined,
    ledgerFailed: () => undefined,
    witnessesAway: (fields: unknown) => void away.push(fields),
  };
  const policy: WitnessPolicy = {
    witnesses: [{ key: witness.vkey, url: witness.url }],
    quorum: 1,
    whenAway: 'publish-nothing',
    ...more,
  };
  const witnesses = await Witnesses.open(policy, { clock, log, fetch });
  const publisher = new Publisher({ store, keys, clock, hashing, log, witnesses });
  await publisher.start();
  return { store, medium, publisher, away };
}

/** Copies what the log has on its disk. */
function copyOf(medium: MemoryMedium): MemoryMedium {
  const copy = new MemoryMedium();
  copy.entries.push(...medium.entries);
  for (const [key, tile] of medium.tiles) copy.tiles.set(key, tile);
  for (const [key, checkpoint] of medium.checkpoints) copy.checkpoints.set(key, checkpoint);
  return copy;
}

async function cosigned(log: Log, { vkey }: Running): Promise<number> {
  const key = await parseVkey(vkey, (data) => hashing.sha256(data), 'cosignature');
  const { note = '' } = (await log.store.read('checkpoint', {})) ?? {};
  const found = await verifyCosignatures(note, [key!], verifyEd25519);
  return found.ok ? found.cosignatures.length : -1;
}

const grow = async (log: Log, count: number): Promise<void> => {
  await appendNotices(log.store, count);
  await log.publisher.publishNow();
};

describe('a witness of our own', () => {
  test('cosigns a log as it grows, and after a restart by kill', async () => {
    const witness = await running();
    const log = await openLog(new MemoryMedium(), witness);
    for (const count of [1, 2, 300, 7]) {
      await grow(log, count);
      expect(await cosigned(log, witness)).toBe(1);
    }
    await stop(witness.child, 'SIGKILL');
    const again = await running(new URL(witness.url).port);
    expect(again.vkey).toBe(witness.vkey);
    await grow(log, 5);
    expect(await cosigned(log, again)).toBe(1);
  });

  test('refuses a log that was shortened (truncate, I), which then publishes nothing, nor starts', async () => {
    const witness = await running();
    const log = await openLog(new MemoryMedium(), witness);
    await grow(log, 10);
    const backup = copyOf(log.medium);
    await grow(log, 10);
    await log.publisher.close();
    const restored = await openLog(backup, witness, { whenAway: 'publish-without-them' });
    await expect(restored.publisher.confirm()).rejects.toThrow(
      /witness\.refused: .*lost some.*find the newest/,
    );
    await appendNotices(restored.store, 1);
    await expect(restored.publisher.publishNow()).rejects.toMatchObject({ code: 'witness.refused' });
    expect((await restored.store.read('checkpoint', {}))?.size).toBe(10);
  });

  test('refuses another log under the same key (fork, I), longer than the one that it knows', async () => {
    const witness = await running();
    const log = await openLog(new MemoryMedium(), witness);
    await grow(log, 10);
    const backup = copyOf(log.medium);
    await grow(log, 10);
    const fork = await openLog(backup, witness);
    await appendNotices(fork.store, 3);
    await fork.store.append({
      kind: 'notice',
      action: null,
      atMs: 1,
      leaf: '{"other":true}',
      aside: null,
      usage: null,
    }).done;
    await appendNotices(fork.store, 30);
    await expect(fork.publisher.publishNow()).rejects.toThrow(/witness\.refused: .*another log/);
    await grow(log, 1);
    expect(await cosigned(log, witness)).toBe(1);
  });

  test('refuses another log of the same size (replace, I)', async () => {
    const witness = await running();
    await grow(await openLog(new MemoryMedium(), witness), 10);
    const other = new MemoryMedium();
    const replaced = await openLog(other, witness);
    await replaced.store.append({
      kind: 'notice',
      action: null,
      atMs: 1,
      leaf: '{"other":true}',
      aside: null,
      usage: null,
    }).done;
    await appendNotices(replaced.store, 9);
    await expect(replaced.publisher.publishNow()).rejects.toThrow(/witness\.refused: .*other entries/);
  });

  test('goes on through a hand-over of the key when it is told of both', async () => {
    const witness = await running();
    const log = await openLog(new MemoryMedium(), witness);
    await grow(log, 3);
    await stop(witness.child);
    const ports = { ...log, keys, clock: createFakeClock(), log: { ledgerFailed: () => undefined } };
    await log.publisher.close();
    const unwitnessed = await openLog(log.medium, witness, { witnesses: [], quorum: 0 });
    const by = { kind: 'person', name: 'sam', identity: 'sam' } as Person;
    const rotated = await rotateKey(by, { ...ports, ...unwitnessed, log: { ledgerFailed: () => undefined } });
    expect(rotated.ok).toBe(true);
    appendFileSync(keysFile(), `${keys.vkey}\n`);
    const again = await running();
    const after = await openLog(log.medium, again);
    await grow(after, 3);
    expect(await cosigned(after, again)).toBe(1);
  });

  test('is asked by one process at a time', async () => {
    await running();
    const second = await startWitness();
    expect(second).toMatchObject({ complaint: expect.stringContaining('is in use by process') as string });
  });

  test('does not start from a record that was tampered with, and says which file', async () => {
    const witness = await running();
    await grow(await openLog(new MemoryMedium(), witness), 3);
    await stop(witness.child);
    const name = readdirSync(state()).find((file) => file.startsWith('log-')) ?? '';
    const record = readFileSync(join(state(), name), 'utf8');
    writeFileSync(join(state(), name), record.replace(`${ORIGIN}\n3\n`, `${ORIGIN}\n2\n`));
    const complaint = { complaint: expect.stringContaining(name) as string };
    expect(await startWitness()).toMatchObject(complaint);
    chmodSync(join(state(), 'witness-key.pem'), 0o644);
    writeFileSync(join(state(), name), record);
    expect(await startWitness()).toMatchObject({ complaint: expect.stringContaining('chmod 600') as string });
  });
});

describe('a witness that is away', () => {
  const gone = async (): Promise<Running> => {
    const witness = await running();
    await stop(witness.child);
    return witness;
  };

  test('stops publication under publish-nothing, and entries wait for it', async () => {
    const log = await openLog(new MemoryMedium(), await gone());
    await appendNotices(log.store, 3);
    await expect(log.publisher.publishNow()).rejects.toThrow(/witness\.away: 0 of 1/);
    expect(await log.store.read('checkpoint', {})).toBeNull();
    expect(await log.store.read('size', {})).toBe(3);
  });

  test('is reported under publish-without-them, and the checkpoint says nothing of it', async () => {
    const witness = await gone();
    const log = await openLog(new MemoryMedium(), witness, { whenAway: 'publish-without-them' });
    await grow(log, 3);
    expect(await cosigned(log, witness)).toBe(0);
    expect(log.away).toEqual([{ cosigned: 0, quorum: 1 }]);
  });
});

describe('its HTTP interface (C2SP tlog-witness)', () => {
  const post = async (url: string, body: string, path = '/add-checkpoint') => {
    const response = await fetch(`${url}${path}`, { method: 'POST', body });
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      body: await response.text(),
    };
  };

  test('answers as the specification says', async () => {
    const witness = await running();
    const log = await openLog(new MemoryMedium(), witness);
    await grow(log, 3);
    const { note = '' } = (await log.store.read('checkpoint', {})) ?? {};
    const plain = note.split('\u2014 witness.example')[0] ?? '';
    expect(await post(witness.url, `old 0\n\n${plain}`)).toEqual({
      status: 409,
      type: 'text/x.tlog.size',
      body: '3\n',
    });
    expect(await post(witness.url, `old 3\n\n${plain}`)).toMatchObject({
      status: 200,
      body: expect.stringMatching(/^\u2014 witness\.example [A-Za-z0-9+/=]+\n$/) as string,
    });
    expect(await post(witness.url, `old 4\n\n${plain}`)).toMatchObject({ status: 400 });
    expect(await post(witness.url, 'nonsense')).toMatchObject({ status: 400 });
    expect(await post(witness.url, `old 3\n\n${plain.replaceAll(ORIGIN, 'other.example')}`)).toMatchObject({
      status: 404,
    });
    expect(await post(witness.url, `old 3\n\n${plain.replace('\n3\n', '\n4\n')}`)).toMatchObject({
      status: 403,
    });
    expect(await post(witness.url, 'x'.repeat(200_000))).toMatchObject({ status: 413 });
    expect(await post(witness.url, plain, '/other')).toMatchObject({ status: 404 });
    expect((await fetch(`${witness.url}/add-checkpoint`)).status).toBe(405);
  });

  test('a folder restored from a backup goes on from what it remembers', async () => {
    const witness = await running();
    const log = await openLog(new MemoryMedium(), witness);
    await grow(log, 3);
    await stop(witness.child);
    const folder = join(home.directory, 'old');
    cpSync(state(), folder, { recursive: true });
    const again = await running(new URL(witness.url).port);
    await grow(log, 3);
    await stop(again.child);
    rmSync(state(), { recursive: true });
    cpSync(folder, state(), { recursive: true });
    const back = await running(new URL(witness.url).port);
    await grow(log, 3);
    expect(await cosigned(log, back)).toBe(1);
  });
});
