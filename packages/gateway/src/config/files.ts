import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { err, ok, type Result } from '../core/result.ts';
import type { Finding } from './problem.ts';

/** What is wrong with a file, before anybody knows which option names it. */
export type FileProblem = Omit<Finding, 'path'>;

export interface FileRules {
  readonly mostBytes: number;
  /** Permission bits of others that may not be set: 0o7 for secrets, 0o2 for what decides. */
  readonly forbiddenForOthers: number;
}

const problem = (
  code: FileProblem['code'],
  message: string,
  hint: string,
): { readonly ok: false; readonly error: FileProblem } => err({ code, message, hint });

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}

function refusal(file: string, error: unknown): { readonly ok: false; readonly error: FileProblem } {
  const code = codeOf(error);
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return problem('file.missing', `${file} is not there`, 'create it, or correct the path');
  return problem('file.unreadable', `${file} can’t be read (${code})`, 'let the gateway’s user read it');
}

function exposed(file: string, mode: number, { forbiddenForOthers }: FileRules): FileProblem | undefined {
  if (process.platform === 'win32' || (mode & forbiddenForOthers) === 0) return undefined;
  const others = forbiddenForOthers === 0o2 ? 'changed' : 'read or changed';
  const way = forbiddenForOthers === 0o2 ? 'chmod o-w' : 'chmod o-rwx';
  return {
    code: 'file.exposed',
    message: `${file} can be ${others} by every user of this machine`,
    hint: `run ${way} ${file}`,
  };
}

export async function readTextFile(file: string, rules: FileRules): Promise<Result<string, FileProblem>> {
  try {
    const { mode, size, ...status } = await stat(file).then((stats) => ({
      mode: stats.mode,
      size: stats.size,
      regular: stats.isFile(),
    }));
    if (!status.regular) return problem('file.unreadable', `${file} is no regular file`, 'name a file');
    if (size > rules.mostBytes)
      return problem(
        'file.unreadable',
        `${file} has more than ${rules.mostBytes} bytes`,
        'name a smaller file',
      );
    const open = exposed(file, mode, rules);
    if (open !== undefined) return err(open);
    return ok(await readFile(file, 'utf8'));
  } catch (error) {
    return refusal(file, error);
  }
}

export interface TextFile {
  readonly name: string;
  readonly text: string;
}

/** All files of a directory with this ending, sorted by name; all problems at once. */
export async function readDirectory(
  directory: string,
  ending: string,
  rules: FileRules,
): Promise<Result<readonly TextFile[], readonly FileProblem[]>> {
  try {
    const open = exposed(directory, (await stat(directory)).mode, rules);
    if (open !== undefined) return err([open]);
    const names = (await readdir(directory)).filter((name) => name.endsWith(ending)).sort();
    const read = await Promise.all(
      names.map(async (name) => ({ name, result: await readTextFile(join(directory, name), rules) })),
    );
    const problems = read.flatMap(({ result }) => (result.ok ? [] : [result.error]));
    if (problems.length > 0) return err(problems);
    return ok(
      read.flatMap(({ name, result }) =>
        result.ok ? [{ name: join(directory, name), text: result.value }] : [],
      ),
    );
  } catch (error) {
    return err([refusal(directory, error).error]);
  }
}
