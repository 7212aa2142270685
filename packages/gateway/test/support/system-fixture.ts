import { chmodSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { startGateway } from '@sallyport/gateway/main';
import { SallyportClient, SallyportError } from '@sallyport/sdk';
import type { Review } from '@sallyport/sdk/contract';
import pg from 'pg';
import {
  agentName,
  ensureConfiguration,
  targetName,
  type PersonName,
} from '../../../../sample/configuration.ts';
import { startSampleDatabase } from '../../../../sample/database.ts';
import { freePort } from '../../../../sample/server.ts';
import { openStateDirectory, secret } from '../../../../sample/state.ts';
import { temporaryDirectory } from './ledger.ts';
import { checkWholeLedger, type LedgerLeaf } from './system-ledger.ts';
import { eventually } from './system-wait.ts';

export interface TestSystemOptions {
  /** Run in the target as the gateway's role, before the gateway reads its catalog. */
  readonly schema?: string;
  /** `limits` of sallyport.yaml. */
  readonly limits?: Readonly<Record<string, number>>;
  /** People for whom the agent may say that it acts. */
  readonly mayActFor?: readonly string[];
  /** `preview` of the target. */
  readonly preview?: 'off';
  /** `name=value` settings of the target's server. */
  readonly settings?: readonly string[];
  /** Cedar text that is added to the policies that come with Sallyport. */
  readonly policies?: string;
}

/** A gateway before a PostgreSQL 18 with the sample shop, and those who deal with it. */
export interface TestSystem {
  readonly host: string;
  readonly port: number;
  readonly apiUrl: string;
  readonly target: string;
  readonly agent: string;
  readonly agentToken: string;
  /** Votes as the data steward, payments steward and database owner. */
  readonly sam: SallyportClient;
  readonly samToken: string;
  /** Anybody by the name in the sample's configuration; `agent` is its agent. */
  as(name: PersonName | 'agent'): SallyportClient;
  tokenOf(name: PersonName | 'agent'): string;
  /** The configuration's file; policies that were added are in `policies` beside it. */
  readonly configPath: string;
  /** The ledger's verifier key. */
  readonly vkey: string;
  /** The gateway's own login at the target. */
  readonly targetLogin: pg.ClientConfig;
  /** Asks the target itself, past the gateway. */
  behind(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /** The pending review of a command that holds this text; waits for it. */
  pending(text: string): Promise<Review>;
  approve(text: string): Promise<Review>;
  reject(text: string, reason: string): Promise<Review>;
  reviewsOf(text: string): Promise<readonly Review[]>;
  /** Verifies the whole ledger: every proof, and that every intent has its one outcome. Call when nothing is under way. */
  checkLedger(): Promise<readonly LedgerLeaf[]>;
  close(): Promise<void>;
}

export async function startTestSystem(options: TestSystemOptions = {}): Promise<TestSystem> {
  const { directory, remove } = temporaryDirectory();
  const stateDirectory = openStateDirectory(directory);
  const database = await startSampleDatabase({ stateDirectory, settings: options.settings ?? [] });
  const { host, port } = database;
  const superuser = { user: 'postgres', password: secret(stateDirectory, 'postgres-superuser') };
  const direct = new pg.Pool({ host, port, ...superuser, database: database.database, max: 2 });
  direct.on('error', () => undefined);
  const stopDatabase = async (): Promise<void> => {
    await direct.end();
    await database.stop();
    remove();
  };
  try {
    const owner = `GRANT CREATE ON SCHEMA public TO ${database.user}; GRANT CREATE, TEMPORARY ON DATABASE ${database.database} TO ${database.user}; SET ROLE ${database.user}`;
    await direct.query(`${owner}; ${options.schema ?? ''}; RESET ROLE`);
    const ports = { apiPort: await freePort(), postgresPort: await freePort() };
    const configuration = await ensureConfiguration(stateDirectory, database, ports);
    configure(configuration.path, options);
    const gateway = await startGateway({ configPath: configuration.path });
    const tokenOf = (name: PersonName | 'agent'): string =>
      name === 'agent' ? configuration.agentToken : configuration.tokens[name];
    const as = (name: PersonName | 'agent'): SallyportClient =>
      new SallyportClient({ url: gateway.api.address, token: tokenOf(name) });
    const sam = as('sam');
    const [gatewayHost = '', gatewayPort = ''] = gateway.postgres.address.split(':');
    return {
      host: gatewayHost,
      port: Number(gatewayPort),
      apiUrl: gateway.api.address,
      target: targetName,
      agent: agentName,
      agentToken: configuration.agentToken,
      sam,
      samToken: configuration.tokens.sam,
      as,
      tokenOf,
      configPath: configuration.path,
      vkey: gateway.ledger.vkey,
      ...reviewing(sam),
      targetLogin: {
        host,
        port,
        user: database.user,
        password: database.password,
        database: database.database,
      },
      behind: async (sql, values) => (await direct.query(sql, values)).rows as Record<string, unknown>[],
      checkLedger: () => checkWholeLedger(sam, gateway.ledger.vkey),
      close: async () => {
        await gateway.close();
        await stopDatabase();
      },
    };
  } catch (error) {
    await stopDatabase();
    throw error;
  }
}

function configure(path: string, { limits, mayActFor, policies, preview }: TestSystemOptions): void {
  let text = readFileSync(path, 'utf8');
  if (limits !== undefined) text += `\nlimits: ${JSON.stringify(limits)}\n`;
  if (policies !== undefined) {
    const directory = policyFolder(dirname(path), policies);
    text = text.replace('policies: {}', `policies: { directory: ${directory} }`);
  }
  if (mayActFor !== undefined)
    text = text.replace(
      'groups: [reporting]',
      `groups: [reporting]\n    mayActFor: ${JSON.stringify(mayActFor)}`,
    );
  if (preview !== undefined)
    text = text.replace('environment: production', `environment: production\n    preview: ${preview}`);
  writeFileSync(path, text);
  chmodSync(path, 0o600);
}

function policyFolder(home: string, more: string): string {
  const folder = join(home, 'policies');
  cpSync(new URL('../../policies', import.meta.url), folder, { recursive: true });
  writeFileSync(join(folder, '90-test.cedar'), more);
  return folder;
}

type Reviewing = Pick<TestSystem, 'pending' | 'approve' | 'reject' | 'reviewsOf'>;

function reviewing(sam: SallyportClient): Reviewing {
  const reviewsOf = async (text: string): Promise<Review[]> => {
    const page = await sam.listReviews({ limit: 100 });
    const reviews = await Promise.all(page.reviews.map(({ id }) => sam.getReview(id)));
    return reviews.filter(({ command }) => command.includes(text));
  };
  const pending = (text: string): Promise<Review> =>
    eventually(`a pending review of ${text}`, async () =>
      (await reviewsOf(text)).find(({ status }) => status === 'pending'),
    );
  const vote = async (text: string, kind: 'approve' | 'reject', reason: string): Promise<Review> => {
    const { id, digest, rendering } = await pending(text);
    try {
      return await sam.vote(id, { kind, reason, digest, rendering });
    } catch (error) {
      // Its preview came between look and vote: a person looks again.
      if (error instanceof SallyportError && error.code === 'vote.rendering_mismatch')
        return vote(text, kind, reason);
      throw error;
    }
  };
  return {
    reviewsOf,
    pending,
    approve: (text) => vote(text, 'approve', ''),
    reject: (text, reason) => vote(text, 'reject', reason),
  };
}
