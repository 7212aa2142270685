import { isIP } from 'node:net';
import { dirname, resolve } from 'node:path';
import type { Agent, Person, Target } from '../core/identity.ts';
import { err, ok, type Result } from '../core/result.ts';
import { limits } from '../limits.ts';
import { checkAuthority, delegationsOf, rotasOf } from './authority.ts';
import { calendarsOf, checkCalendars } from './calendars.ts';
import { canariesOf, checkCanaries } from './canaries.ts';
import { channelsOf, checkChannels, checkSigningSecrets } from './channels.ts';
import type {
  AgentConfiguration,
  Configuration,
  LedgerConfiguration,
  ListenConfiguration,
  PersonConfiguration,
  TargetConfiguration,
} from './configuration.ts';
import { readDocument } from './document.ts';
import type { Environment } from './environment.ts';
import { readTextFile } from './files.ts';
import { readMaterial, type Material } from './material.ts';
import type { ConfigProblem, Finding } from './problem.ts';
import { checkNames } from './references.ts';
import type { RawConfiguration } from './schema.ts';
import { checkStructure } from './structure.ts';
import { checkTargets } from './targets.ts';

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** Looked up after every problem has been refused: absence is a bug of the checks before. */
function required<T>(map: ReadonlyMap<string, T>, key: string): T {
  const value = map.get(key);
  if (value === undefined) throw new Error(`${key} was not read`);
  return value;
}

function apiUrl({ host, port }: { readonly host: string; readonly port: number }): string {
  return `http://${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

function listenOf({ listen }: RawConfiguration, { secrets, texts }: Material): ListenConfiguration {
  const { postgres, api } = listen;
  const tls =
    postgres.tls === undefined
      ? null
      : {
          certificate: required(texts, 'listen.postgres.tls.certificateFile'),
          privateKey: required(secrets, 'listen.postgres.tls.privateKey'),
        };
  return {
    postgres: { host: postgres.host, port: postgres.port, tls },
    api: { host: api.host, port: api.port, publicUrl: (api.publicUrl ?? apiUrl(api)).replace(/\/+$/, '') },
  };
}

function targetsOf(
  { targets }: RawConfiguration,
  { secrets, texts }: Material,
): readonly TargetConfiguration[] {
  return targets.flatMap(({ caFile: _, observe: __, protocol, host = '', user = '', ...target }, index) => {
    if (protocol !== 'postgresql') return [];
    return {
      ...target,
      protocol,
      host,
      user,
      database: target.database ?? target.name,
      tls: target.tls ?? (isLoopback(host) ? 'disable' : 'verify-full'),
      ca: texts.get(`targets[${index}].caFile`) ?? null,
      password: secrets.get(`targets[${index}].password`) ?? null,
    };
  });
}

export const allTargetsOf = ({ targets }: RawConfiguration): readonly Target[] =>
  targets.map(({ name, protocol, environment }) => ({ name, protocol, environment }));

export const apiTargetsOf = ({ targets }: RawConfiguration): readonly Target[] =>
  targets
    .filter(({ protocol }) => protocol === 'api')
    .map(({ name, protocol, environment }) => ({ name, protocol, environment }));

function ledgerOf(file: string, { ledger }: RawConfiguration, { secrets }: Material): LedgerConfiguration {
  const { key, publish, ...others } = ledger;
  const published = publish === undefined ? null : resolve(dirname(file), publish.directory);
  const rest = { ...others, published };
  const pkcs11 = key?.pkcs11;
  if (pkcs11 === undefined) return { ...rest, token: null };
  const { module, token } = pkcs11;
  return { ...rest, token: { module, token, pin: required(secrets, 'ledger.key.pkcs11.pin') } };
}

/** More than there are would never be reached. */
function checkWitnesses({ ledger }: RawConfiguration): readonly Finding[] {
  if (ledger.witnessQuorum <= ledger.witnesses.length) return [];
  const message = `${ledger.witnessQuorum} witnesses are to cosign, and ${ledger.witnesses.length} are named`;
  const hint = 'name more witnesses, or ask for fewer';
  return [{ code: 'value.invalid', path: ['ledger', 'witnessQuorum'], message, hint }];
}
export const agentOf = ({ credential: _, canary, ...agent }: RawConfiguration['agents'][number]): Agent => ({
  kind: 'agent',
  ...agent,
  ...(canary === undefined ? {} : { canary: true }),
  credentialOwner: agent.credentialOwner ?? agent.sponsor,
});

function agentsOf({ agents }: RawConfiguration, { secrets }: Material): readonly AgentConfiguration[] {
  return agents.map((agent, index) => ({
    agent: agentOf(agent),
    verifier: agent.canary === undefined ? required(secrets, `agents[${index}].credential.scram`) : null,
  }));
}

export const personOf = ({
  credential: _,
  slack: __,
  teams: ___,
  email: ____,
  ...person
}: RawConfiguration['people'][number]): Person => ({
  kind: 'person',
  ...person,
  displayName: person.displayName ?? person.name,
  identity: person.identity ?? person.name,
});

function peopleOf({ people }: RawConfiguration, { secrets }: Material): readonly PersonConfiguration[] {
  return people.map((person, index) => ({
    person: personOf(person),
    slack: person.slack ?? null,
    teams: person.teams ?? null,
    email: person.email?.toLowerCase() ?? null,
    tokenSha256: secrets.get(`people[${index}].credential.tokenSha256`) ?? null,
  }));
}

export const catalogOf = ({ catalog }: RawConfiguration): Configuration['catalog'] =>
  catalog.map(({ columns, owner, ...entry }) => ({
    ...entry,
    owner: owner ?? null,
    columns: Object.entries(columns).map(([pattern, classes]) => ({ pattern, classes })),
  }));

function configurationOf(file: string, raw: RawConfiguration, material: Material): Configuration {
  return {
    file,
    origin: raw.origin,
    state: resolve(dirname(file), raw.state),
    ledger: ledgerOf(file, raw, material),
    listen: listenOf(raw, material),
    targets: targetsOf(raw, material),
    apiTargets: apiTargetsOf(raw),
    agents: agentsOf(raw, material),
    people: peopleOf(raw, material),
    groups: raw.groups.map(({ name, description }) => ({ name, description: description ?? '' })),
    classes: raw.classes,
    catalog: catalogOf(raw),
    calendars: calendarsOf(raw),
    observe: raw.targets.flatMap(({ name, observe }) =>
      observe === undefined ? [] : { target: name, directory: resolve(dirname(file), observe) },
    ),
    rotas: rotasOf(raw),
    delegations: delegationsOf(raw),
    policies: { directory: material.policyDirectory, files: material.policies },
    limits: raw.limits,
    attention: {
      ...raw.attention,
      approvalsPerHour: raw.attention.approvalsPerHour ?? null,
      canaries: canariesOf(raw, { agents: raw.agents.map(agentOf), targets: allTargetsOf(raw) }),
    },
    channels: channelsOf(raw, material),
  };
}

/** Tokens travel over this URL, so that plain http is for this machine alone. */
function checkPublicUrl({ listen }: RawConfiguration): readonly Finding[] {
  const { publicUrl, host } = listen.api;
  const { protocol, hostname } = new URL(publicUrl ?? apiUrl(listen.api));
  if (protocol === 'https:' || isLoopback(hostname.replace(/^\[|\]$/g, ''))) return [];
  const hint = 'name the https URL of a proxy with a certificate in front of the API';
  const given = publicUrl !== undefined;
  const message = given
    ? 'outside of this machine the URL has to be https'
    : `the API listens on ${host}, and no publicUrl says how people reach it by https`;
  const path = ['listen', 'api', given ? 'publicUrl' : 'host'];
  return [{ code: 'value.invalid', path, message, hint }];
}

export const byPlace = (a: ConfigProblem, b: ConfigProblem): number => a.line - b.line || a.column - b.column;

export async function readConfiguration(file: string): Promise<Result<string, ConfigProblem>> {
  const read = await readTextFile(file, { mostBytes: limits.configurationBytes, forbiddenForOthers: 0o2 });
  return read.ok ? read : err({ ...read.error, file, line: 1, column: 1, path: '' });
}

/** The configuration, or everything that is wrong with it, in the order of the file. Starts and changes nothing. */
export async function loadConfiguration(
  path: string,
  environment: Environment,
): Promise<Result<Configuration, readonly ConfigProblem[]>> {
  const file = resolve(path);
  const text = await readConfiguration(file);
  if (!text.ok) return err([text.error]);
  const document = readDocument(file, text.value);
  if (document.problems.length > 0) return err(document.problems);
  const raw = checkStructure(document.data);
  const material = await readMaterial(document.data, { folder: dirname(file), environment });
  const findings = [
    ...(raw.ok
      ? [
          checkPublicUrl,
          checkWitnesses,
          checkCalendars,
          checkAuthority,
          checkCanaries,
          checkChannels,
        ].flatMap((check) => check(raw.value))
      : raw.error),
    ...(raw.ok && material.ok ? checkSigningSecrets(raw.value, material.value) : []),
    ...checkNames(document.data),
    ...checkTargets(document.data),
    ...(material.ok ? [] : material.error),
  ];
  if (!raw.ok || !material.ok || findings.length > 0)
    return err(findings.map((finding) => document.locate(finding)).sort(byPlace));
  return ok(configurationOf(file, raw.value, material.value));
}
