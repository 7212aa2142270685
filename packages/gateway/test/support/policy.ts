import { readdirSync, readFileSync } from 'node:fs';
import type { Description } from '../../src/core/describe.ts';
import type { Requester, Target } from '../../src/core/identity.ts';
import type { PolicyRequest } from '../../src/ports.ts';
import type { PolicySource } from '../../src/policy/source.ts';

const directory = new URL('../../policies/', import.meta.url);

/** The policies that come with Sallyport. */
export const pack: readonly PolicySource[] = readdirSync(directory)
  .filter((name) => name.endsWith('.cedar'))
  .map((name) => ({ name, text: readFileSync(new URL(name, directory), 'utf8') }));

export const requester: Requester = {
  agent: 'reporter',
  agentGroups: ['reporting'],
  parties: ['ana'],
  sponsor: 'ana',
  onBehalfOf: 'ana',
  onBehalfOfBasis: 'configured',
  session: 'ses_1',
  client: '127.0.0.1:1',
};

export const target: Target = { name: 'shop', protocol: 'postgresql', environment: 'production' };

export const description: Description = {
  operation: 'sql:select',
  title: 'SELECT',
  datasets: [],
  functions: [],
  reach: 'none',
  rowLimit: null,
  filtered: false,
  unknown: [],
  flags: [],
};

export const request = (parts: Partial<PolicyRequest> = {}): PolicyRequest => ({
  requester,
  target,
  description,
  datasets: [],
  risk: { score: 0, signals: [] },
  ...parts,
});
