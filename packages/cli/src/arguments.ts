import { parseArgs } from 'node:util';
import { type Command, type Invocation, type OptionName, options, optionsOf } from './command.ts';
import { Failure } from './failure.ts';

type Values = Readonly<Record<string, string | boolean | undefined>>;

/** What `parseArgs` is told of some options. */
function configOf(
  names: readonly OptionName[],
): Record<string, { type: 'string' | 'boolean'; short?: string }> {
  return Object.fromEntries(
    names.map((name) => {
      const { type, short } = options[name];
      return [name, short === '' ? { type } : { type, short }];
    }),
  );
}

const allNames = Object.keys(options) as OptionName[];

/** The words that are no options, wherever options stand between them. */
export function wordsOf(args: readonly string[]): readonly string[] {
  return parseArgs({ args: [...args], options: configOf(allNames), allowPositionals: true, strict: false })
    .positionals;
}

/** Whether `--json` is asked for, even where the rest is not understood: errors are JSON then too. */
export function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end === -1 ? args.length : end).includes('--json');
}

/** The command of two words before the one of one. */
export function findCommand(words: readonly string[], commands: readonly Command[]): Command | undefined {
  const byName = (name: string) => commands.find((command) => command.name === name);
  return byName(words.slice(0, 2).join(' ')) ?? byName(words[0] ?? '');
}

/** Checks options and the number of arguments against the command's row. */
export function parseInvocation(command: Command, args: readonly string[]): Invocation {
  const { values, positionals } = parseStrictly(command, args);
  const given = positionals.slice(command.name.split(' ').length);
  const required = command.arguments.filter((name) => !name.startsWith('['));
  const isOpen = command.arguments.at(-1)?.includes('…') === true;
  if (
    values['help'] !== true &&
    (given.length < required.length || (!isOpen && given.length > command.arguments.length))
  ) {
    const expected = command.arguments.length === 0 ? 'no arguments' : command.arguments.join(' ');
    throw new Failure('usage', 'arguments', `sallyport ${command.name} takes ${expected}`);
  }
  return {
    arguments: given,
    text: (name) => {
      const value = values[name];
      return typeof value === 'string' ? value : null;
    },
    flag: (name) => values[name] === true,
  };
}

function parseStrictly(command: Command, args: readonly string[]): { values: Values; positionals: string[] } {
  try {
    const known = configOf(optionsOf(command));
    return parseArgs({ args: [...args], options: known, allowPositionals: true, strict: true });
  } catch (error) {
    const said = error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error);
    throw new Failure('usage', 'options', `${said}; see sallyport help ${command.name}`);
  }
}
