import * as nodeFiles from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';

/** Whoever serves the folder reads it as another user; what is in it is public to whom it is served. */
const FILE_MODE = 0o644;
const FOLDER_MODE = 0o755;
/** One file is written at a time. In the folder itself, so that its rename never leaves the file system. */
const UNFINISHED = '.unfinished';

/** What of the file system is used: a test lets each of these fail. */
export type FileSystem = Pick<
  typeof nodeFiles,
  'chmod' | 'mkdir' | 'open' | 'readFile' | 'rename' | 'rm' | 'stat'
>;

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;

const isAbsence = (error: unknown): boolean => codeOf(error) === 'ENOENT';

async function unlessAbsent<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (isAbsence(error)) return null;
    throw error;
  }
}

/**
 * A folder that others read while it is written: a file is there whole or not at all, also after a loss of power. Names
 * last from `settle` on. Whatever the file system refuses rejects as it says; the same call may be made again.
 */
export class PublicFolder {
  readonly directory: string;
  readonly #system: FileSystem;
  /** Folders with names that a loss of power may take. */
  readonly #unsettled = new Set<string>();

  constructor(directory: string, system: FileSystem = nodeFiles) {
    this.directory = directory;
    this.#system = system;
  }

  /** Makes the folder where it is not there. Its parent has to be: what is mounted there may not be, yet. */
  open(): Promise<void> {
    return this.#makeFolder(this.directory);
  }

  /** Null where there is no such file. */
  read(path: string): Promise<Buffer | null> {
    return unlessAbsent(this.#system.readFile(join(this.directory, path)));
  }

  /** The length of a file; null where there is none. */
  async bytes(path: string): Promise<number | null> {
    return (await unlessAbsent(this.#system.stat(join(this.directory, path))))?.size ?? null;
  }

  /** Leaves a file alone that holds this already. */
  async put(path: string, content: Uint8Array): Promise<void> {
    const file = join(this.directory, path);
    if ((await this.read(path))?.equals(content) !== true) await this.#replace(path, content);
    this.#unsettled.add(dirname(file));
  }

  /** From its end on a loss of power takes nothing that was put. */
  async settle(): Promise<void> {
    for (const folder of this.#unsettled) {
      try {
        await this.#sync(folder);
      } catch (error) {
        // Somebody took the folder away, with what was in it: whoever asks has to put that again.
        if (isAbsence(error)) this.#unsettled.delete(folder);
        throw error;
      }
      this.#unsettled.delete(folder);
    }
  }

  /** With everything below it; nothing where there is none. */
  async remove(path: string): Promise<void> {
    await this.#system.rm(join(this.directory, path), { recursive: true, force: true });
  }

  async #replace(path: string, content: Uint8Array): Promise<void> {
    await this.#makeFolders(dirname(path));
    const unfinished = join(this.directory, UNFINISHED);
    // Made anew: an open of what lies there could follow a link out of the folder.
    await this.#system.rm(unfinished, { force: true });
    const handle = await this.#system.open(unfinished, 'wx', FILE_MODE);
    try {
      await handle.writeFile(content);
      // Whatever the umask of this process.
      await handle.chmod(FILE_MODE);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await this.#system.rename(unfinished, join(this.directory, path));
  }

  async #makeFolders(path: string): Promise<void> {
    let folder = this.directory;
    await this.open();
    if (path === '.') return;
    for (const name of path.split(sep)) {
      folder = join(folder, name);
      await this.#makeFolder(folder);
    }
  }

  async #makeFolder(folder: string): Promise<void> {
    try {
      await this.#system.mkdir(folder, FOLDER_MODE);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return;
      throw error;
    }
    await this.#system.chmod(folder, FOLDER_MODE);
    this.#unsettled.add(dirname(folder));
  }

  async #sync(folder: string): Promise<void> {
    const handle = await this.#system.open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}
