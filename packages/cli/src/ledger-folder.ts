import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  decodeBundle,
  parseCheckpoint,
  parseNote,
  TILE_WIDTH,
  tilePath,
  verifyFolder,
} from '@sallyport/verifier';
import type { FolderReport, ReadFile } from '@sallyport/verifier';
import type { Invocation } from './command.ts';
import { readText, reasonOf } from './connection.ts';
import { Failure } from './failure.ts';
import { platform } from './platform.ts';

/** The gateway's database. */
const STATE_FILE = 'store.db';

export function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Verifies a folder of a ledger, with what the person gave: key, policy and kept checkpoint. */
export async function verifyDirectory(directory: string, invocation: Invocation): Promise<FolderReport> {
  if (isDirectory(directory) && existsSync(join(directory, STATE_FILE))) {
    const detail = `${directory} is the state folder of a gateway, not a ledger in files. While a gateway runs on it, or on a copy of all of it, \`sallyport ledger verify\` verifies it, and \`sallyport ledger export DIR\` writes the files.`;
    throw new Failure('usage', 'folder.state', detail);
  }
  if (!isDirectory(directory) || readFile(directory, 'checkpoint') === undefined) {
    const detail = `${directory} holds no checkpoint: it is no ledger, or an export that was not finished.`;
    throw new Failure('not_found', 'folder.no_ledger', detail);
  }
  const read: ReadFile = async (path) => readFile(directory, path);
  const kept = invocation.text('kept');
  const policy = invocation.text('policy');
  return verifyFolder({
    read,
    trustedKey: invocation.text('key'),
    policy: policy === null ? null : readText(policy),
    earlier: kept === null ? [] : [readText(kept)],
    ...platform,
  });
}

/** The leaves of a folder, in order; of an export of a time those that it has. Verifies nothing: `verify` does. */
export async function* leavesInFolder(directory: string): AsyncGenerator<string, void, void> {
  const note = readFile(directory, 'checkpoint');
  const size = parseCheckpoint(parseNote(new TextDecoder().decode(note))?.text ?? '')?.size;
  if (size === undefined) {
    const detail = `${directory} holds no checkpoint: it is no ledger, or an export that was not finished.`;
    throw new Failure('not_found', 'folder.no_ledger', detail);
  }
  for (let start = 0; start < size; start += TILE_WIDTH) {
    const path = tilePath('entries', start / TILE_WIDTH, Math.min(TILE_WIDTH, size - start));
    const bundle = readFile(directory, path);
    if (bundle === undefined) continue;
    const entries = decodeBundle(bundle);
    if (entries === undefined)
      throw new Failure('verification_failed', 'bundle.malformed', `${path} is no bundle of entries.`);
    for (const entry of entries) yield await Promise.resolve(new TextDecoder().decode(entry));
  }
}

function readFile(directory: string, path: string): Uint8Array | undefined {
  try {
    return readFileSync(join(directory, path));
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === 'ENOENT' || reason === 'ENOTDIR') return undefined;
    throw new Failure('not_found', 'file.unreadable', `${path} can't be read: ${reason}`);
  }
}
