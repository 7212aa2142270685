import { type Command, type OptionName, options, optionsOf } from './command.ts';
import { variables } from './environment.ts';
import { exitCodes } from './failure.ts';

const columns = (rows: readonly (readonly [string, string])[]): string[] => {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
};

function signature(command: Command): string {
  return ['sallyport', command.name, ...command.arguments].join(' ');
}

function optionHead(name: OptionName): string {
  const { short, value } = options[name];
  return `${short === '' ? '' : `-${short}, `}--${name}${value === '' ? '' : ` ${value}`}`;
}

export const topics = ['exit-codes', 'environment'] as const;
export type Topic = (typeof topics)[number];

export function helpOverview(commands: readonly Command[]): string {
  return [
    'sallyport: the guarded door between AI agents and production',
    '',
    'Usage: sallyport COMMAND [OPTIONS]',
    '',
    ...columns(commands.map((command) => [[command.name, ...command.arguments].join(' '), command.summary])),
    '',
    ...columns([
      ['help COMMAND', 'what a command does, and its options'],
      ...topics.map((topic): [string, string] => [`help ${topic}`, topicSummaries[topic]]),
    ]),
  ].join('\n');
}

const topicSummaries: Readonly<Record<Topic, string>> = {
  'exit-codes': 'what each exit code means',
  environment: 'the variables that are read',
};

export function helpCommand(command: Command): string {
  return [
    `Usage: ${signature(command)} [OPTIONS]`,
    '',
    `${sentence(command.summary)}`,
    ...command.details,
    '',
    ...columns(optionsOf(command).map((name) => [optionHead(name), options[name].about])),
  ].join('\n');
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

export function helpTopic(topic: Topic): string {
  return topic === 'exit-codes'
    ? columns(Object.values(exitCodes).map(({ code, meaning }) => [String(code), meaning])).join('\n')
    : columns(Object.entries(variables)).join('\n');
}

/** docs/reference/cli.md. */
export function reference(commands: readonly Command[]): string {
  const sections = commands.flatMap((command) => [
    `## \`${signature(command)}\``,
    '',
    sentence(command.summary),
    ...command.details.flatMap((detail) => ['', detail]),
    '',
    '| option | what it does |',
    '|---|---|',
    ...optionsOf(command).map((name) => `| \`${optionHead(name)}\` | ${options[name].about} |`),
    '',
  ]);
  return [
    '# The command line',
    '',
    'Made from the table of commands by `scripts/generate-cli.ts`.',
    '',
    ...sections,
    '## Exit codes',
    '',
    '| code | meaning |',
    '|---|---|',
    ...Object.values(exitCodes).map(({ code, meaning }) => `| ${code} | ${meaning} |`),
    '',
    '`up`, `config check` and `policy …` end with the exit code of the gateway’s program: 2 where configuration or policies are refused, 6 where a tool found something.',
    '',
    '## Environment',
    '',
    '| variable | meaning |',
    '|---|---|',
    ...Object.entries(variables).map(([name, meaning]) => `| \`${name}\` | ${meaning} |`),
    '',
  ].join('\n');
}
