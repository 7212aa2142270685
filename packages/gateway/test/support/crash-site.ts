import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { SallyportClient } from '@sallyport/sdk';
import { agentCredential, personCredential } from '../../../../sample/credentials.ts';
import { removeServerHome } from '../../../../sample/server-home.ts';
import { freePort, startServer, type RunningServer } from '../../../../sample/server.ts';
import { secret, secretPath, writePrivateFile } from '../../../../sample/state.ts';
import { startGatewayProcess, type GatewayProcess } from './crash-process.ts';

export const agentName = 'reporter';
export const targetName = 'shop';
/** Their tokens and groups are in the configuration below. */
const people = ['ana', 'sam', 'kim'] as const;
export type PersonName = (typeof people)[number];

/** A database that lives on, and a gateway before it that dies and comes back with the same state. */
export interface Site {
  readonly directory: string;
  readonly configPath: string;
  readonly agentToken: string;
  /** The token of the gateway's own login at the target. */
  readonly targetPassword: string;
  readonly personTokens: Readonly<Record<PersonName, string>>;
  /** The database's own administrator, who doesn't come through the gateway. */
  readonly admin: pg.Client;
  start(options?: { readonly maxFileKib?: number }): Promise<GatewayProcess>;
  /** A client of the agent, not yet connected. */
  agent(gateway: GatewayProcess, more?: pg.ClientConfig): pg.Client;
  person(gateway: GatewayProcess, name?: PersonName): SallyportClient;
  /** How often each marker was written into `runs`, as the database itself says. */
  runs(): Promise<ReadonlyMap<string, number>>;
  /** Stops every gateway that was started, then the database; forgets both. */
  remove(): Promise<void>;
}

export interface SiteOptions {
  /** Lines of YAML below `limits:`. */
  readonly limits?: string;
  /** More of the configuration: its last lines. */
  readonly more?: string;
  /** Nobody is shown what an action would do. */
  readonly preview?: 'off';
  /** More members of a person, as YAML in one line. */
  readonly accounts?: (name: PersonName) => string;
}

/** Everything in `runs` and `customers.email` is classified: the policies that come with Sallyport ask a person. */
const SCHEMA = `
  CREATE TABLE runs (marker text NOT NULL);
  CREATE TABLE customers (id int PRIMARY KEY, email text NOT NULL);
  INSERT INTO customers SELECT n, 'c' || n || '@example.com' FROM generate_series(1, 500) n;
  CREATE TABLE tallies (id int PRIMARY KEY, total int NOT NULL CHECK (total >= 0));
  INSERT INTO tallies VALUES (1, 0);`;

export async function openSite(options: SiteOptions = {}): Promise<Site> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-crash-'));
  const server = await startServer({ stateDirectory: directory });
  const { host, port, user, password } = server;
  const targetPassword = await makeDatabase(server, directory);
  const admin = new pg.Client({ host, port, user, password, database: targetName });
  await admin.connect();
  const agentAccess = await agentCredential(directory, agentName);
  for (const name of people) await personCredential(directory, name);
  const tokens = people.map((name) => [name, readToken(directory, name)]);
  const configPath = join(directory, 'sallyport.yaml');
  writePrivateFile(
    configPath,
    `${await configuration(server, agentAccess.checkFile, options)}${options.more ?? ''}`,
  );
  const started: GatewayProcess[] = [];
  const personTokens = Object.fromEntries(tokens) as Record<PersonName, string>;
  return {
    directory,
    configPath,
    agentToken: agentAccess.token,
    targetPassword,
    personTokens,
    admin,
    start: async (more = {}) => {
      const gateway = await startGatewayProcess({ configPath, ...more });
      started.push(gateway);
      return gateway;
    },
    agent: ({ postgres }, more = {}) => agentClient(postgres, agentAccess.token, more),
    person: ({ apiUrl }, name = 'sam') => new SallyportClient({ url: apiUrl, token: personTokens[name] }),
    runs: () => countRuns(admin),
    remove: async () => {
      for (const gateway of started) await gateway.stop();
      await admin.end();
      await server.stop();
      removeServerHome(directory);
      rmSync(directory, { recursive: true });
    },
  };
}

const readToken = (directory: string, name: string): string =>
  readFileSync(secretPath(directory, `${name}.token`), 'utf8').trim();

function agentClient(address: string, password: string, more: pg.ClientConfig): pg.Client {
  const [host = '', port = ''] = address.split(':');
  const client = new pg.Client({
    host,
    port: Number(port),
    user: agentName,
    password,
    database: targetName,
    ...more,
  });
  // A killed gateway takes its connections with it; whoever waits for an answer is told by the query itself.
  client.on('error', () => undefined);
  return client;
}

async function makeDatabase({ host, port, user, password }: RunningServer, state: string): Promise<string> {
  const gatewayPassword = secret(state, 'upstream');
  const superuser = new pg.Client({ host, port, user, password, database: 'postgres' });
  await superuser.connect();
  await superuser.query(`CREATE ROLE gateway LOGIN PASSWORD ${superuser.escapeLiteral(gatewayPassword)}`);
  await superuser.query(`CREATE DATABASE ${targetName} OWNER gateway`);
  await superuser.end();
  const owner = new pg.Client({
    host,
    port,
    user: 'gateway',
    password: gatewayPassword,
    database: targetName,
  });
  await owner.connect();
  await owner.query('CREATE SCHEMA IF NOT EXISTS public');
  await owner.query(SCHEMA);
  await owner.end();
  return gatewayPassword;
}

async function countRuns(admin: pg.Client): Promise<ReadonlyMap<string, number>> {
  const { rows } = await admin.query<{ marker: string; count: number }>(
    'SELECT marker, count(*)::int AS count FROM runs GROUP BY marker',
  );
  return new Map(rows.map(({ marker, count }) => [marker, count]));
}

async function configuration(
  { host, port }: RunningServer,
  agentCheck: string,
  { limits = '', accounts, preview }: SiteOptions,
): Promise<string> {
  const account = (name: PersonName): string => (accounts === undefined ? '' : ` ${accounts(name)},`);
  const groups = '[data-stewards, payments-stewards, database-owners]';
  return `origin: crash.sallyport.example/ledger
state: gateway
listen:
  postgres: { host: 127.0.0.1, port: ${await freePort()} }
  api: { host: 127.0.0.1, port: ${await freePort()} }
targets:
  - name: ${targetName}
    protocol: postgresql
    environment: production
    host: ${host}
    port: ${port}
    user: gateway
    password: { file: secrets/upstream }${preview === undefined ? '' : `\n    preview: ${preview}`}
agents:
  - name: ${agentName}
    sponsor: ana
    mayActFor: [kim]
    credential: { scram: { file: ${agentCheck} } }
people:
  - { name: ana,${account('ana')} credential: { tokenSha256: { file: secrets/ana.check } } }
  - { name: sam,${account('sam')} groups: ${groups}, credential: { tokenSha256: { file: secrets/sam.check } } }
  - { name: kim,${account('kim')} groups: ${groups}, credential: { tokenSha256: { file: secrets/kim.check } } }
groups:
  - { name: data-stewards }
  - { name: payments-stewards }
  - { name: database-owners }
catalog:
  - { target: ${targetName}, dataset: public.runs, columns: { marker: [pii] } }
  - { target: ${targetName}, dataset: public.customers, columns: { email: [pii] } }
limits: { ${limits} }
`;
}
