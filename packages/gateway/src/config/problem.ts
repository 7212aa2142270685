/** Why a configuration is refused. Closed: documented in docs/reference/configuration.md. */
export const configProblemCodes = {
  'file.missing': 'A file that the configuration names, or the configuration itself, is not there.',
  'file.unreadable': 'A file can’t be read, is no regular file, or is too large.',
  'file.exposed':
    'A file is open to every user of the machine: a secret that all can read, or rules that all can change.',
  'yaml.syntax': 'The file is not valid YAML.',
  'yaml.key': 'A key occurs twice, or is no plain text.',
  'key.unknown': 'There is no such option.',
  'key.missing': 'A required option is not there.',
  'value.type': 'A value has the wrong type.',
  'value.invalid': 'A value has the right type and is not allowed.',
  'name.duplicate': 'A name that has to be unique is used twice.',
  'name.unknown': 'A name refers to nothing in the configuration.',
  'secret.inline': 'A secret stands in the file itself.',
  'secret.missing': 'The variable or file that holds a secret is not there or is empty.',
  'secret.invalid': 'A secret does not have the form that it must have.',
} as const;

export type ConfigProblemCode = keyof typeof configProblemCodes;

/** One thing that is wrong with the configuration, and the way out. Lines and columns count from 1. */
export interface ConfigProblem {
  readonly code: ConfigProblemCode;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Where in the document: `agents[1].sponsor`; empty for the document itself. */
  readonly path: string;
  readonly message: string;
  readonly hint: string;
}

export type Path = readonly (string | number)[];

export function formatPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

/** One line for a terminal: `file:line:column: path: what is wrong; way out`. */
export function formatConfigProblem(problem: ConfigProblem): string {
  const { file, line, column, path, message, hint } = problem;
  const subject = path === '' ? '' : `${path}: `;
  return `${file}:${line}:${column}: ${subject}${message}${hint === '' ? '' : `; ${hint}`}`;
}

/** A problem whose place is still a path. */
export interface Finding {
  readonly code: ConfigProblemCode;
  readonly path: Path;
  readonly message: string;
  readonly hint: string;
}
