import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isScalar, parseDocument, type Scalar } from 'yaml';
import { agentCredential, personCredential } from './credentials.ts';
import type { SampleDatabase } from './database.ts';
import { ensurePolicies } from './policies.ts';
import { freePort } from './server.ts';
import { writePrivateFile } from './state.ts';

export const targetName = 'shop';
export const agentName = 'reporting-agent';
export const people = ['ana', 'sam', 'kim', 'olga'] as const;
export type PersonName = (typeof people)[number];

type YamlPath = readonly (string | number)[];

const defaultPort = { api: 7543, postgres: 6543 };
const apiPortPath = ['listen', 'api', 'port'];
const postgresPortPath = ['listen', 'postgres', 'port'];

export interface PortWishes {
  readonly apiPort?: number | undefined;
  readonly postgresPort?: number | undefined;
}

export interface SampleConfiguration {
  readonly path: string;
  readonly agentToken: string;
  readonly tokens: Readonly<Record<PersonName, string>>;
}

/** Writes sallyport.yaml at the first start; later only the ports in it change, and what a person wrote there stays. */
export async function ensureConfiguration(
  stateDirectory: string,
  database: SampleDatabase,
  wishes: PortWishes,
): Promise<SampleConfiguration> {
  const path = join(stateDirectory, 'sallyport.yaml');
  const agent = await agentCredential(stateDirectory, agentName);
  const tokens: Partial<Record<PersonName, string>> = {};
  for (const name of people) tokens[name] = (await personCredential(stateDirectory, name)).token;
  const isFirst = !existsSync(path);
  const written = isFirst ? template(database) : readFileSync(path, 'utf8');
  const api = await choosePort('api', isFirst, wishes.apiPort ?? portOf(written, apiPortPath));
  const postgres = await choosePort('pg', isFirst, wishes.postgresPort ?? portOf(written, postgresPortPath));
  const text = withPort(
    withPort(withPort(written, apiPortPath, api), postgresPortPath, postgres),
    ['targets', 0, 'port'],
    database.port,
  );
  if (isFirst) ensurePolicies(stateDirectory);
  if (isFirst || text !== written) writePrivateFile(path, text);
  return { path, agentToken: agent.token, tokens: tokens as Record<PersonName, string> };
}

const portNode = (text: string, path: YamlPath): Scalar<number> => {
  const node: unknown = parseDocument(text).getIn(path, true);
  if (isScalar(node) && typeof node.value === 'number') return node as Scalar<number>;
  throw new Error(`sallyport.yaml has no ${path.join('.')}: the sample needs it. Put it back.`);
};

const portOf = (text: string, path: YamlPath): number => portNode(text, path).value;

/** The text with another port in it, and every other byte as it was. */
function withPort(text: string, path: YamlPath, port: number): string {
  const [start = 0, end = 0] = portNode(text, path).range ?? [];
  return text.slice(0, start) + String(port) + text.slice(end);
}

/** The port if it is free. At the first start another one does as well; later, clients know the address. */
async function choosePort(flag: string, isFirst: boolean, wanted: number): Promise<number> {
  const port = (await freePort(wanted)) ?? (isFirst ? await freePort() : undefined);
  if (port !== undefined) return port;
  throw new Error(
    `Port ${wanted} is taken by another program. Stop that one, or choose with --${flag}-port N.`,
  );
}

const template = (
  database: SampleDatabase,
): string => `# The sample's configuration, written by its first start. Change it as you like: only ports are set again.
origin: sample.sallyport.example/ledger
state: gateway

listen:
  postgres: { host: 127.0.0.1, port: ${defaultPort.postgres} }
  api: { host: 127.0.0.1, port: ${defaultPort.api} }

targets:
  - name: ${targetName}
    protocol: postgresql
    # Taken for production by the policies; try "staging" and see what changes.
    environment: production
    host: ${database.host}
    port: ${database.port}
    database: ${database.database}
    user: ${database.user}
    password: { file: secrets/postgres-gateway }

agents:
  - name: ${agentName}
    sponsor: ana
    groups: [reporting]
    credential: { scram: { file: secrets/${agentName}.check } }

people:
  - name: ana
    displayName: Ana Analyst
    groups: [analysts]
    credential: { tokenSha256: { file: secrets/ana.check } }
  - name: sam
    displayName: Sam Steward
    groups: [data-stewards, payments-stewards, database-owners]
    credential: { tokenSha256: { file: secrets/sam.check } }
  - name: kim
    displayName: Kim Keeper
    groups: [data-stewards, payments-stewards, database-owners]
    credential: { tokenSha256: { file: secrets/kim.check } }
  - name: olga
    displayName: Olga Operator
    groups: [operators, on-call]
    credential: { tokenSha256: { file: secrets/olga.check } }

groups:
  - { name: reporting, description: Agents that make reports. }
  - { name: analysts, description: Ask questions of the data. }
  - { name: data-stewards, description: Answer for personal data. }
  - { name: payments-stewards, description: Answer for payment card data. }
  - { name: database-owners, description: Answer for the databases. }
  - { name: operators, description: Run the gateway. }
  - { name: on-call, description: Decide where nobody of a team has in time. }

catalog:
  - target: ${targetName}
    dataset: public.customers
    columns: { full_name: [pii], email: [pii], phone: [pii], card_number: [pci] }
    owner: data-stewards
    compliance: [GDPR, PCI-DSS]
  - target: ${targetName}
    dataset: public.payments
    columns: { card_number: [pci] }
    owner: payments-stewards
    compliance: [PCI-DSS]
  - target: ${targetName}
    dataset: public.employees
    columns: { full_name: [pii], email: [pii], salary_cents: [confidential] }
    owner: data-stewards
    compliance: [GDPR]

# A policy counts its delays in these hours with @calendar("office"): a review of Friday evening then ends on Monday.
calendars:
  - name: office
    timeZone: Europe/Berlin
    hours:
      - { days: [mon, tue, wed, thu, fri], from: "09:00", to: "17:00" }
    holidays: [2026-12-25, 2027-01-01]

# A copy of the policies that come with Sallyport, made by the first start; one has an escalation: grep for @escalate.
policies: { directory: policies }
`;
