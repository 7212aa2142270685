import { readdirSync, readFileSync } from 'node:fs';
import type { Attempt } from '../packages/gateway/src/connectors/connector.ts';
import type { Agent, Requester, Target } from '../packages/gateway/src/core/identity.ts';
import { limits } from '../packages/gateway/src/limits.ts';
import { createPolicyEngine } from '../packages/gateway/src/policy/engine.ts';
import type { PolicyEngine } from '../packages/gateway/src/ports.ts';

/**
 * What the benches of reviews ask for: a read of personal data without a limit, which the policies that come with
 * Sallyport hold for a person. Ana answers for every agent, and can't approve.
 */

/** Whose members those policies ask. */
export const groups = ['data-stewards', 'database-owners', 'security'];

/** No agent waits for another one's reviews. */
export const bounds = { ...limits, pendingReviewsPerAgent: 1_000_000, reviewsPerAgentBurst: 1_000_000 };

export async function loadPolicies(): Promise<PolicyEngine> {
  const folder = new URL('../packages/gateway/policies/', import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith('.cedar'));
  const policies = names.map((name) => ({ name, text: readFileSync(new URL(name, folder), 'utf8') }));
  const engine = await createPolicyEngine({ policies, names: null });
  if (!engine.ok) throw new Error(engine.error.map(({ message }) => message).join('; '));
  return engine.value;
}

export const agentOf = (name: string): Agent => ({
  kind: 'agent',
  name,
  groups: [],
  sponsor: 'ana',
  mayActFor: [],
  credentialOwner: 'ana',
});

export const requesterOf = (agent: string): Requester => ({
  agent,
  agentGroups: [],
  sponsor: 'ana',
  onBehalfOf: 'ana',
  onBehalfOfBasis: 'configured',
  parties: ['ana'],
  session: 'ses_bench',
  client: '127.0.0.1:1',
});

const dataset = { dataset: 'public.customers', access: ['read'], basis: 'parsed' } as const;
const description = {
  operation: 'sql:select',
  title: 'SELECT',
  datasets: [{ ...dataset, columns: [{ name: 'email', uses: ['read'] }] }],
  functions: [],
  reach: 'none',
  rowLimit: null,
  filtered: false,
  unknown: [],
  flags: [],
} as const;

const classified = [
  { ...dataset, columns: [{ name: 'email', uses: ['read'], classes: ['pii'] }], classes: [] },
] as const;

/** What the catalog says of it: the same object each time, as from the catalog, which policies may remember. */
export const classifier = { classify: () => classified };

let counter = 0;

/** The next read; every one has bytes of its own. */
export const nextRead = (requester: Requester, target: Target): Attempt => ({
  requester,
  target,
  command: `SELECT email FROM customers WHERE id <> ${counter++}`,
  description,
  parameters: [],
  preconditions: {},
  statedTask: 'bench',
  supersedes: null,
});
