import { readFileSync } from 'node:fs';
import * as nodeFiles from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { verifyFolder, type FolderReport, type ReadFile } from '@sallyport/verifier';
import { createHash } from 'node:crypto';
import { verifyEd25519 } from '../../src/ledger/ed25519.ts';
import type { FileSystem } from '../../src/ledger/public-folder.ts';

export const filesIn =
  (directory: string): ReadFile =>
  async (path) => {
    try {
      return readFileSync(join(directory, path));
    } catch {
      return undefined;
    }
  };

/** What a reader who trusts this key finds; by the folder's own key where it is null. */
export const readerFinds = (read: ReadFile, trustedKey: string | null): Promise<FolderReport> =>
  verifyFolder({
    ...{ read, trustedKey, policy: null, earlier: [] },
    hash: (data) => createHash('sha256').update(data).digest(),
    verify: verifyEd25519,
  });

export interface Step {
  readonly name: string;
  readonly path: string;
  /** It had its effect. */
  isDone: boolean;
}

/** Fails the step of this number, counted from 1: `before` it has its effect, or `after`. */
export interface Fault {
  readonly at: number;
  readonly when: 'before' | 'after';
  /** Nothing has an effect from there on. */
  readonly isCrash: boolean;
}

/** The real file system, whose every step is noted, and of which one may fail. */
export class FaultySystem {
  readonly steps: Step[] = [];
  isHit = false;
  readonly #fault: Fault | null;

  constructor(fault: Fault | null = null) {
    this.#fault = fault;
  }

  readonly system = {
    chmod: (path: string, mode: number) => this.#step('chmod', path, () => nodeFiles.chmod(path, mode)),
    mkdir: (path: string, mode: number) => this.#step('mkdir', path, () => nodeFiles.mkdir(path, mode)),
    readFile: (path: string) => this.#step('readFile', path, () => nodeFiles.readFile(path)),
    rename: (from: string, to: string) => this.#step('rename', to, () => nodeFiles.rename(from, to)),
    rm: (path: string, how: object) => this.#step('rm', path, () => nodeFiles.rm(path, how)),
    stat: (path: string) => this.#step('stat', path, () => nodeFiles.stat(path)),
    open: async (path: string, flags: string, mode?: number) =>
      this.#handle(path, await this.#step('open', path, () => nodeFiles.open(path, flags, mode))),
  } as unknown as FileSystem;

  #handle(path: string, handle: FileHandle) {
    return {
      writeFile: (data: Uint8Array) => this.#step('write', path, () => handle.writeFile(data)),
      chmod: (mode: number) => this.#step('chmod', path, () => handle.chmod(mode)),
      sync: () => this.#step('sync', path, () => handle.sync()),
      close: () => handle.close(),
    };
  }

  async #step<T>(name: string, path: string, work: () => Promise<T>): Promise<T> {
    const step = { name, path, isDone: false };
    const number = this.steps.push(step);
    const fault = this.#fault?.at === number ? this.#fault : null;
    if (this.isHit && this.#fault?.isCrash === true) throw failure();
    if (fault?.when === 'before') return this.#fail();
    const result = await work();
    step.isDone = true;
    if (fault === null) return result;
    if (name === 'open') await (result as FileHandle).close();
    return this.#fail();
  }

  #fail(): never {
    this.isHit = true;
    throw failure();
  }
}

const failure = (): Error => Object.assign(new Error('the disk is full'), { code: 'ENOSPC' });
