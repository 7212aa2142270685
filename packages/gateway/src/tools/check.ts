import type { PolicyConfiguration } from '../config/offline.ts';
import { everOnCall } from '../core/rota.ts';
import { findingsOf, type Finding } from '../policy/analysis/findings.ts';
import { createPolicyEngine } from '../policy/engine.ts';
import { formatPolicyProblem, type PolicyProblem } from '../policy/problems.ts';
import { directoryOf, namesOf, readConfiguration, readPolicies, shown } from './sources.ts';
import { unheldCanaries } from './canaries.ts';
import { toolExits, type Tool, type ToolResult } from './tool.ts';

const UNCHECKED =
  'no configuration was found, so names, reach and approvers are not checked: name one with --config';

/** Everything that can be said about policies without asking anybody: what is wrong, and what is odd. */
export const check: Tool = async (options) => {
  const configuration = await readConfiguration(options);
  const directory = directoryOf(options, configuration);
  const policies = await readPolicies(directory);
  const engine = await createPolicyEngine({ policies, names: namesOf(configuration) });
  if (!engine.ok) return refused(directory, engine.error);
  const { rules, version } = engine.value;
  const findings =
    configuration === null
      ? []
      : [
          ...findingsOf(rules, withTurns(configuration), engine.value),
          ...unheldCanaries(configuration, engine.value),
        ];
  const warnings = findings.filter(({ level }) => level === 'warning').length;
  const notes = findings.length - warnings;
  const summary = `${count(rules.length, 'policy', 'policies')} in ${count(policies.length, 'file')}: no error, ${count(warnings, 'warning')}, ${count(notes, 'note')}`;
  const unchecked = configuration === null ? [`note: ${UNCHECKED}`] : [];
  return {
    exit: warnings > 0 ? toolExits.found : toolExits.fine,
    value: {
      directory,
      version,
      policies: rules.length,
      problems: [],
      findings,
      checkedNames: configuration !== null,
    },
    text: [...findings.map(formatFinding), ...unchecked, summary].join('\n'),
  };
};

/** Whoever is ever on call can approve at some time. */
const withTurns = (configuration: PolicyConfiguration): PolicyConfiguration => ({
  ...configuration,
  people: configuration.people.map((person) => {
    const turns = configuration.rotas.filter((rota) => everOnCall(rota).includes(person.name));
    return { ...person, groups: [...person.groups, ...turns.map(({ group }) => group)] };
  }),
});

const count = (number: number, one: string, many = `${one}s`): string =>
  `${number === 0 ? 'no' : number.toString()} ${number === 1 ? one : many}`;

function refused(directory: string, problems: readonly PolicyProblem[]): ToolResult {
  const summary = `${count(problems.length, 'error')}: a gateway would not take the policies in ${shown(directory)}`;
  return {
    exit: toolExits.refused,
    value: { directory, problems, findings: [] },
    text: [...problems.map((problem) => `error: ${formatPolicyProblem(problem)}`), summary].join('\n'),
  };
}

function formatFinding({ level, file, line, column, policy, message, hint }: Finding): string {
  const subject = policy === '' ? '' : `${policy}: `;
  return `${level}: ${file}:${line.toString()}:${column.toString()}: ${subject}${message}${hint === '' ? '' : `; ${hint}`}`;
}
