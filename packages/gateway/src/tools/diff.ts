import { differencesOf, type RuleDifference } from '../policy/analysis/differences.ts';
import type { CheckedPolicy } from '../policy/validate.ts';
import { directoryOf, loadPolicies, readConfiguration } from './sources.ts';
import { toolExits, usageFailure, type Tool } from './tool.ts';

/** A draft against the policies in force, by meaning. */
export const diff: Tool = async (options) => {
  if (options.draft === null) throw usageFailure('policy diff needs --draft DIR');
  const configuration = await readConfiguration(options);
  const current = await loadPolicies(directoryOf(options, configuration), configuration);
  const draft = await loadPolicies(
    directoryOf({ ...options, dir: options.draft }, configuration),
    configuration,
  );
  const differences = differencesOf(current.rules, draft.rules);
  return {
    exit: toolExits.fine,
    value: { current: current.version, draft: draft.version, differences },
    text:
      differences.length === 0
        ? 'the rules are the same'
        : differences.flatMap((each) => format(each, draft.rules, current.rules)).join('\n'),
  };
};

const SIGNS = { added: '+', removed: '-', changed: '~' } as const;
const INDENTED = '    ';

function format(
  { id, change, parts }: RuleDifference,
  draft: readonly CheckedPolicy[],
  current: readonly CheckedPolicy[],
): readonly string[] {
  const rule = (change === 'removed' ? current : draft).find((each) => each.id === id);
  const where = rule === undefined ? '' : ` (${rule.kind}, ${rule.file}:${rule.line.toString()})`;
  const lines = parts.flatMap(({ part, from, to }) => [
    `${INDENTED}${part}`,
    `${INDENTED}- ${from === '' ? '(none)' : from}`,
    `${INDENTED}+ ${to === '' ? '(none)' : to}`,
  ]);
  return [`${SIGNS[change]} ${id}${where}`, ...lines];
}
