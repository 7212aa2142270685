import { startGateway } from '@sallyport/gateway/main';
import {
  agentName,
  ensureConfiguration,
  targetName,
  type PersonName,
  type PortWishes,
} from './configuration.ts';
import { startSampleDatabase } from './database.ts';
import { startFakeSlack } from './fake-slack.ts';
import { openStateDirectory } from './state.ts';

export interface SystemOptions extends PortWishes {
  readonly stateDirectory: string;
  /** Whether a local Slack is started besides. Default: no. */
  readonly fakeSlack?: boolean;
  /** Called before each step, with what is about to happen. */
  readonly onStep?: (step: string) => void;
}

/** The sample database with a gateway before it. */
export interface SampleSystem {
  /** The agent's `DATABASE_URL`. */
  readonly databaseUrl: string;
  readonly apiUrl: string;
  /** The API token of each person. */
  readonly tokens: Readonly<Record<PersonName, string>>;
  readonly ledger: { readonly vkey: string; readonly origin: string };
  readonly configPath: string;
  /** The page of the local Slack; null: there is none. */
  readonly slackUrl: string | null;
  /** How to ask the database behind the gateway: what is really there. */
  readonly databaseBehind: string;
  /** The gateway first, so that what it still does can end; then the database. */
  close(): Promise<void>;
}

/** Starts everything; the first start in a state folder makes data, configuration and tokens, later ones keep them. */
export async function startSystem(options: SystemOptions): Promise<SampleSystem> {
  const step = options.onStep ?? (() => undefined);
  const stateDirectory = openStateDirectory(options.stateDirectory);
  step('starting PostgreSQL 18 with the sample shop');
  const database = await startSampleDatabase({ stateDirectory });
  try {
    step('reading sallyport.yaml');
    const configuration = await ensureConfiguration(stateDirectory, database, options);
    const slack = options.fakeSlack === true ? await startFakeSlack(configuration.path) : null;
    const configPath = slack?.configPath ?? configuration.path;
    step('starting the gateway');
    const gateway = await startGateway({ configPath });
    return {
      databaseUrl: `postgres://${agentName}:${configuration.agentToken}@${gateway.postgres.address}/${targetName}`,
      apiUrl: gateway.api.address,
      tokens: configuration.tokens,
      ledger: gateway.ledger,
      configPath,
      slackUrl: slack?.url ?? null,
      databaseBehind: `postgres://${database.user}:${database.password}@${database.host}:${database.port}/${database.database}`,
      close: async () => {
        step('stopping the gateway');
        await gateway.close();
        await slack?.close();
        step('stopping PostgreSQL');
        await database.stop();
      },
    };
  } catch (error) {
    await database.stop();
    throw error;
  }
}
