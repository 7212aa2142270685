import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 20;

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, and it is somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return !isZombie(pid);
}

/** When the process began, as the system words it: with the pid it names one process for ever. Null: not known. */
export function birthOf(pid: number): string | null {
  return afterName(pid)?.[19] ?? (ask(pid, 'lstart=') || null);
}

/** Whether the process is a PostgreSQL server with this data directory, and not one that got a used pid. */
export function isServerOf(pid: number, data: string): boolean {
  try {
    // A server's working directory is its data directory, all its life.
    return realpathSync(`/proc/${pid}/cwd`) === realpathSync(data);
  } catch {
    return ask(pid, 'command=').includes(data);
  }
}

/** Resolves true when the process has ended, false when it has not within the time. */
export async function hasEnded(pid: number, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (isAlive(pid)) {
    if (performance.now() > deadline) return false;
    await sleep(pollMs);
  }
  return true;
}

/** Holds a file that says which process uses what it lies in. Throws while another living process holds it. */
export function takeLock(path: string, what: string): () => void {
  if (existsSync(path)) {
    const holder = JSON.parse(readFileSync(path, 'utf8')) as { pid: number; birth: string | null };
    if (isAlive(holder.pid) && birthOf(holder.pid) === holder.birth) {
      throw new Error(`${what} is in use by process ${holder.pid}. Stop that one, or choose another folder.`);
    }
    rmSync(path);
  }
  const mine = { pid: process.pid, birth: birthOf(process.pid) };
  writeFileSync(path, JSON.stringify(mine), { flag: 'wx', mode: 0o600 });
  return () => rmSync(path, { force: true });
}

function isZombie(pid: number): boolean {
  return afterName(pid)?.[0] === 'Z';
}

/** The fields of /proc/PID/stat from the third on; the second holds the name in brackets, with any characters. */
function afterName(pid: number): readonly string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function ask(pid: number, column: string): string {
  return spawnSync('ps', ['-o', column, '-p', String(pid)], { encoding: 'utf8' }).stdout?.trim() ?? '';
}
