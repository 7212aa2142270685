import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  decodeBundle,
  orFullTiles,
  parseCheckpoint,
  parseNote,
  TILE_WIDTH,
  tilePath,
  verifyFolder,
} from '@sallyport/verifier';
import type { FolderReport } from '@sallyport/verifier';
import type { Invocation } from './command.ts';
import { readText, reasonOf } from './connection.ts';
import { Failure } from './failure.ts';
import { platform } from './platform.ts';
import { isStateFolder, openState } from './state-folder.ts';
import type { LedgerFiles } from './state-folder.ts';

export function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

export interface VerifiedFolder extends FolderReport {
  /** Entries of a state folder that no checkpoint covers yet: nothing proves them. */
  readonly notCovered: number;
}

/** Verifies a folder of a ledger, or a gateway's state folder, with what the person gave: key, policy and kept checkpoint. */
export async function verifyDirectory(directory: string, invocation: Invocation): Promise<VerifiedFolder> {
  const trustedKey = invocation.text('key');
  const kept = invocation.text('kept');
  const policy = invocation.text('policy');
  if (trustedKey === null && isStateFolder(directory)) {
    const detail = `${directory} is the state folder of a gateway, and its key there is the private one, which isn't read. Give the public one with --key: the gateway prints it at start.`;
    throw new Failure('usage', 'state.key_needed', detail);
  }
  const { read, notCovered, close } = openFolder(directory);
  try {
    const report = await verifyFolder({
      read,
      trustedKey,
      policy: policy === null ? null : readText(policy),
      earlier: kept === null ? [] : [readText(kept)],
      ...platform,
    });
    return { ...report, notCovered };
  } finally {
    close();
  }
}

function openFolder(directory: string): LedgerFiles {
  if (isDirectory(directory) && isStateFolder(directory)) return openState(directory);
  if (isDirectory(directory) && readFile(directory, 'checkpoint') !== undefined)
    return { read: async (path) => readFile(directory, path), notCovered: 0, close: () => undefined };
  throw noLedger(directory);
}

function noLedger(directory: string): Failure {
  const detail = `${directory} holds no checkpoint: it is no ledger, or an export that was not finished.`;
  return new Failure('not_found', 'folder.no_ledger', detail);
}

/** The leaves of a folder, in order; of an export of a time those that it has. Verifies nothing: `verify` does. */
export async function* leavesInFolder(directory: string): AsyncGenerator<string, void, void> {
  const files = openFolder(directory);
  const read = orFullTiles(files.read);
  try {
    const note = new TextDecoder().decode(await read('checkpoint'));
    const size = parseCheckpoint(parseNote(note)?.text ?? '')?.size;
    if (size === undefined) throw noLedger(directory);
    for (let start = 0; start < size; start += TILE_WIDTH) {
      const path = tilePath('entries', start / TILE_WIDTH, Math.min(TILE_WIDTH, size - start));
      const bundle = await read(path);
      if (bundle === undefined) continue;
      const entries = decodeBundle(bundle);
      if (entries === undefined)
        throw new Failure('verification_failed', 'bundle.malformed', `${path} is no bundle of entries.`);
      for (const entry of entries) yield new TextDecoder().decode(entry);
    }
  } finally {
    files.close();
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
