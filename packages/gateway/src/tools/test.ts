import { basename } from 'node:path';
import type { PolicyConfiguration } from '../config/offline.ts';
import type { Decision, Demand } from '../core/decide.ts';
import type { LoadedEngine } from '../policy/engine.ts';
import { CASE_ENDING, readCases, type CaseSource } from './case-files.ts';
import type { TestCase } from './case-schema.ts';
import { CaseError, CaseWorld, type Posed } from './cases.ts';
import { directoryOf, loadPolicies, loadSources, readConfiguration, readPolicies, shown } from './sources.ts';
import { toolExits, usageFailure, type Tool } from './tool.ts';

export interface CaseResult {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  readonly passed: boolean;
  /** Why not, a line each; empty where it passed. */
  readonly differences: readonly string[];
}

/** What a case came to: the gravest decision among its statements, and every rule that matched any. */
interface Found {
  readonly effect: Decision['effect'];
  readonly rules: readonly string[];
  readonly demands: readonly string[];
  readonly reasons: readonly string[];
}

const GRAVITY: readonly Decision['effect'][] = ['allow', 'review', 'deny'];
const sorted = (texts: Iterable<string>): readonly string[] => [...new Set(texts)].sort();

export const wordsOfDemand = ({ quorum, approvers }: Demand): string =>
  `${quorum.toString()} of ${approvers.map(({ kind, name }) => `${kind}:${name}`).join(', ')}`;

/** @param seen is added what any statement matched, for the coverage. */
function decide(posed: Posed, engine: LoadedEngine, seen: Set<string>): Found {
  if (posed.kind === 'undescribed')
    return { effect: 'deny', rules: [], demands: [], reasons: [posed.message] };
  const decisions = posed.requests.map((request) => {
    for (const id of engine.matching(request)) seen.add(id);
    return engine.decide(request);
  });
  const gravest = Math.max(...decisions.map(({ effect }) => GRAVITY.indexOf(effect)));
  const decisive = decisions.filter(({ effect }) => GRAVITY.indexOf(effect) === gravest);
  return {
    effect: GRAVITY[gravest] ?? 'deny',
    rules: sorted(decisive.flatMap(({ policies }) => policies)),
    demands: sorted(
      decisive.flatMap((each) => (each.effect === 'review' ? each.demands.map(wordsOfDemand) : [])),
    ),
    reasons: decisive.flatMap(({ reasons }) => reasons),
  };
}

const list = (texts: readonly string[]): string => (texts.length === 0 ? 'none' : texts.join(', '));

function compare(wanted: TestCase, found: Found): readonly string[] {
  const differences: string[] = [];
  if (wanted.expect !== found.effect)
    differences.push(
      `expected ${wanted.expect}, is ${found.effect} (${list(found.rules)}): ${found.reasons.join(' ')}`,
    );
  const rules = wanted.rules === undefined ? undefined : sorted(wanted.rules);
  if (rules !== undefined && list(rules) !== list(found.rules))
    differences.push(`expected the rules ${list(rules)}, are ${list(found.rules)}`);
  const demands = wanted.demands === undefined ? undefined : sorted(wanted.demands);
  if (demands !== undefined && list(demands) !== list(found.demands))
    differences.push(`expected the demands ${list(demands)}, are ${list(found.demands)}`);
  if (wanted.reason !== undefined && !found.reasons.some((reason) => reason.includes(wanted.reason ?? '')))
    differences.push(
      `expected a reason with ${JSON.stringify(wanted.reason)}, is ${found.reasons.join(' ')}`,
    );
  return differences;
}

/** Runs every case of one file. @param seen is added every rule that matched. */
export async function runCases(
  source: CaseSource,
  world: CaseWorld,
  engine: LoadedEngine,
  seen: Set<string>,
): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [];
  for (const [index, wanted] of source.content.cases.entries()) {
    const differences = await differencesOf(wanted, world, engine, seen);
    const { file } = source;
    results.push({
      file,
      line: source.lineOf(index),
      name: wanted.name,
      passed: differences.length === 0,
      differences,
    });
  }
  return results;
}

async function differencesOf(
  wanted: TestCase,
  world: CaseWorld,
  engine: LoadedEngine,
  seen: Set<string>,
): Promise<readonly string[]> {
  const unheard = (wanted.rules ?? []).filter((id) => !engine.rules.some((rule) => rule.id === id));
  if (unheard.length > 0) return [`there is no rule ${unheard.join(', ')}`];
  try {
    return compare(wanted, decide(await world.pose(wanted), engine, seen));
  } catch (error) {
    // Fails the case: what can't be asked is not what was expected.
    if (error instanceof CaseError) return [error.message];
    throw error;
  }
}

/** What a file that takes away is tested over. */
const EVERYTHING = `@id("everything") @reason("Everything but what the file takes away.")
permit (principal is Agent, action, resource is Target);`;

/** The rules of the one file that the cases are about. */
async function alone(
  { file }: CaseSource,
  directory: string,
  configuration: PolicyConfiguration | null,
): Promise<LoadedEngine> {
  const name = basename(file).replace(CASE_ENDING, '.cedar');
  const policies = (await readPolicies(directory)).filter((each) => basename(each.name) === name);
  if (policies.length === 0) throw usageFailure(`${file} is about ${name} alone, which is not beside it`);
  return loadSources([{ name: 'everything', text: EVERYTHING }, ...policies], configuration);
}

/** The cases beside the policies, and which rules no case speaks of. */
export const test: Tool = async (options) => {
  const configuration = await readConfiguration(options);
  const directory = directoryOf(options, configuration);
  const engine = await loadPolicies(directory, configuration);
  const sources = await readCases(directory);
  if (sources.length === 0) throw usageFailure(`there is no *${CASE_ENDING} in ${shown(directory)}`);
  const seen = new Set<string>();
  const results: CaseResult[] = [];
  for (const source of sources) {
    const decider = source.content.alone ? await alone(source, directory, configuration) : engine;
    results.push(...(await runCases(source, new CaseWorld(source, configuration), decider, seen)));
  }
  const covered = engine.rules.filter(({ coversActions }) => coversActions).map(({ id }) => id);
  const missed = covered.filter((id) => !seen.has(id));
  const failed = results.filter(({ passed }) => !passed).length;
  return {
    exit: failed > 0 ? toolExits.found : toolExits.fine,
    value: { directory, version: engine.version, results, failed, rules: covered.length, missed },
    text: [...results.map(formatResult), summaryOf(results.length, failed, covered, missed)].join('\n'),
  };
};

function formatResult({ passed, file, line, name, differences }: CaseResult): string {
  const head = `${passed ? 'ok  ' : 'FAIL'} ${file}:${line.toString()} ${name}`;
  return [head, ...differences.map((difference) => `     ${difference}`)].join('\n');
}

function summaryOf(
  cases: number,
  failed: number,
  rules: readonly string[],
  missed: readonly string[],
): string {
  const exercised = (rules.length - missed.length).toString();
  const never = missed.length === 0 ? '' : `; no case reaches ${missed.join(', ')}`;
  return `${cases.toString()} cases, ${failed.toString()} failed; ${exercised} of ${rules.length.toString()} rules about actions reached${never}`;
}
