import { SallyportError } from '@sallyport/sdk';
import { findCommand, parseInvocation, wantsJson, wordsOf } from './arguments.ts';
import type { Command, Context } from './command.ts';
import { commands } from './commands/index.ts';
import { connect } from './connection.ts';
import type { Environment } from './environment.ts';
import { type Ending, endingOf, exitCodes, Failure } from './failure.ts';
import { helpCommand, helpOverview, helpTopic, topics } from './help.ts';
import { nearest } from './nearest.ts';
import type { Output } from './output.ts';
import type { System } from './system.ts';
import { sentence } from './text.ts';

/** What the process lends to a run. */
export interface Surroundings {
  readonly environment: Environment;
  readonly output: Output;
  readonly system: System;
  readonly interruption: () => AbortSignal;
}

/** One command line, to its exit code. Never rejects. */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  try {
    return (await dispatch(args, surroundings)) ?? exitCodes.ok.code;
  } catch (error) {
    const { ending, code, message } = explain(error);
    if (wantsJson(args)) surroundings.output.raw({ error: { code, message } }, '');
    else surroundings.output.note(sentence(`sallyport: ${code}: ${message}`));
    return exitCodes[ending].code;
  }
}

async function dispatch(args: readonly string[], surroundings: Surroundings): Promise<number | void> {
  const words = wordsOf(args);
  const { output } = surroundings;
  const command = findCommand(words, commands);
  if (words.length === 0 || words[0] === 'help') return help(words.slice(1), output);
  if (command === undefined) {
    throw new Failure('usage', 'command.unknown', unknownCommand(words, commands));
  }
  const invocation = parseInvocation(command, args);
  if (invocation.flag('help')) return print(output, helpCommand(command));
  const { environment } = surroundings;
  const context: Context = { ...surroundings, invocation, client: () => connect(invocation, environment) };
  return command.run(context);
}

/** With the nearest one; else with those that begin alike. */
export function unknownCommand(words: readonly string[], table: readonly Command[]): string {
  const [first = ''] = words;
  const names = table.map(({ name }) => name);
  const family = names.filter((name) => name.startsWith(`${first} `));
  const said = family.length > 0 ? words.slice(0, 2).join(' ') : first;
  const firsts = [...new Set(names.map((name) => name.split(' ')[0] ?? ''))];
  const meant = nearest(said, family.length > 0 ? family : [...names, ...firsts]);
  const others = family.length > 0 ? `there are ${family.join(', ')}` : 'see sallyport help';
  return `There is no command ${said}; ${meant === undefined ? others : `did you mean ${meant}? ${others}`}`;
}

function help(words: readonly string[], output: Output): void {
  const topic = topics.find((name) => name === words[0]);
  if (topic !== undefined) return print(output, helpTopic(topic));
  const command: Command | undefined = findCommand(words, commands);
  if (words.length > 0 && command === undefined) {
    throw new Failure('usage', 'help.unknown', `There is no command or topic ${words.join(' ')}`);
  }
  return print(output, command === undefined ? helpOverview(commands) : helpCommand(command));
}

function print(output: Output, text: string): void {
  output.raw({ help: text }, `${text}\n`);
}

interface Explained {
  readonly ending: Ending;
  readonly code: string;
  readonly message: string;
}

function explain(error: unknown): Explained {
  if (error instanceof Failure) return error;
  if (error instanceof SallyportError) {
    return { ending: endingOf(error.code), code: error.code, message: error.message };
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { ending: 'internal', code: 'internal', message };
}
