import type { Field } from '../../src/core/constraint.ts';
import { makeId } from '../../src/core/ids.ts';
import type { Candidate, Findings, StandingGrant, StandingTerms } from '../../src/core/standing.ts';
import { demand, DIGEST, requester, RENDERING, review, target } from './subjects.ts';

/** A live standing grant and an action that it covers, complete and valid; each test changes what it is about. */

export const NOW_MS = 2_000;
const demands = [demand()];

export const terms: StandingTerms = {
  agent: requester.agent,
  onBehalfOf: requester.onBehalfOf,
  target,
  operation: 'sql:select',
  template: 'f'.repeat(64),
  preconditions: { search_path: 'public' },
  fields: [
    {
      name: 'literal 1',
      type: 'string',
      free: true,
      orders: ['date'],
      context: 'country = ',
      constraint: { kind: 'oneOf', values: ['CH', 'DE'] },
    },
    {
      name: '$1',
      type: 'type 23, text',
      free: true,
      orders: ['number'],
      context: '',
      constraint: { kind: 'range', order: 'number', min: '1', max: '100' },
    },
    {
      name: '$2',
      type: 'type 25, text',
      free: false,
      orders: [],
      context: '',
      constraint: { kind: 'equals', value: null },
    },
  ],
  datasets: [
    {
      dataset: 'public.customers',
      access: ['read'],
      basis: 'parsed',
      classes: [],
      columns: [
        { name: 'country', uses: ['filtered'], classes: [] },
        { name: 'email', uses: ['read'], classes: ['pii'] },
      ],
    },
  ],
  functions: ['pg_catalog.lower'],
  maxUses: 2,
  maxRowsPerUse: 150,
  maxRows: 250,
  validFromMs: 1_000,
  validUntilMs: 3_600_000,
};

export const standingId = (number: number): StandingGrant['id'] =>
  makeId('std', 1_000 + number, new Uint8Array(10).fill(number));
export const useId = (number: number) => makeId('act', 1_000 + number, new Uint8Array(10).fill(number));

export function standingGrant(given: Partial<StandingGrant> = {}): StandingGrant {
  const sample = review({}, demands);
  return {
    id: standingId(1),
    review: sample.id,
    terms,
    digest: DIGEST,
    commitment: 'k'.repeat(43),
    sample: sample.subject,
    proposedBy: 'sam',
    reason: 'asked for all morning',
    proposedAtMs: 1_000,
    schedule: sample.schedule,
    votesUntilMs: sample.expiresAtMs,
    votes: [
      {
        person: 'kim',
        identity: 'kim',
        kind: 'approve',
        reason: '',
        digest: DIGEST,
        rendering: RENDERING,
        atMs: 1_500,
        channel: 'api',
        passkey: null,
        retractedAtMs: null,
      },
    ],
    uses: [],
    revision: 2,
    state: { status: 'live', atMs: 1_500 },
    ...given,
  };
}

const values = ['CH', '42', null];
const fields: readonly Field[] = terms.fields.map(({ constraint: _, ...field }, at) => ({
  ...field,
  value: values[at] ?? null,
}));

export const covered: Candidate & Findings = {
  agent: terms.agent,
  onBehalfOf: terms.onBehalfOf,
  target,
  operation: terms.operation,
  template: terms.template,
  preconditions: terms.preconditions,
  fields,
  datasets: terms.datasets,
  demands,
  functions: [{ name: 'pg_catalog.lower', effect: 'none' }],
  flags: [],
  unknown: [],
  reach: 'none',
  rowLimit: 150,
};
