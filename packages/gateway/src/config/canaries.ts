import { callOf, weeklyMs } from '../core/canary.ts';
import type { Agent, Target } from '../core/identity.ts';
import { limits } from '../limits.ts';
import type { CanaryConfiguration } from './configuration.ts';
import { calendarOf } from './calendars.ts';
import type { Finding, Path } from './problem.ts';
import type { RawConfiguration } from './schema.ts';

type RawCanaries = NonNullable<RawConfiguration['attention']['canaries']>;
type RawRequest = RawCanaries['requests'][number];
type RawAgent = RawConfiguration['agents'][number];

const invalid = (path: Path, message: string, hint: string): Finding => ({
  code: 'value.invalid',
  path,
  message,
  hint,
});

/** Whoever could connect as a canary could run what it is said to ask for, and whoever can't is no other agent. */
function checkAgent({ canary, credential, mayActFor }: RawAgent, index: number): readonly Finding[] {
  const path = ['agents', index];
  if (canary === undefined && credential === undefined) {
    const message = 'this option is required';
    const hint = 'add it; docs/reference/configuration.md describes it';
    return [{ code: 'key.missing', path: [...path, 'credential'], message, hint }];
  }
  if (canary === undefined) return [];
  const findings: Finding[] = [];
  if (credential !== undefined) {
    const message = 'a canary has no credential: nobody may connect as it';
    findings.push(
      invalid([...path, 'credential'], message, 'remove the credential, or canary from the agent'),
    );
  }
  if (mayActFor.length > 0)
    findings.push(invalid([...path, 'mayActFor'], 'a canary acts for its sponsor alone', 'remove it'));
  return findings;
}

/** Null: it suits the protocol. */
function misfit(request: RawRequest, protocol: string): string | null {
  const { command, operation, arguments: given } = request;
  if (protocol === 'postgresql')
    return command !== undefined && operation === undefined && given === undefined
      ? null
      : 'a request for a target of protocol postgresql has a command, and neither operation nor arguments';
  return operation !== undefined && command === undefined
    ? null
    : 'a request for a target of protocol api has an operation, and no command';
}

function checkRequest(
  { agents, targets }: RawConfiguration,
  request: RawRequest,
  index: number,
): readonly Finding[] {
  const path = ['attention', 'canaries', 'requests', index];
  const agent = agents.find(({ name }) => name === request.agent);
  const target = targets.find(({ name }) => name === request.target);
  const findings: Finding[] = [];
  if (agent !== undefined && agent.canary === undefined) {
    const hint = 'name an agent with canary, which nobody can connect as';
    findings.push(invalid([...path, 'agent'], `the agent ${JSON.stringify(agent.name)} is no canary`, hint));
  }
  const message = target === undefined ? null : misfit(request, target.protocol);
  if (message !== null) findings.push(invalid(path, message, 'correct the request, or its target'));
  else if (!isCommand(request))
    findings.push(invalid(path, 'no agent could ask for this', 'write arguments as JSON has them, or less'));
  return findings;
}

/** What the form of each value doesn't say by itself. */
export function checkCanaries(raw: RawConfiguration): readonly Finding[] {
  const requests = raw.attention.canaries?.requests ?? [];
  return [
    ...raw.agents.flatMap(checkAgent),
    ...requests.flatMap((request, index) => checkRequest(raw, request, index)),
  ];
}

/** Not everything in YAML is JSON that all readers understand alike, and nothing may be too large to be taken. */
function isCommand(request: RawRequest): boolean {
  try {
    return commandOf(request).length <= limits.statementBytes;
  } catch {
    return false;
  }
}

/** As connectors digest it. */
const commandOf = ({ command, operation = '', arguments: given = {} }: RawRequest): string =>
  command ?? callOf(operation, given);

/** Of a configuration that has been checked. */
export function canariesOf(
  raw: RawConfiguration,
  { agents, targets }: { readonly agents: readonly Agent[]; readonly targets: readonly Target[] },
): CanaryConfiguration | null {
  const { canaries } = raw.attention;
  if (canaries === undefined) return null;
  const { perWeek, calendar: name, requests } = canaries;
  const calendar = raw.calendars.find((each) => each.name === name);
  return {
    perWeek,
    calendar:
      calendar === undefined ? null : { name: calendar.name, weeklyMs: weeklyMs(calendarOf(calendar)) },
    requests: requests.flatMap((request) => {
      const agent = agents.find((each) => each.name === request.agent);
      const target = targets.find((each) => each.name === request.target);
      const client = raw.agents.find((each) => each.name === request.agent)?.canary?.client;
      if (agent === undefined || target === undefined || client === undefined) return [];
      const { task: statedTask = '', flaw } = request;
      return [{ agent, target, command: commandOf(request), statedTask, flaw, client }];
    }),
  };
}
