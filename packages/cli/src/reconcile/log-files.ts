import { createReadStream, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { reasonOf } from '../connection.ts';
import { Failure } from '../failure.ts';
import { CsvError, CsvReader } from './csv.ts';
import { LogTimes, recordOf, type LogRecord } from './postgres-log.ts';

/** A file of a log, as long as it was when the comparison began: a server goes on writing. */
interface LogFile {
  readonly path: string;
  readonly bytes: number;
  readonly firstMs: number;
}

export interface Unfinished {
  readonly file: string;
  readonly line: number;
}

const LOG_NAME = /\.csv(\.gz)?$/;

/** The files of a log, those of folders too, the older first, whatever order they are named in. */
export class LogFiles {
  readonly #files: readonly LogFile[];
  /** Records at the end of a file that are not whole: a server was writing them, or was killed. */
  readonly unfinished: Unfinished[] = [];

  private constructor(files: readonly LogFile[]) {
    this.#files = files;
  }

  static async open(paths: readonly string[]): Promise<LogFiles> {
    const named = [...new Set(paths.flatMap(within))];
    const files: LogFile[] = [];
    for (const path of named) {
      const bytes = statOf(path).size;
      const first = await firstOf(path, bytes);
      if (first !== null) files.push({ path, bytes, firstMs: first.atMs });
    }
    return new LogFiles(files.sort((a, b) => a.firstMs - b.firstMs));
  }

  /** Unix milliseconds of the first record; Infinity: there is none. */
  get fromMs(): number {
    return this.#files[0]?.firstMs ?? Infinity;
  }

  async *records(): AsyncGenerator<LogRecord, void, void> {
    const times = new LogTimes();
    for (const { path, bytes } of this.#files)
      yield* recordsOf(path, bytes, times, (line) => this.unfinished.push({ file: path, line }));
  }
}

/** What is wrong with a record, in the words of whoever has to find it. */
export function inFile<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof CsvError)
      throw new Failure('usage', 'log.malformed', `${path}, line ${error.line}: ${error.message}`);
    throw error;
  }
}

async function* recordsOf(
  path: string,
  bytes: number,
  times: LogTimes,
  onUnfinished: (line: number) => void,
): AsyncGenerator<LogRecord, void, void> {
  const reader = new CsvReader();
  for await (const text of textOf(path, bytes))
    for (const row of inFile(path, () => reader.push(text)))
      yield inFile(path, () => recordOf(path, row, times));
  const line = reader.end();
  if (line !== null) onUnfinished(line);
}

/** Bytes that are no UTF-8 become U+FFFD: such a text is no action's, and shows. */
async function* textOf(path: string, bytes: number): AsyncGenerator<string, void, void> {
  if (bytes === 0) return;
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const file = createReadStream(path, { end: bytes - 1 });
  const plain = path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
  file.on('error', (error) => plain.destroy(error));
  try {
    for await (const chunk of plain) yield decoder.decode(chunk as Uint8Array, { stream: true });
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure('not_found', 'file.unreadable', `${path} can't be read: ${reasonOf(error)}`);
  } finally {
    file.destroy();
  }
  yield decoder.decode();
}

async function firstOf(path: string, bytes: number): Promise<LogRecord | null> {
  for await (const record of recordsOf(path, bytes, new LogTimes(), () => undefined)) return record;
  return null;
}

function within(path: string): readonly string[] {
  if (!statOf(path).isDirectory()) return [path];
  const names = readdirSync(path).filter((name) => LOG_NAME.test(name));
  if (names.length > 0) return names.sort().map((name) => join(path, name));
  throw new Failure('not_found', 'log.none', `${path} holds no file that ends in .csv or .csv.gz: ${CSVLOG}`);
}

const CSVLOG = 'PostgreSQL writes them with logging_collector = on and log_destination = csvlog';

function statOf(path: string) {
  try {
    return statSync(path);
  } catch (error) {
    throw new Failure('not_found', 'file.unreadable', `${basename(path)} can't be read: ${reasonOf(error)}`);
  }
}
