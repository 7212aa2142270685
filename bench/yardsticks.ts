import { fork, spawn } from 'node:child_process';
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openServerHome } from '../sample/server-home.ts';
import { freePort } from '../sample/server.ts';
import type { Endpoint } from './pgbench.ts';

/** A process of the bench's, and how to end it. */
export interface Yardstick {
  readonly endpoint: Endpoint;
  stop(): Promise<void>;
}

/** The raw byte pipe before the endpoint. */
export async function startRawPipe(direct: Endpoint): Promise<Yardstick> {
  const child = fork(join(import.meta.dirname, 'raw-pipe.ts'), [String(direct.port)]);
  const [port] = (await once(child, 'message')) as [number];
  const stop = async (): Promise<void> => {
    const ended = once(child, 'exit');
    child.disconnect();
    await ended;
  };
  return { endpoint: { ...direct, name: 'raw pipe', port }, stop };
}

/** Debian's pgbouncer before the endpoint. It refuses to run as root, so it runs as the database's user. */
export async function startPgbouncer(
  direct: Endpoint,
  mode: 'session' | 'transaction',
  stateDirectory: string,
): Promise<Yardstick> {
  const { directory: home, user } = openServerHome(stateDirectory);
  const directory = join(home, `pgbouncer-${mode}`);
  mkdirSync(directory, { mode: 0o700 });
  const port = (await freePort()) ?? 0;
  const users = join(directory, 'users.txt');
  const configuration = join(directory, 'pgbouncer.ini');
  writeFileSync(users, `"${direct.user}" "${direct.password}"\n`, { mode: 0o600 });
  writeFileSync(configuration, pgbouncerConfiguration(direct, { mode, port, users }), { mode: 0o600 });
  if (user !== undefined) {
    for (const path of [directory, users, configuration]) chownSync(path, user.uid, user.gid);
  }
  const child = spawn('pgbouncer', ['--quiet', configuration], {
    ...user,
    cwd: directory,
    env: { PATH: `${process.env['PATH']}:/usr/sbin` },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`pgbouncer ended with ${code}`);
  });
  failed.catch(() => undefined);
  await Promise.race([answers(port), failed]);
  const stop = async (): Promise<void> => {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  };
  return { endpoint: { ...direct, name: `pgbouncer (${mode})`, port }, stop };
}

function pgbouncerConfiguration(
  direct: Endpoint,
  { mode, port, users }: { readonly mode: string; readonly port: number; readonly users: string },
): string {
  return `[databases]
${direct.database} = host=${direct.host} port=${direct.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
pool_mode = ${mode}
default_pool_size = 64
max_client_conn = 200
log_connections = 0
log_disconnections = 0
`;
}

/** Resolves when something listens there. */
async function answers(port: number): Promise<void> {
  for (let attempt = 0; attempt < 250; attempt++) {
    const socket = connect({ port, host: '127.0.0.1' });
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
    await sleep(20);
  }
  throw new Error(`Nothing listens on port ${port}.`);
}
