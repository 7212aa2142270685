import { join } from 'node:path';
import { agentCredential, personCredential } from '../sample/credentials.ts';
import { freePort } from '../sample/server.ts';
import { openStateDirectory, secretPath, writePrivateFile } from '../sample/state.ts';
import type { Endpoint } from './pgbench.ts';

const target = 'bench';
const agent = 'bench-agent';
const reviewer = 'bench-reviewer';

export interface BenchAccess {
  readonly configPath: string;
  readonly target: string;
  readonly agent: string;
  readonly agentToken: string;
  readonly reviewerToken: string;
}

/**
 * The default policies and bounds, as in production, but for how fast one agent may ask: here one stands for all. What
 * pgbench touches is not classified, `people` is.
 */
export async function writeBenchConfiguration(directory: string, direct: Endpoint): Promise<BenchAccess> {
  openStateDirectory(directory);
  const agentAccess = await agentCredential(directory, agent);
  const reviewerAccess = await personCredential(directory, reviewer);
  writePrivateFile(secretPath(directory, 'upstream'), `${direct.password}\n`);
  const configPath = join(directory, 'sallyport.yaml');
  writePrivateFile(
    configPath,
    `origin: bench.sallyport.example/ledger
state: gateway
listen:
  postgres: { host: 127.0.0.1, port: ${await freePort()} }
  api: { host: 127.0.0.1, port: ${await freePort()} }
targets:
  - name: ${target}
    protocol: postgresql
    environment: production
    host: ${direct.host}
    port: ${direct.port}
    database: ${direct.database}
    user: ${direct.user}
    password: { file: secrets/upstream }
agents:
  - name: ${agent}
    sponsor: bench-sponsor
    credential: { scram: { file: ${agentAccess.checkFile} } }
people:
  - name: bench-sponsor
  - name: ${reviewer}
    groups: [data-stewards, payments-stewards, database-owners]
    credential: { tokenSha256: { file: ${reviewerAccess.checkFile} } }
groups:
  - { name: data-stewards }
  - { name: payments-stewards }
  - { name: database-owners }
catalog:
  - target: ${target}
    dataset: public.people
    columns: { email: [pii] }
limits: { reviewsPerAgentPerMinute: 100000, reviewsPerAgentBurst: 100000 }
`,
  );
  return {
    configPath,
    target,
    agent,
    agentToken: agentAccess.token,
    reviewerToken: reviewerAccess.token,
  };
}
