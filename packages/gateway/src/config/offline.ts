import { dirname, resolve } from 'node:path';
import type { Agent, Person, Target } from '../core/identity.ts';
import { err, ok, type Result } from '../core/result.ts';
import { checkAuthority, delegationsOf, rotasOf } from './authority.ts';
import { calendarsOf, checkCalendars } from './calendars.ts';
import { canariesOf, checkCanaries } from './canaries.ts';
import { checkChannels } from './channels.ts';
import type { CanaryConfiguration, Configuration } from './configuration.ts';
import { readDocument } from './document.ts';
import {
  agentOf,
  allTargetsOf,
  apiTargetsOf,
  byPlace,
  catalogOf,
  personOf,
  readConfiguration,
} from './load.ts';
import { packDirectory } from './material.ts';
import type { ConfigProblem } from './problem.ts';
import { channelNames } from './named-channels.ts';
import { checkNames } from './references.ts';
import { builtInClasses, type RawConfiguration } from './schema.ts';
import { checkStructure } from './structure.ts';
import { checkTargets } from './targets.ts';

/** The part of a configuration that policies are about. No secret of it has been read. */
export interface PolicyConfiguration {
  readonly file: string;
  readonly agents: readonly Agent[];
  readonly people: readonly Person[];
  readonly targets: readonly Target[];
  readonly groups: readonly string[];
  readonly calendars: Configuration['calendars'];
  /** Names of rooms and webhooks that policies can send reviews to. */
  readonly channels: readonly string[];
  readonly rotas: Configuration['rotas'];
  readonly delegations: Configuration['delegations'];
  /** Names, those that come with Sallyport included. */
  readonly classes: readonly string[];
  readonly catalog: Configuration['catalog'];
  readonly policyDirectory: string;
  /** Null: none are opened. */
  readonly canaries: CanaryConfiguration | null;
}

const postgresTargetsOf = ({ targets }: RawConfiguration): readonly Target[] =>
  targets
    .filter(({ protocol }) => protocol === 'postgresql')
    .map(({ name, protocol, environment }) => ({ name, protocol, environment }));

function policyConfigurationOf(file: string, raw: RawConfiguration): PolicyConfiguration {
  const { directory } = raw.policies;
  return {
    file,
    agents: raw.agents.map(agentOf),
    people: raw.people.map(personOf),
    targets: [...postgresTargetsOf(raw), ...apiTargetsOf(raw)],
    groups: raw.groups.map(({ name }) => name),
    calendars: calendarsOf(raw),
    channels: channelNames(raw.channels),
    rotas: rotasOf(raw),
    delegations: delegationsOf(raw),
    classes: [...Object.keys(builtInClasses), ...raw.classes.map(({ name }) => name)],
    catalog: catalogOf(raw),
    canaries: canariesOf(raw, { agents: raw.agents.map(agentOf), targets: allTargetsOf(raw) }),
    policyDirectory: directory === undefined ? packDirectory : resolve(dirname(file), directory),
  };
}

/** For tools that decide and connect to nothing: secrets, keys and certificates need not be on this machine. */
export async function loadPolicyConfiguration(
  path: string,
): Promise<Result<PolicyConfiguration, readonly ConfigProblem[]>> {
  const file = resolve(path);
  const text = await readConfiguration(file);
  if (!text.ok) return err([text.error]);
  const document = readDocument(file, text.value);
  if (document.problems.length > 0) return err(document.problems);
  const raw = checkStructure(document.data);
  const findings = [
    ...(raw.ok
      ? [checkCalendars, checkAuthority, checkCanaries, checkChannels].flatMap((check) => check(raw.value))
      : raw.error),
    ...checkNames(document.data),
    ...checkTargets(document.data),
  ];
  if (!raw.ok || findings.length > 0)
    return err(findings.map((finding) => document.locate(finding)).sort(byPlace));
  return ok(policyConfigurationOf(file, raw.value));
}
