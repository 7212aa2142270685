/** What the tools read: the configuration, without its secrets, and a directory of policies. */
import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { readDirectory } from '../config/files.ts';
import { packDirectory, TRUSTED_FILE } from '../config/material.ts';
import { loadPolicyConfiguration, type PolicyConfiguration } from '../config/offline.ts';
import { formatConfigProblem } from '../config/problem.ts';
import type { KnownNames } from '../policy/annotation-values.ts';
import { calendarNames } from '../policy/calendars.ts';
import { createPolicyEngine, type LoadedEngine } from '../policy/engine.ts';
import { formatPolicyProblem } from '../policy/problems.ts';
import type { PolicySource } from '../policy/source.ts';
import { calendarsOpenAt } from '../core/calendar-hours.ts';
import { limits } from '../limits.ts';
import { ToolFailure, toolExits, usageFailure, type ToolOptions } from './tool.ts';

const DEFAULT_CONFIGURATION = 'sallyport.yaml';

/** The shorter of a path from here and the whole one. */
export function shown(path: string): string {
  const near = relative('', path);
  return near !== '' && near.length < path.length ? near : path;
}

/** Null where none is named and none is there: names are then not checked. */
export async function readConfiguration({ config }: ToolOptions): Promise<PolicyConfiguration | null> {
  if (config === null && !existsSync(DEFAULT_CONFIGURATION)) return null;
  const loaded = await loadPolicyConfiguration(config ?? DEFAULT_CONFIGURATION);
  if (loaded.ok) return loaded.value;
  throw new ToolFailure(toolExits.refused, loaded.error.map(formatConfigProblem));
}

export const namesOf = (configuration: PolicyConfiguration | null): KnownNames | null =>
  configuration === null
    ? null
    : {
        groups: configuration.groups,
        people: configuration.people.map(({ name }) => name),
        agents: configuration.agents.map(({ name }) => name),
        targets: configuration.targets.map(({ name }) => name),
        channels: configuration.channels,
        ...calendarNames(configuration.calendars),
      };

/** The calendars in whose hours an instant is. */
export const openCalendars = (
  configuration: PolicyConfiguration | null,
): ((atMs: number) => readonly string[]) => calendarsOpenAt(configuration?.calendars ?? [], limits);

export const directoryOf = (options: ToolOptions, configuration: PolicyConfiguration | null): string =>
  options.dir === null ? (configuration?.policyDirectory ?? packDirectory) : resolve(options.dir);

/** Policy files of a directory, sorted by name, called as a person would call them. */
export async function readPolicies(directory: string): Promise<readonly PolicySource[]> {
  const read = await readDirectory(directory, '.cedar', TRUSTED_FILE);
  if (!read.ok) throw usageFailure(read.error.map(({ message, hint }) => `${message}; ${hint}`).join('\n'));
  return read.value.map(({ name, text }) => ({ name: shown(name), text }));
}

/** The engine over a directory, or what is wrong with it. */
export async function loadPolicies(
  directory: string,
  configuration: PolicyConfiguration | null,
): Promise<LoadedEngine> {
  return loadSources(await readPolicies(directory), configuration);
}

export async function loadSources(
  policies: readonly PolicySource[],
  configuration: PolicyConfiguration | null,
): Promise<LoadedEngine> {
  const engine = await createPolicyEngine({ policies, names: namesOf(configuration) });
  if (engine.ok) return engine.value;
  throw new ToolFailure(toolExits.refused, engine.error.map(formatPolicyProblem));
}
