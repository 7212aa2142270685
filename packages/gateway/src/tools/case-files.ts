import { readDocument } from '../config/document.ts';
import { readDirectory } from '../config/files.ts';
import { TRUSTED_FILE } from '../config/material.ts';
import { formatConfigProblem, type Path } from '../config/problem.ts';
import { caseFileSchema, type CaseFile } from './case-schema.ts';
import { shown } from './sources.ts';
import { ToolFailure, toolExits, usageFailure } from './tool.ts';

export const CASE_ENDING = '.test.yaml';

/** A file of cases that knows where each of them stands. */
export interface CaseSource {
  readonly file: string;
  readonly content: CaseFile;
  /** The line of a case, counted from 1. */
  readonly lineOf: (index: number) => number;
}

const asPath = (path: readonly PropertyKey[]): Path =>
  path.map((step) => (typeof step === 'symbol' ? String(step) : step));

function parse(file: string, text: string): CaseSource {
  const document = readDocument(file, text);
  if (document.problems.length > 0)
    throw new ToolFailure(toolExits.usage, document.problems.map(formatConfigProblem));
  const parsed = caseFileSchema.safeParse(document.data);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) =>
      document.locate({ code: 'value.invalid', path: asPath(path), message, hint: '' }),
    );
    throw new ToolFailure(toolExits.usage, problems.map(formatConfigProblem));
  }
  const lineOf = (index: number): number =>
    document.locate({ code: 'value.invalid', path: ['cases', index, 'name'], message: '', hint: '' }).line;
  return { file, content: parsed.data, lineOf };
}

/** Every file of cases in a directory of policies, by name; none is no problem here. */
export async function readCases(directory: string): Promise<readonly CaseSource[]> {
  const read = await readDirectory(directory, CASE_ENDING, TRUSTED_FILE);
  if (!read.ok) throw usageFailure(read.error.map(({ message, hint }) => `${message}; ${hint}`).join('\n'));
  return read.value.map(({ name, text }) => parse(shown(name), text));
}
