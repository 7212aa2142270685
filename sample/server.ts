import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import {
  chownSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasEnded, isAlive, isServerOf, takeLock } from './processes.ts';
import { makeServerDirectory, openServerHome, type ServerHome } from './server-home.ts';
import { openStateDirectory, secret, writePrivateFile } from './state.ts';

const host = '127.0.0.1';
const superuser = 'postgres';
const startWithinMs = 30_000;
const fastStopMs = 15_000;
const pollMs = 20;
/** How often a start is repeated while the processes of a killed server still let go of its memory. */
const startAttempts = 20;

export interface ServerOptions {
  /** Holds the server's passwords (0600), log and, where an ordinary user runs this, its data. */
  readonly stateDirectory: string;
  /** Default: the port of the last start if it is free, else any free one. */
  readonly port?: number;
  /** `name=value` settings of this start. */
  readonly settings?: readonly string[];
}

/** A PostgreSQL 18 that listens on loopback only and asks for SCRAM. */
export interface RunningServer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly pid: number;
  /** Ends sessions, writes everything and waits for the end. May be called again. */
  stop(): Promise<void>;
}

/**
 * Starts the server that belongs to the state folder, and makes its cluster the first time. A server that an earlier,
 * killed run left behind is stopped first; one of a run that still lives is an error.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const stateDirectory = openStateDirectory(options.stateDirectory);
  const isFirst = !existsSync(join(stateDirectory, 'secrets', 'postgres-superuser'));
  const home = openServerHome(stateDirectory);
  const unlock = takeLock(join(home.directory, 'owner.json'), `The database of ${stateDirectory}`);
  try {
    await stopOrphan(home);
    // Data without its password is what a deleted state folder left behind.
    if (isFirst) rmSync(home.data, { recursive: true, force: true });
    const password = secret(stateDirectory, 'postgres-superuser');
    if (!existsSync(home.data)) makeCluster(home, password);
    const port = await choosePort(stateDirectory, options.port);
    const log = join(stateDirectory, 'postgres.log');
    const child = await launch(home, log, [`port=${port}`, ...(options.settings ?? [])]);
    const pid = child.pid as number; // launch has seen it ready under this pid
    const stop = async (): Promise<void> => {
      await stopProcess(pid);
      unlock();
    };
    return { host, port, user: superuser, password, pid, stop };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Below those that connections get by themselves (Linux: from 32,768), which could take a port before it is used. */
const portsFrom = 20_000;
const portsUntil = 32_000;
const portTries = 50;

/** Whether nobody listens on it now. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, host, () => probe.close(() => resolve(true)));
  });
}

/** A port that nobody listens on now: that one, or any where none is wanted. */
export async function freePort(wanted = 0): Promise<number | undefined> {
  if (wanted !== 0) return (await isFree(wanted)) ? wanted : undefined;
  for (let tried = 0; tried < portTries; tried++) {
    const port = randomInt(portsFrom, portsUntil);
    if (await isFree(port)) return port;
  }
  return undefined;
}

async function choosePort(stateDirectory: string, asked: number | undefined): Promise<number> {
  const file = join(stateDirectory, 'postgres-port');
  const wanted = asked ?? (existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0);
  const port = (await freePort(wanted)) ?? (asked === undefined ? await freePort() : undefined);
  if (port === undefined) throw new Error(`Port ${wanted} is taken: choose another one for the database.`);
  writePrivateFile(file, `${port}\n`);
  return port;
}

/** Runs initdb beside the final place, so that a cluster is there whole or not at all. */
function makeCluster(home: ServerHome, password: string): void {
  const unfinished = join(home.directory, 'data.unfinished');
  const passwordFile = join(home.directory, 'password');
  rmSync(unfinished, { recursive: true, force: true });
  makeServerDirectory(home, unfinished);
  writePrivateFile(passwordFile, `${password}\n`);
  if (home.user !== undefined) chownSync(passwordFile, home.user.uid, home.user.gid);
  const args = [`--pgdata=${unfinished}`, `--username=${superuser}`, `--pwfile=${passwordFile}`];
  // The builtin provider sorts the same on every machine and needs none of its locales.
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  try {
    const run = spawnSync(
      join(home.binaries, 'initdb'),
      [...args, '--auth=scram-sha-256', '--no-instructions', ...locale],
      { ...home.user, cwd: home.directory, env: serverEnvironment(), encoding: 'utf8' },
    );
    if (run.status !== 0) throw new Error(`initdb failed: ${run.error?.message ?? run.stderr.trim()}`);
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(unfinished, home.data);
}

/** The server reads its configuration from files and arguments, none from variables of whoever starts it. */
const serverEnvironment = (): NodeJS.ProcessEnv => ({ PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' });

async function launch(home: ServerHome, log: string, settings: readonly string[]): Promise<ChildProcess> {
  const loopback = [`listen_addresses=${host}`, 'unix_socket_directories='];
  const args = [...loopback, ...settings].flatMap((setting) => ['-c', setting]);
  for (let attempt = 1; ; attempt++) {
    const from = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
    const output = openSync(log, 'a', 0o600);
    // Its own process group: Ctrl-C reaches us alone, and we stop it last.
    const child = spawn(join(home.binaries, 'postgres'), ['-D', home.data, ...args], {
      ...home.user,
      cwd: home.directory,
      env: serverEnvironment(),
      detached: true,
      stdio: ['ignore', output, output],
    });
    child.unref();
    closeSync(output);
    if (await isReady(child, home)) return child;
    const said = readFileSync(log).subarray(from).toString('utf8').trim();
    if (attempt === startAttempts || !said.includes('shared memory block')) {
      throw new Error(`PostgreSQL did not start. Its own words, from ${log}:\n${said}`);
    }
    await sleep(250);
  }
}

async function isReady(child: ChildProcess, home: ServerHome): Promise<boolean> {
  let ended = false;
  child.once('error', () => (ended = true));
  child.once('exit', () => (ended = true));
  const deadline = performance.now() + startWithinMs;
  while (!ended && performance.now() < deadline) {
    const file = readPidFile(home.data);
    if (file?.pid === child.pid && file?.isReady === true) return true;
    await sleep(pollMs);
  }
  if (!ended && child.pid !== undefined) await stopProcess(child.pid);
  return false;
}

/** Stops the server that the pid file names, if there is one and it is this one; clears what a dead one left. */
async function stopOrphan(home: ServerHome): Promise<void> {
  const file = readPidFile(home.data);
  if (file === undefined) return;
  if (isAlive(file.pid) && isServerOf(file.pid, home.data)) await stopProcess(file.pid);
  // With a pid that now belongs to another program, PostgreSQL would refuse to start for ever.
  rmSync(join(home.data, 'postmaster.pid'), { force: true });
}

/** A fast stop, in which sessions end and everything is written; an immediate one where that does not end. */
async function stopProcess(pid: number): Promise<void> {
  if (!isAlive(pid)) return;
  process.kill(pid, 'SIGINT');
  if (await hasEnded(pid, fastStopMs)) return;
  process.kill(pid, 'SIGQUIT');
  if (!(await hasEnded(pid, fastStopMs))) throw new Error(`PostgreSQL (process ${pid}) does not stop.`);
}

/** postmaster.pid: the pid is its first line, the state its eighth (PostgreSQL, src/include/utils/pidfile.h). */
function readPidFile(data: string): { readonly pid: number; readonly isReady: boolean } | undefined {
  const lines = readOptional(join(data, 'postmaster.pid')).split('\n');
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  return { pid, isReady: lines[7]?.trim() === 'ready' };
}

/** The server removes its pid file by itself, at any moment. */
function readOptional(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
