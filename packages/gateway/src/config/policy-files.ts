import { stat } from 'node:fs/promises';
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
