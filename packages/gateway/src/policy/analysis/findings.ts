/** Policies that are valid and don't do what they seem to do. */
import { nearest } from '../nearest.ts';
import type { PolicyEngine } from '../../ports.ts';
import type { CheckedPolicy } from '../validate.ts';
import { matches } from './matching.ts';
import { anyCases, configuredCases, type Case, type Population } from './population.ts';
import { approvalProblems } from './approvals.ts';
import { environmentsIn, unknownClasses } from './literals.ts';

/** Closed: documented in spec/policy.md. */
export type FindingCode =
  | 'rule.unreachable'
  | 'rule.overruled'
  | 'rule.idle'
  | 'class.unknown'
  | 'environment.unknown'
  | 'review.unapprovable'
  | 'agent.powerless'
  | 'canary.not_held';

/** A `warning` fails a check; a `note` says what holds of this configuration and may be meant so. */
export interface Finding {
  readonly code: FindingCode;
  readonly level: 'warning' | 'note';
  /** Empty: it is about no single rule. */
  readonly policy: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly hint: string;
}

type Said = Pick<Finding, 'code' | 'level' | 'message' | 'hint'>;

const at = ({ id, file, line, column }: CheckedPolicy, said: Said): Finding => ({
  ...said,
  policy: id,
  file,
  line,
  column,
});

/** What the gate set comes to: true: surely permitted; false: surely not. */
function gateOf(policies: readonly CheckedPolicy[], { situation }: Case): boolean | undefined {
  const permits = policies
    .filter(({ kind }) => kind === 'permit')
    .map(({ json }) => matches(json, situation));
  const forbids = policies
    .filter(({ kind }) => kind === 'forbid')
    .map(({ json }) => matches(json, situation));
  if (forbids.includes(true) || permits.every((match) => match === false)) return false;
  return permits.includes(true) && forbids.every((match) => match === false) ? true : undefined;
}

const canMatch = (policy: CheckedPolicy, { situation }: Case): boolean =>
  matches(policy.json, situation) !== false;

interface Examined {
  readonly policies: readonly CheckedPolicy[];
  readonly cases: readonly Case[];
  readonly open: readonly Case[];
  readonly gate: ReadonlyMap<Case, boolean | undefined>;
}

/** Whether a rule can make a difference at all. A plain forbid beside others may be there for its reason alone. */
function reachOf(policy: CheckedPolicy, { cases, open, gate }: Examined): Finding | undefined {
  if (!open.some((each) => canMatch(policy, each)))
    return at(policy, {
      code: 'rule.unreachable',
      level: 'warning',
      message: 'no action of any agent on any target can match this rule',
      hint: 'its conditions exclude each other, or name something that does not exist: correct or remove it',
    });
  const matching = cases.filter((each) => canMatch(policy, each));
  if (matching.length === 0)
    return at(policy, {
      code: 'rule.idle',
      level: 'note',
      message: 'no agent and target of this configuration can match this rule',
      hint: '',
    });
  if (policy.kind === 'forbid' || matching.some((each) => gate.get(each) !== false)) return undefined;
  const said = { code: 'rule.overruled', level: 'warning' } as const;
  const what = policy.kind === 'review' ? 'asks a person about' : 'permits';
  return at(policy, {
    ...said,
    message: `all that this rule ${what} is denied anyway, by a forbid or for want of a permit`,
    hint: 'remove it, or what overrules it',
  });
}

function powerless({ agents }: Population, { cases, gate }: Examined): readonly Finding[] {
  return agents.flatMap((agent) => {
    const own = cases.filter((each) => each.agent?.name === agent.name);
    if (own.some((each) => gate.get(each) !== false)) return [];
    return {
      code: 'agent.powerless',
      level: 'warning',
      policy: '',
      file: 'policies',
      line: 1,
      column: 1,
      message: `nothing permits the agent ${agent.name} to do anything on any target`,
      hint: `add a permit for it, or for a group that it is in (${agent.groups.join(', ') || 'it is in none'})`,
    };
  });
}

/** Environments that policies may name though no target is in them: the ones that the default policies list. */
const WELL_KNOWN = ['development', 'dev', 'local', 'sandbox', 'staging', 'test', 'production'];

function strangeNames(policy: CheckedPolicy, { targets, classes }: Population): readonly Finding[] {
  const environments = [...new Set(targets.map(({ environment }) => environment))];
  const strange = environmentsIn(policy.json).filter(
    (name) => !environments.includes(name) && !WELL_KNOWN.includes(name),
  );
  return [
    ...strange.map((name) => {
      const meant = nearest(name, environments);
      return at(policy, {
        code: 'environment.unknown',
        level: 'warning',
        message: `no target is in the environment ${JSON.stringify(name)}`,
        hint: `${meant === undefined ? '' : `did you mean ${JSON.stringify(meant)}? `}there are ${environments.join(', ')}`,
      });
    }),
    ...unknownClasses(policy.json, [...classes, 'unclassified']).map((name) => {
      const meant = nearest(name, classes);
      return at(policy, {
        code: 'class.unknown',
        level: 'warning',
        message: `there is no class ${JSON.stringify(name)}, so nothing is ever of it`,
        hint: `${meant === undefined ? '' : `did you mean ${JSON.stringify(meant)}? `}add it to classes in the configuration, or name one of: ${classes.join(', ')}`,
      });
    }),
  ];
}

/** Everything that is odd about policies which loaded without a problem, rule by rule in the order of the files. */
export function findingsOf(
  policies: readonly CheckedPolicy[],
  population: Population,
  engine: Pick<PolicyEngine, 'mayApprove'>,
): readonly Finding[] {
  const covering = policies.filter(({ coversActions }) => coversActions);
  const cases = configuredCases(population);
  const gate = new Map(cases.map((each) => [each, gateOf(covering, each)]));
  const examined: Examined = { policies: covering, cases, open: anyCases(population), gate };
  const ofRules = covering.flatMap((policy) => {
    const matching = cases.filter((each) => gate.get(each) !== false && canMatch(policy, each));
    const unapprovable = approvalProblems(policy, matching, population, engine);
    return [
      ...[reachOf(policy, examined)].filter((finding) => finding !== undefined),
      ...strangeNames(policy, population),
      ...unapprovable.map((message) =>
        at(policy, {
          code: 'review.unapprovable',
          level: 'warning',
          message,
          hint: 'put more people into the group, name others, or lower @quorum',
        }),
      ),
    ];
  });
  return [...ofRules, ...powerless(population, examined)];
}
