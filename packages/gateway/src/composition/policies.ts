/** The policies of one gateway: loaded, followed on disk, changed by two people, and drafts that are observed. */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { Configuration } from '../config/configuration.ts';
import { packDirectory } from '../config/material.ts';
import { readPolicyFiles, writePolicyFiles } from '../config/policy-files.ts';
import { noticeEntry } from '../core/entry.ts';
import type { PolicyChange } from '../core/policy-change.ts';
import { err, ok, type Result } from '../core/result.ts';
import { limits } from '../limits.ts';
import type { Clock, Hashing, Random, Store } from '../ports.ts';
import type { KnownNames } from '../policy/annotation-values.ts';
import { calendarHours, calendarNames } from '../policy/calendars.ts';
import { PolicyChanges, type PolicyDirectory } from '../policy/changes/service.ts';
import { createPolicyEngine, versionOf, type CalendarHours, type LoadedEngine } from '../policy/engine.ts';
import { PolicyFollower } from '../policy/following.ts';
import { LivePolicies } from '../policy/live.ts';
import { formatPolicyProblem } from '../policy/problems.ts';
import type { PolicySource } from '../policy/source.ts';
import type { Log } from '../telemetry/log.ts';
import { followDrafts, loadDrafts, type ObservedDrafts } from './drafts.ts';

export interface PolicyPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly hashing: Hashing;
  readonly store: Store;
  readonly log: Log;
}

const namesOf = (configuration: Configuration): KnownNames => ({
  groups: configuration.groups.map(({ name }) => name),
  people: configuration.people.map(({ person }) => person.name),
  agents: configuration.agents.map(({ agent }) => agent.name),
  targets: [...configuration.targets, ...configuration.apiTargets].map(({ name }) => name),
  ...calendarNames(configuration.calendars),
});

const hoursOf = ({ calendars }: Configuration, clock: Pick<Clock, 'nowMs'>): CalendarHours =>
  calendarHours(calendars, limits, () => clock.nowMs());

/** @param slot another one for each set that is asked beside the others. */
async function load(
  configuration: Configuration,
  policies: readonly PolicySource[],
  clock: Pick<Clock, 'nowMs'>,
  slot: number,
): Promise<Result<LoadedEngine, readonly string[]>> {
  const [names, hours] = [namesOf(configuration), hoursOf(configuration, clock)];
  const engine = await createPolicyEngine({ policies, names, hours, slot });
  return engine.ok ? engine : err(engine.error.map(formatPolicyProblem));
}

export interface Policies {
  readonly live: LivePolicies;
  readonly drafts: ObservedDrafts;
}

/** The policies in force and the drafts, or everything that is wrong with them. Changes nothing. */
export async function loadPolicies(
  configuration: Configuration,
  clock: Pick<Clock, 'nowMs'>,
  files: readonly PolicySource[] = configuration.policies.files,
): Promise<Result<Policies, readonly string[]>> {
  const [engine, drafts] = [
    await load(configuration, files, clock, 0),
    await loadDrafts(configuration, (files, slot) => load(configuration, files, clock, slot)),
  ];
  if (!engine.ok || !drafts.ok)
    return err([...(engine.ok ? [] : engine.error), ...(drafts.ok ? [] : drafts.error)]);
  return ok({ live: new LivePolicies(engine.value), drafts: drafts.value });
}

const directoryOf = ({ policies: { directory } }: Configuration): PolicyDirectory => ({
  builtIn: directory === packDirectory,
  read: () => readPolicyFiles(directory),
  write: (files) => writePolicyFiles(directory, files),
});

/** What an earlier run approved and did not finish. */
export interface Interrupted {
  readonly change: PolicyChange;
  /** False: the files were changed by other hands meanwhile, and those win. */
  readonly isWritten: boolean;
}

/**
 * Before policies are loaded: finishes writing what was approved, so that the files and what is in force are the same.
 * Where somebody has changed the files since, theirs stay, and the change is over. Nothing is recorded yet.
 */
export async function finishWriting(configuration: Configuration, store: Store): Promise<Interrupted | null> {
  const newest = await store.read('policyChanges', { limit: limits.policyChangesPending, before: null });
  const change = newest.find(({ state }) => state.status === 'approved');
  if (change === undefined) return null;
  const directory = directoryOf(configuration);
  const files = await directory.read();
  const there = files.ok ? files.value.sources : [];
  if (!files.ok || !isBetween(there, change)) return { change, isWritten: false };
  if (versionOf(there) !== change.version) await directory.write(change.files);
  return { change, isWritten: true };
}

/** Whether every file is as it was, or as it is to be: what an interrupted write leaves. */
const isBetween = (there: readonly PolicySource[], { baseFiles, files }: PolicyChange): boolean =>
  there.every(({ name, text }) =>
    [...baseFiles, ...files].some((file) => file.name === basename(name) && file.text === text),
  );

/** Whether an earlier run could have left something in this folder. */
export const hasState = (state: string): boolean => existsSync(state);

export interface PolicyParts {
  readonly changes: PolicyChanges;
  close(): Promise<void>;
}

/** From now on the policies in force, and the drafts, are those of the files, once they are recorded; until `close`. */
export async function startPolicies(
  configuration: Configuration,
  { live, drafts }: Policies,
  interrupted: Interrupted | null,
  ports: PolicyPorts,
): Promise<PolicyParts> {
  const directory = directoryOf(configuration);
  const [names, hours] = [namesOf(configuration), hoursOf(configuration, ports.clock)];
  const unfinished = interrupted?.isWritten === true ? interrupted.change : null;
  if (interrupted?.isWritten === false) await overtake(interrupted.change, ports);
  const follower: PolicyFollower = new PolicyFollower({
    ...ports,
    live,
    names,
    hours,
    read: () => directory.read(),
    areWhole: () => changes.finish(),
  });
  const drafting = followDrafts(drafts, { ...ports, names, hours });
  const shared = { live, directory, follower, names, hours, limits, observed: () => drafting.observed() };
  const { calendars } = configuration;
  const agents = configuration.agents.map(({ agent }) => agent);
  const changes: PolicyChanges = new PolicyChanges({ ...ports, ...shared, agents, calendars }, unfinished);
  await follower.inTurn(() => changes.finish());
  follower.start();
  return { changes, close: () => Promise.all([follower.close(), drafting.close()]).then(() => undefined) };
}

/** Files that other hands changed win over a change that was approved and not written (decisions/0024). */
async function overtake(change: PolicyChange, { clock, store }: PolicyPorts): Promise<void> {
  const atMs = clock.nowMs();
  const record = { ...change, state: { status: 'stale', atMs }, revision: change.revision + 1 } as const;
  const details = { change: change.id, policies: change.version };
  const entries = [noticeEntry('policy.overtaken', details, atMs)];
  await store.commit({ mutations: [{ kind: 'governance.put', record }], entries });
}
