import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { halfOf } from './journal-format.ts';

/** What a write past the page cache has to be a multiple of: 512 on most disks, 4,096 on the rest. */
const UNITS_BYTES = [512, 4096] as const;
/** Of the runtime, whose types come with those of a browser only. */
declare const WebAssembly: {
  readonly Memory: new (pages: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
};
const WASM_PAGE_BYTES = 1 << 16;

export interface JournalFile {
  readonly file: number;
  /** Where records begin, and what their lengths are multiples of; 1: anywhere. */
  readonly unitBytes: number;
  /** Records are written from here; the largest has room. */
  readonly memory: Buffer;
}

/**
 * Opens the journal for writes that return when they are on disk (O_DSYNC), past the page cache (O_DIRECT) where the
 * file system can: that spares a copy and the search for what is dirty, which is half of what a small write takes.
 */
export function openJournalFile(path: string): JournalFile {
  return openDirect(path) ?? openCached(path);
}

function openCached(path: string): JournalFile {
  const file = openSync(path, constants.O_RDWR | constants.O_DSYNC);
  return { file, unitBytes: 1, memory: Buffer.alloc(halfOf(fstatSync(file).size)) };
}

/** Null where the platform, the file system or the file's size won't have it. */
function openDirect(path: string): JournalFile | null {
  const flag = (constants as Partial<typeof constants>).O_DIRECT;
  if (flag === undefined) return null;
  let file: number;
  try {
    file = openSync(path, constants.O_RDWR | constants.O_DSYNC | flag);
  } catch {
    return null;
  }
  const halfBytes = halfOf(fstatSync(file).size);
  const memory = alignedMemory(halfBytes);
  const unitBytes = UNITS_BYTES.find((unit) => halfBytes % unit === 0 && canRead(file, memory, unit));
  if (unitBytes !== undefined) return { file, unitBytes, memory };
  closeSync(file);
  return null;
}

/** What can be read at this unit can be written at it, and nothing is lost by trying. */
function canRead(file: number, memory: Buffer, unitBytes: number): boolean {
  try {
    return readSync(file, memory, 0, unitBytes, unitBytes) === unitBytes;
  } catch {
    return false;
  }
}

/** Memory of WebAssembly begins at a page, as a write past the page cache needs it; a Buffer's begins anywhere. */
function alignedMemory(bytes: number): Buffer {
  const initial = Math.max(1, Math.ceil(bytes / WASM_PAGE_BYTES));
  return Buffer.from(new WebAssembly.Memory({ initial, maximum: initial }).buffer);
}
