/** The composition root: the one place that knows every plug-in. */
import { join, resolve } from 'node:path';
import { webCryptoVerifier } from '@sallyport/verifier';
import { createApi } from './api/api.ts';
import { listenApi } from './api/listen.ts';
import { Catalog } from './classify/catalog.ts';
import { AgentHistory } from './assess/history.ts';
import { CatalogScanner } from './classify/scan.ts';
import type { Configuration, TargetConfiguration } from './config/configuration.ts';
import type { Environment } from './config/environment.ts';
import { loadConfiguration } from './config/load.ts';
import { formatConfigProblem } from './config/problem.ts';
import { ApiConnector, type ApiConnectorOptions } from './connectors/api/connector.ts';
import { createIssuer } from './connectors/api/issuer.ts';
import { groupingTemplate as templateOfCall } from './connectors/api/shape.ts';
import type { Listening } from './connectors/connector.ts';
import {
  PostgresConnector,
  type PostgresConnectorOptions,
  type PostgresTarget,
} from './connectors/postgres/connector.ts';
import {
  groupingTemplate as templateOfStatement,
  shapeOfStatement,
} from './connectors/postgres/describe/index.ts';
import { loadOrMakeCertificate, tlsIdentity } from './connectors/postgres/wire/certificate.ts';
import { noticeEntry } from './core/entry.ts';
import { openCanaries } from './composition/canaries.ts';
import { openChannels } from './composition/channels.ts';
import { openChat } from './composition/chats.ts';
import { tokenChecks } from './composition/token-checks.ts';
import { Attention } from './review/attention.ts';
import { workingCalendars } from './review/calendars.ts';
import { BreakGlassGate, type BreakGlassPorts } from './review/break-glass/gate.ts';
import { BreakGlassReviews } from './review/break-glass/reviews.ts';
import { Desk } from './review/desk.ts';
import { fanOut } from './review/fan-out.ts';
import { StandingGrants } from './review/standing/desk.ts';
import { StandingLives } from './review/standing/lives.ts';
import { StandingUses } from './review/standing/uses.ts';
import { exactShape } from './core/shape.ts';
import { usageShapeOfLeaf } from './core/usage-shape.ts';
import { Authenticator } from './identity/authenticator.ts';
import { delegationsOf, directoryOf, LateRights } from './composition/authority.ts';
import { foresightOf } from './composition/foreseeing.ts';
import {
  finishWriting,
  hasState,
  loadPolicies,
  startPolicies,
  type Interrupted,
  type Policies,
} from './composition/policies.ts';
import { openKeyFile } from './ledger/key-file.ts';
import { HeartbeatWriter } from './ledger/heartbeat.ts';
import { openLedger, type Ledger } from './ledger/open.ts';
import { recover } from './ledger/recover.ts';
import { ok } from './core/result.ts';
import { limits as bounds, type Limits } from './limits.ts';
import { PasskeyService } from './passkeys/service.ts';
import { Pipeline } from './pipeline.ts';
import type { GroupingTemplates, ObservedDraft, Outbox, Previewer, Shapes, Store } from './ports.ts';
import { openSqliteStore } from './stores/sqlite/store.ts';
import { clock, hashing, random } from './system.ts';
import type { Log } from './telemetry/log.ts';

export interface GatewayOptions {
  /** Path of `sallyport.yaml`. */
  readonly configPath: string;
  /** Overrides the configuration's `state`. */
  readonly stateDirectory?: string;
  readonly environment: Environment;
  readonly log: Log;
}

export interface RunningGateway {
  /** `host:port` for agents' PostgreSQL clients. */
  readonly postgres: { readonly address: string };
  /** URL of the API. */
  readonly api: { readonly address: string };
  readonly ledger: { readonly vkey: string; readonly origin: string };
  /** Drafts of policies that are observed, and not enforced. */
  readonly observed: readonly ObservedDraft[];
  /** Ends sessions, publishes the last checkpoint, closes the store. */
  close(): Promise<void>;
}

/** What is wrong with the configuration or the policies, each line for a person: the gateway doesn't start. */
export class ConfigurationError extends Error {
  readonly code = 'config.invalid';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** The configuration with its policies, checked as at start; nothing is started or changed. */
export async function checkConfiguration(configPath: string, environment: Environment): Promise<void> {
  const configuration = await configure(configPath, environment);
  await policiesOf(configuration);
}

export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const { log } = options;
  const configuration = await configure(options.configPath, options.environment);
  const state = resolve(options.stateDirectory ?? configuration.state);
  // Nothing is made where there is nothing, until the policies are known to be fit.
  const known = hasState(state) ? null : await policiesOf(configuration);
  const store = await openSqliteStore({ directory: state, monotonicMs: () => clock.monotonicMs() });
  const undo: (() => Promise<void> | void)[] = [() => store.close()];
  try {
    const interrupted = await finishWriting(configuration, store);
    const files = interrupted?.isWritten === true ? interrupted.change.files : undefined;
    const policies = known ?? (await policiesOf(configuration, files));
    return await assemble({ configuration, policies, interrupted, state, store, log, undo });
  } catch (error) {
    for (const step of undo.reverse()) await step();
    throw error;
  }
}

const system = { clock, random, hashing };

interface Assembly {
  readonly configuration: Configuration;
  readonly policies: Policies;
  readonly interrupted: Interrupted | null;
  readonly state: string;
  readonly store: Store;
  readonly outbox?: Outbox;
  readonly log: Log;
  /** What has to be undone, in the order in which it was done. */
  readonly undo: (() => Promise<void> | void)[];
}

async function assemble(assembly: Assembly): Promise<RunningGateway> {
  const { configuration, policies, state, log, undo } = assembly;
  const { live: policy, drafts } = policies;
  const { publicUrl } = configuration.listen.api;
  const { directory, handed, chat, start, ...told } = await openTelling(assembly);
  const limits: Limits = { ...bounds, ...configuration.limits };
  const ledger = await beginLedger({ ...assembly, ...told });
  const delegations = await delegationsOf(assembly, { ...system, ...told, directory, limits }, handed);

  const authenticator = new Authenticator(configuration, directory);
  const events = fanOut(log);
  const classifier = new Catalog(configuration.catalog);
  const calendars = workingCalendars(configuration.calendars, limits);
  const passkeys = passkeysOf(assembly, limits);
  const known = { directory, delegations, policy, calendars, passkeys, shapes, limits, log };
  const lives = new StandingLives({ clock, limits });
  const shared = { ...system, ...told, ...known, lives, publicUrl };
  // Connectors come after the desk: they are handed the gate behind it.
  const previewers = new Map<string, Previewer>();
  const desk = new Desk({ ...shared, ...configuration.attention, events, previewers, templates });
  await desk.resume();
  undo.push(() => desk.close());
  undo.push(await start(desk, directory), delegations.start());
  const uses = new StandingUses(shared);
  const history = await AgentHistory.learn(shared);
  const gate = new Pipeline({ ...shared, classifier, history, drafts }, desk, uses);
  const glass = await breakGlassOf({ ...shared, classifier, events });
  undo.push(() => glass.reviews.stop());
  const submitting = { ...shared, gate, breakGlass: glass.gate, events };
  const actions = await actionsConnector(submitting, assembly);
  undo.push(() => actions.close());

  const postgres = await postgresConnector({
    ...shared,
    host: configuration.listen.postgres.host,
    port: configuration.listen.postgres.port,
    tls: await certificateOf(configuration, state),
    targets: configuration.targets.map(postgresTarget),
    agentVerifier: (name) => authenticator.agentVerifier(name),
    gate,
  });
  undo.push(() => postgres.close());
  for (const [target, previewer] of postgres.previewers) previewers.set(target, previewer);

  undo.push(await openCanaries({ ...shared, gate, events, postgres }, configuration));
  const ruling = await startPolicies(configuration, policies, assembly.interrupted, shared);
  undo.push(() => ruling.close());

  const app = createApi({
    ...shared,
    ...chat,
    authenticate: (token) => authenticator.authenticateBearer(token),
    recordRefusedCall: (principal, action) => recordRefusedCall(told.store, principal.name, action),
    desk,
    standing: new StandingGrants(shared),
    attention: new Attention({ ...shared, rules: configuration.attention, desk }),
    actions,
    breakGlass: actions.breakGlass,
    breakGlassReviews: glass.reviews,
    events,
    ledger,
    custody: ledger,
    scans: new CatalogScanner({ ...shared, ...postgres, ...configuration, classifier, limits }),
    policies: ruling.changes,
    foresight: foresightOf({ ...shared, classifier }, configuration.apiTargets),
  });
  const api = await listenApi(app, configuration.listen.api);
  undo.push(() => api.close());
  return announce(assembly, ledger, { postgres: postgres.address, api: api.address });
}

/** Says that it runs, and what of it only seems to be in force. */
function announce(
  assembly: Assembly,
  ledger: Ledger,
  addresses: { readonly postgres: string; readonly api: string },
): RunningGateway {
  const { observed } = assembly.policies.drafts;
  for (const { target, version } of observed) assembly.log.policyObserved({ target, version });
  assembly.log.gatewayStarted({ version: VERSION, listening: [addresses.postgres, addresses.api] });
  return {
    postgres: { address: addresses.postgres },
    api: { address: addresses.api },
    ledger: { vkey: ledger.vkey, origin: ledger.origin },
    observed,
    close: () => closeAll(assembly, ledger),
  };
}

/** Who is told of reviews, and who decides where they are told. */
async function openTelling(assembly: Assembly) {
  const { configuration, policies } = assembly;
  const { publicUrl } = configuration.listen.api;
  const directory = directoryOf(configuration, clock);
  const handed = new LateRights();
  const chat = await openChat({ ...assembly, ...system, policy: policies.live, directory, handed });
  return { directory, handed, chat, ...openChannels({ ...assembly, ...system, ...chat, publicUrl }) };
}

async function beginLedger(assembly: Assembly): Promise<Ledger> {
  // Before anything is added: what can't be gone on from stays as it is.
  const ledger = await ledgerOf(assembly);
  assembly.undo.push(() => ledger.close());
  await announceStart(assembly);
  assembly.undo.push(startHeartbeat(assembly));
  return ledger;
}

const ledgerOf = ({ configuration, state, store, log }: Assembly): Promise<Ledger> => {
  const { origin, ledger } = configuration;
  const { token, witnesses, witnessQuorum: quorum, whenWitnessesAreAway: whenAway, published } = ledger;
  const shared = { store, clock, random, hashing, log };
  return openLedger({
    ...shared,
    directory: state,
    origin,
    token: token === null ? null : { ...token, pin: token.pin.reveal() },
    witnesses: { witnesses, quorum, whenAway },
    published,
  });
};

/** What people run at once, and the reviews that they owe. */
async function breakGlassOf(ports: BreakGlassPorts) {
  return { gate: new BreakGlassGate(ports), reviews: await new BreakGlassReviews(ports).resume() };
}

const passkeysOf = ({ configuration, store, log }: Assembly, limits: Limits): PasskeyService => {
  const { publicUrl } = configuration.listen.api;
  const shared = { clock, random, hashing, store, limits, publicUrl, log };
  return new PasskeyService({ ...shared, crypto: webCryptoVerifier() });
};

async function recordRefusedCall(store: Store, principal: string, action: string): Promise<void> {
  await store.append(noticeEntry('call.refused', { action, principal }, clock.nowMs())).done;
}

/** Recovery is part of every start: what an earlier run left unfinished is recorded before anything else happens. */
async function announceStart(assembly: Assembly): Promise<void> {
  const { store, policies, log } = assembly;
  const count = await recover({ ...assembly, clock, usageOf: usageShapeOfLeaf });
  if (count > 0) log.intentsRecovered({ count });
  await store.append(
    noticeEntry('gateway.started', { policies: policies.live.version, version: VERSION }, clock.nowMs()),
  ).done;
}

/** Returns what ends it. */
function startHeartbeat({ store, log }: Assembly): () => Promise<void> {
  const heartbeat = new HeartbeatWriter({ store, clock, random, log });
  heartbeat.start();
  return () => heartbeat.close();
}

async function closeAll({ undo, store, log }: Assembly, ledger: Ledger): Promise<void> {
  const [closeStore, closeLedger, ...others] = undo;
  for (const step of others.reverse()) await step();
  await store.append(noticeEntry('gateway.stopped', {}, clock.nowMs())).done.catch(() => undefined);
  await ledger.publishNow().catch(() => undefined);
  await closeLedger?.();
  await closeStore?.();
  log.gatewayStopped();
}

/** Every connector: a row in this table is all that the gateway knows of it. */
const postgresConnector = (options: PostgresConnectorOptions): Promise<Listening> =>
  new PostgresConnector(options).start();

/** Which part of a command is its template, by protocol; where nobody knows, all of it is. */
const shapes: Shapes = ({ protocol }, command, parameters) =>
  protocol === 'postgresql'
    ? shapeOfStatement(command, parameters, bounds)
    : ok(exactShape(command, parameters));

/** What is alike for people, by protocol; where nobody knows, what an action touches has to do. */
const templates: GroupingTemplates = ({ protocol }, command, parameters) => {
  if (protocol === 'postgresql') return templateOfStatement(command, parameters, bounds);
  return protocol === 'api' ? templateOfCall(command) : null;
};

/** What agents perform themselves. */
async function actionsConnector(
  ports: Omit<ApiConnectorOptions, 'issuer' | 'checks' | 'targets' | 'publicUrl' | 'log'>,
  { configuration, state, log }: Assembly,
): Promise<ApiConnector> {
  const { publicUrl } = configuration.listen.api;
  const issuer = await createIssuer(openKeyFile(join(state, GRANT_KEY_FILE)), publicUrl);
  const checks = tokenChecks(issuer, publicUrl);
  return new ApiConnector({
    ...ports,
    issuer,
    checks,
    targets: configuration.apiTargets,
    publicUrl,
    log,
  }).start();
}

/** Beside the ledger's key, and another: who trusts one need not trust the other. */
const GRANT_KEY_FILE = 'grant-key.pem';

async function certificateOf(
  configuration: Configuration,
  state: string,
): Promise<ReturnType<typeof tlsIdentity>> {
  const { tls, host } = configuration.listen.postgres;
  if (tls !== null) return tlsIdentity({ key: tls.privateKey.reveal(), certificate: tls.certificate });
  return tlsIdentity(await loadOrMakeCertificate({ folder: state, hosts: [host], nowMs: clock.nowMs() }));
}

function postgresTarget(target: TargetConfiguration): PostgresTarget {
  const { name, protocol, environment, maxConnections, preview } = target;
  const { host, port, database, tls, ca, user, password } = target;
  return {
    name,
    protocol,
    environment,
    maxConnections,
    preview: preview === 'on',
    upstream: {
      host,
      port,
      database,
      user,
      password: password?.reveal() ?? '',
      tls: tls === 'require' ? 'require-unverified' : tls,
      ...(ca === null ? {} : { ca }),
    },
  };
}

async function configure(configPath: string, environment: Environment): Promise<Configuration> {
  const loaded = await loadConfiguration(configPath, environment);
  if (loaded.ok) return loaded.value;
  throw new ConfigurationError(loaded.error.map(formatConfigProblem));
}

/** Those of the files; where an earlier run had approved others and did not finish, those come first. */
async function policiesOf(
  configuration: Configuration,
  files?: Configuration['policies']['files'],
): Promise<Policies> {
  const loaded = await loadPolicies(configuration, clock, files);
  if (loaded.ok) return loaded.value;
  throw new ConfigurationError(loaded.error);
}

/** In step with package.json (a test). */
export const VERSION = '0.1.0';
