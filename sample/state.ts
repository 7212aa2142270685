import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const privateDirectory = 0o700;
const privateFile = 0o600;

/** Makes the folder that holds everything of one sample, closed to other users, and returns its absolute path. */
export function openStateDirectory(path: string): string {
  const directory = resolve(path);
  mkdirSync(directory, { recursive: true, mode: privateDirectory });
  // mkdir leaves the mode of a folder that was there before as it is.
  chmodSync(directory, privateDirectory);
  return directory;
}

/** Writes the file whole or not at all, readable by its owner alone. */
export function writePrivateFile(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: privateDirectory });
  const unfinished = `${path}.unfinished`;
  writeFileSync(unfinished, content, { mode: privateFile });
  renameSync(unfinished, path);
}

/** Where the secret of this name lives. */
export const secretPath = (stateDirectory: string, name: string): string =>
  join(stateDirectory, 'secrets', name);

/** The secret of this name, made at random when it is first asked for and the same from then on. */
export function secret(stateDirectory: string, name: string): string {
  const path = secretPath(stateDirectory, name);
  if (!existsSync(path)) writePrivateFile(path, `${randomBytes(24).toString('base64url')}\n`);
  return readFileSync(path, 'utf8').trim();
}
