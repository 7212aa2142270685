import { createServer, type Server, type Socket } from 'node:net';
import { timingSafeEqual } from 'node:crypto';
import type { Drafter, Gate, Listening } from '../connector.ts';
import { makeId } from '../../core/ids.ts';
import { partiesOf, type Agent, type Requester, type Target } from '../../core/identity.ts';
import type { Limits } from '../../limits.ts';
import type { Clock, Directory, Hashing, Previewer, Random } from '../../ports.ts';
import type { Sampler } from '../../ports-scan.ts';
import type { Log } from '../../telemetry/log.ts';
import { CatalogWatcher, type CatalogWatcherOptions } from './catalog/index.ts';
import { SqlDescriber, prepareParser } from './describe/index.ts';
import { Analyser } from './analysis/analyser.ts';
import { PostgresSampler } from './scan/sampler.ts';
import { Estimator } from './preview/estimator.ts';
import { PostgresPreviewer } from './preview/previewer.ts';
import { drafterOf } from './session/drafting.ts';
import type { TargetAccess } from './session/options.ts';
import { Session } from './session/session.ts';
import { Slots } from './session/slots.ts';
import { fatal } from './session/refusals.ts';
import { readStartup } from './session/startup.ts';
import { tagged } from './session/tag.ts';
import { isLoopback } from './wire/loopback.ts';
import { acceptClient, type AcceptedClient } from './wire/accept.ts';
import { parseReport } from './wire/backend.ts';
import type { TlsIdentity } from './wire/certificate.ts';
import { cancelUpstream, connectUpstream, type UpstreamOptions } from './wire/upstream.ts';

/** A PostgreSQL server behind the gateway. */
export interface PostgresTarget extends Target {
  readonly upstream: Omit<UpstreamOptions, 'parameters' | 'clock' | 'random' | 'timeoutMs'>;
  readonly maxConnections: number;
  /** Whether evidence is made for reviewers, over connections of the gateway's own. */
  readonly preview: boolean;
}

export interface PostgresConnectorOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsIdentity;
  readonly targets: readonly PostgresTarget[];
  /** The SCRAM verifier of an agent's token. */
  readonly agentVerifier: (name: string) => string | undefined;
  readonly gate: Gate;
  readonly directory: Directory;
  readonly clock: Clock;
  readonly random: Random;
  readonly hashing: Hashing;
  readonly publicUrl: string;
  readonly limits: Limits;
  readonly log: Pick<Log, 'failed' | 'sessionOpened' | 'sessionClosed' | 'sessionRefused'>;
}

const SECRET_BYTES = { 0: 4, 2: 32 } as const;

type Access = TargetAccess & { readonly parameters: Map<string, string> };

interface Live {
  readonly session: Session;
  readonly agent: string;
  readonly secretKey: Uint8Array;
}

/** The PostgreSQL wire protocol, both sides, between agents and targets. */
export class PostgresConnector {
  readonly #options: PostgresConnectorOptions;
  readonly #accesses = new Map<string, Access>();
  readonly #previewers = new Map<string, Previewer>();
  readonly #samplers = new Map<string, Sampler>();
  readonly #drafters = new Map<string, Drafter>();
  readonly #live = new Map<number, Live>();
  readonly #sessionsOfAgent = new Map<string, number>();
  readonly #describer: SqlDescriber;
  readonly #fakeVerifierSecret: Uint8Array;
  #server: Server | undefined;

  constructor(options: PostgresConnectorOptions) {
    this.#options = options;
    this.#describer = new SqlDescriber(options.limits);
    this.#fakeVerifierSecret = options.random.bytes(32);
  }

  async start(): Promise<Listening> {
    await prepareParser();
    await Promise.all(this.#options.targets.map((target) => this.#open(target)));
    const server = createServer({ noDelay: true }, (socket) => void this.#accept(socket));
    this.#server = server;
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, backlog: BACKLOG }, resolve);
    });
    const address = server.address();
    const bound = typeof address === 'object' && address !== null ? address.port : port;
    return {
      address: `${host}:${bound.toString()}`,
      previewers: this.#previewers,
      samplers: this.#samplers,
      drafters: this.#drafters,
      close: () => this.#close(),
    };
  }

  async #open(target: PostgresTarget): Promise<void> {
    const { clock, random } = this.#options;
    const upstream: UpstreamOptions = {
      ...target.upstream,
      parameters: {},
      clock,
      random,
      timeoutMs: CONNECT_MS,
    };
    const onProblem = (error: unknown): void =>
      this.#options.log.failed({ where: `catalog of ${target.name}`, error });
    const catalog = new CatalogWatcher({ connection: catalogConnection(target), clock, onProblem });
    const { name, protocol, environment } = target;
    const { limits } = this.#options;
    const aside = {
      ...upstream,
      parameters: { application_name: 'sallyport-preview' },
      timeoutMs: limits.previewMs,
    };
    const access = {
      target: { name, protocol, environment },
      catalog,
      analyser: target.preview ? new Analyser({ upstream: aside, clock, limits }) : null,
      estimator: target.preview
        ? new Estimator({ upstream: aside, catalog, describer: this.#describer, limits, clock })
        : null,
      slots: new Slots(target.maxConnections),
      upstream,
      parameters: new Map<string, string>(),
    };
    this.#accesses.set(name, access);
    this.#drafters.set(name, drafterOf(access, { ...this.#options, describer: this.#describer }));
    const previewing = { upstream: aside, catalog, describer: this.#describer, limits };
    if (target.preview) this.#previewers.set(name, new PostgresPreviewer(previewing));
    const scanning = { ...aside, parameters: { application_name: 'sallyport-scan' } };
    this.#samplers.set(name, new PostgresSampler({ upstream: scanning, catalog, limits }));
    await catalog.start();
    await this.#learnParameters(access);
  }

  /** What the target reports of itself, so that clients can be greeted before they need a connection of their own. */
  async #learnParameters(access: Access): Promise<void> {
    try {
      const upstream = await connectUpstream(access.upstream);
      for (const [name, value] of upstream.parameters) access.parameters.set(name, value);
      upstream.socket.destroy();
    } catch {
      // The target is away: sessions are refused until it is back, and the first of them asks again.
    }
  }

  async #accept(socket: Socket): Promise<void> {
    const { clock, limits, tls, agentVerifier, random, log } = this.#options;
    const address = addressOf(socket);
    const client = await acceptClient(socket, {
      tls,
      allowPlainTextFromOtherHosts: false,
      clock,
      handshakeMs: limits.handshakeMs,
      onRefused: (code) => log.sessionRefused({ client: address, code }),
      onCancel: (processId, secretKey) => this.#cancel(processId, secretKey),
      lookupVerifier: agentVerifier,
      random,
      fakeVerifierSecret: this.#fakeVerifierSecret,
    }).catch(() => null);
    if (client === null) return;
    const refused = await this.#admit(client);
    if (refused === undefined) return;
    const report = parseReport(refused);
    log.sessionRefused({ client: address, code: report.ok ? report.value.code : '' });
    client.socket.end(refused);
    client.socket.resume();
  }

  /** Starts a session, or says why not. */
  async #admit(client: AcceptedClient): Promise<Buffer | undefined> {
    const { directory, limits } = this.#options;
    const agent = directory.agent(client.user);
    if (agent === undefined) return fatal('28000', 'This agent is not known any more.');
    const access = this.#accesses.get(client.database);
    if (access === undefined) {
      const names = [...this.#accesses.keys()].join(', ');
      return fatal(
        '3D000',
        `There is no target "${client.database}".`,
        `The database name chooses the target: ${names}.`,
      );
    }
    const count = this.#sessionsOfAgent.get(agent.name) ?? 0;
    if (count >= limits.sessionsPerAgent) {
      return fatal(
        '53300',
        `The agent has ${count.toString()} connections, which is the limit.`,
        'Close some of them.',
      );
    }
    if (access.parameters.size === 0) await this.#learnParameters(access);
    if (access.parameters.size === 0)
      return fatal('08001', `The target ${client.database} can’t be reached.`, 'Try again later.');
    return this.#begin(client, agent, access);
  }

  #begin(client: AcceptedClient, agent: Agent, access: Access): Buffer | undefined {
    const startup = readStartup(client, agent);
    if (!startup.ok) return startup.error;
    const { clock, random, limits } = this.#options;
    const { gate, hashing, publicUrl, directory } = this.#options;
    const { onBehalfOf, statedTask, supersedes } = startup.value;
    const processId = this.#newProcessId();
    const secretKey = random.bytes(SECRET_BYTES[client.minor]);
    this.#sessionsOfAgent.set(agent.name, (this.#sessionsOfAgent.get(agent.name) ?? 0) + 1);
    const requester: Requester = {
      agent: agent.name,
      agentGroups: agent.groups,
      sponsor: agent.sponsor,
      onBehalfOf,
      onBehalfOfBasis: onBehalfOf === agent.sponsor ? 'configured' : 'asserted',
      parties: partiesOf(agent, onBehalfOf, (name) => directory.person(name)),
      session: makeId('ses', clock.nowMs(), random.bytes(10)),
      client: addressOf(client.socket),
    };
    const { session: id, client: address } = requester;
    const named = { session: id, agent: agent.name, target: access.target.name };
    const session = new Session({
      access: {
        ...access,
        upstream: { ...access.upstream, parameters: tagged(startup.value.parameters, requester.session) },
      },
      ports: { gate, clock, hashing, describer: this.#describer, directory, publicUrl, limits },
      client,
      agent,
      requester,
      statedTask,
      supersedes,
      ownSearchPath: startup.value.parameters['search_path'],
      processId,
      secretKey,
      onFault: (error) => this.#options.log.failed({ where: `session ${id}`, error }),
      onEnd: () => {
        this.#ended(processId, agent.name);
        this.#options.log.sessionClosed(named);
      },
    });
    this.#live.set(processId, { session, agent: agent.name, secretKey });
    session.start();
    this.#options.log.sessionOpened({ ...named, client: address });
    return undefined;
  }

  #newProcessId(): number {
    for (;;) {
      const id = Buffer.from(this.#options.random.bytes(4)).readUInt32BE(0) & 0x7fff_ffff;
      if (id !== 0 && !this.#live.has(id)) return id;
    }
  }

  #ended(processId: number, agent: string): void {
    this.#live.delete(processId);
    this.#sessionsOfAgent.set(agent, Math.max(0, (this.#sessionsOfAgent.get(agent) ?? 1) - 1));
  }

  /** "Canceling Requests in Progress": a wrong key has no effect and no answer. */
  async #cancel(processId: number, secretKey: Buffer): Promise<void> {
    const live = this.#live.get(processId);
    if (live === undefined || live.secretKey.length !== secretKey.length) return;
    if (!timingSafeEqual(live.secretKey, secretKey)) return;
    const { session } = live;
    session.cancel();
    const { upstream } = session.link;
    if (upstream !== undefined && !session.isReady)
      await cancelUpstream(session.upstreamOptions, upstream.processId, upstream.secretKey).catch(
        () => undefined,
      );
  }

  async #close(): Promise<void> {
    const server = this.#server;
    const closed = server === undefined ? undefined : new Promise((resolve) => server.close(resolve));
    for (const { session } of [...this.#live.values()]) session.shutDown();
    await closed;
    await Promise.all([...this.#accesses.values()].map((access) => access.catalog.close()));
  }
}

/** Connections that wait to be accepted: agents start in swarms. */
const BACKLOG = 4_096;
const CONNECT_MS = 10_000;

const addressOf = ({ remoteAddress, remotePort }: Socket): string =>
  `${remoteAddress ?? ''}:${(remotePort ?? 0).toString()}`;

/** The same target, for the library that reads its catalog. */
function catalogConnection({ upstream }: PostgresTarget): CatalogWatcherOptions['connection'] {
  const { host, port, user, password, database, tls, ca } = upstream;
  const base = { host, port, user, password, database };
  const isLocal = host.startsWith('/') || isLoopback(host) || host === 'localhost';
  if (tls === 'disable' || (tls === undefined && isLocal)) return base;
  return {
    ...base,
    ssl: { rejectUnauthorized: tls !== 'require-unverified', ...(ca === undefined ? {} : { ca }) },
  };
}
