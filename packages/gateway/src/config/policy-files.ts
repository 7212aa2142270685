import { open, rename, stat, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { err, ok, type Result } from '../core/result.ts';
import { readDirectory, type TextFile } from './files.ts';
import { TRUSTED_FILE } from './material.ts';

/**
 * The policy files of a directory as they are now, and who owns the one that changed last (the directory itself, where
 * a file went): of a change on disk no more is known. Never rejects.
 */
export async function readPolicyFiles(
  directory: string,
): Promise<Result<{ readonly sources: readonly TextFile[]; readonly author: string }, readonly string[]>> {
  const read = await readDirectory(directory, '.cedar', TRUSTED_FILE);
  if (!read.ok) return err(read.error.map(({ message, hint }) => `${message}; ${hint}`));
  const paths = [directory, ...read.value.map(({ name }) => name)];
  const all = await Promise.all(paths.map((path) => stat(path).catch(() => undefined)));
  const newest = all.reduce((a, b) =>
    b !== undefined && (a === undefined || b.mtimeMs > a.mtimeMs) ? b : a,
  );
  return ok({
    sources: read.value,
    author: newest === undefined ? 'unknown' : `uid:${newest.uid.toString()}`,
  });
}

/** Nobody but its owner changes what decides. */
const FILE_MODE = 0o644;
/** No ending that is read. */
const UNFINISHED = '.sallyport-unfinished';

/**
 * Puts these files, and no other policies, into the directory. All text is on disk before the first name changes, so that
 * what can go wrong goes wrong while the directory is as it was; doing it again finishes what was interrupted. Rejects
 * where the directory can't be written.
 */
export async function writePolicyFiles(
  directory: string,
  files: readonly { readonly name: string; readonly text: string }[],
): Promise<void> {
  for (const { name, text } of files) await writeWhole(join(directory, `${name}${UNFINISHED}`), text);
  for (const { name } of files) await rename(join(directory, `${name}${UNFINISHED}`), join(directory, name));
  const kept = new Set(files.map(({ name }) => name));
  const there = await readDirectory(directory, '.cedar', TRUSTED_FILE);
  const gone = (there.ok ? there.value : [])
    .map(({ name }) => basename(name))
    .filter((name) => !kept.has(name));
  for (const name of gone) await unlink(join(directory, name));
  const folder = await open(directory, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function writeWhole(path: string, text: string): Promise<void> {
  const file = await open(path, 'w', FILE_MODE);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}
