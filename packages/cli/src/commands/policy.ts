import type { Command, Invocation, OptionName } from '../command.ts';
import { runGateway } from './gateway.ts';

/** The gateway's program with the same words and options: it has the engine, and this package never imports it. */
function passOn(tool: string, invocation: Invocation, names: readonly OptionName[]): readonly string[] {
  const options = names.flatMap((name) => {
    const value = invocation.text(name);
    return value === null ? [] : [`--${name}`, value];
  });
  return [
    'policy',
    tool,
    ...options,
    ...(invocation.flag('json') ? ['--json'] : []),
    '--',
    ...invocation.arguments,
  ];
}

const check: Command = {
  name: 'policy check',
  arguments: [],
  summary: 'check policies without a gateway: what is wrong, and what does not do what it seems to',
  details: [
    'Says file, line and column for each error, with the offending word and the nearest right one; then rules that nothing can match, reviews that nobody could approve, and agents that nothing permits.',
    'Reads the configuration and none of its secrets. --dir is a folder of `*.cedar` files; default: the one that the configuration names.',
    'Ends with 2 where a gateway would not take the policies, with 6 where there are warnings.',
  ],
  options: ['config', 'dir'],
  remote: false,
  run: async ({ invocation }) => runGateway(passOn('check', invocation, ['config', 'dir'])),
};

const test: Command = {
  name: 'policy test',
  arguments: [],
  summary: 'run the cases beside the policies, and say which rules no case reaches',
  details: [
    'Cases are in `*.test.yaml` files in the same folder: agent, target, and a statement or a described action; what is expected: the effect, the rules, the demands.',
    'Nothing is connected to. What a statement does depends on the tables of its target, so these are written down in the file, under `schema`.',
    'Ends with 6 where a case fails.',
  ],
  options: ['config', 'dir'],
  remote: false,
  run: async ({ invocation }) => runGateway(passOn('test', invocation, ['config', 'dir'])),
};

/** In the order of help. */
export const policyCommands: readonly Command[] = [check, test];
