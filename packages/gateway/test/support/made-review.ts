/** Reviews as they come out of the store, each of an action of its own. */
import { createHash } from 'node:crypto';
import { type Action, canonicalAction } from '../../src/core/action.ts';
import { makeId } from '../../src/core/ids.ts';
import type { Review, ReviewSubject } from '../../src/core/review.ts';

/** When they were opened, and where the clock of a fake stands. */
export const startMs = Date.UTC(2026, 10, 21, 9, 0, 0);

let counter = 0;
/** Ids that repeat from run to run. */
function nextId<P extends 'act' | 'rev' | 'gra'>(prefix: P): `${P}_${string}` {
  counter += 1;
  return makeId(prefix, startMs + counter, new Uint8Array(10).fill(counter));
}

export function makeReview(changes: Partial<ReviewSubject> = {}): Review {
  const action: Action = {
    id: changes.action ?? nextId('act'),
    requester: changes.requester ?? {
      agent: 'reporter',
      agentGroups: [],
      sponsor: 'sam',
      onBehalfOf: 'sam',
      onBehalfOfBasis: 'configured',
      parties: ['sam'],
      session: 'ses_1',
      client: '127.0.0.1:50000',
    },
    target: changes.target ?? { name: 'shop-db', protocol: 'postgres', environment: 'production' },
    command: changes.command ?? 'SELECT email FROM customers',
    parameters: changes.parameters ?? [],
    preconditions: changes.preconditions ?? {},
  };
  return {
    id: nextId('rev'),
    subject: {
      ...subjectDefaults,
      ...changes,
      action: action.id,
      digest: createHash('sha256').update(canonicalAction(action)).digest('hex'),
      requester: action.requester,
      target: action.target,
      command: action.command,
      parameters: action.parameters,
      preconditions: action.preconditions,
    },
    openedAtMs: startMs,
    announcedUntilMs: startMs,
    expiresAtMs: startMs + 30 * 60_000,
    schedule: subjectDefaults.demands.map((each) => ({
      expiresAtMs: startMs + each.expiresInMs,
      remindersAtMs: [],
      escalationsAtMs: [],
    })),
    // Every action is of a shape of its own, unless a test says otherwise.
    shape: createHash('sha256')
      .update(`shape ${canonicalAction(action)}`)
      .digest('hex'),
    votes: [],
    questions: [],
    preview: null,
    supersedes: null,
    revision: 0,
    state: { status: 'pending' },
  };
}

const subjectDefaults: Omit<
  ReviewSubject,
  'action' | 'digest' | 'requester' | 'target' | 'command' | 'parameters' | 'preconditions'
> = {
  commitment: 'Y29tbWl0bWVudA',
  salt: 'c2FsdHNhbHRzYWx0c2FsdA',
  operation: 'sql:select',
  title: 'SELECT',
  datasets: [
    {
      dataset: 'public.customers',
      access: ['read'],
      basis: 'parsed',
      classes: [],
      columns: [{ name: 'email', uses: ['read'], classes: ['pii'] }],
    },
  ],
  functions: [],
  rowLimit: null,
  unknown: [],
  risk: {
    score: 55,
    signals: [{ name: 'pii', weight: 55, explanation: 'reads personal data of every customer' }],
  },
  reasons: ['Personal data without a row limit.'],
  policies: ['classified-reads'],
  demands: [
    {
      policy: 'classified-reads',
      approvers: [{ kind: 'group', name: 'data-owners' }],
      escalation: [],
      quorum: 1,
      rejections: 1,
      expiresInMs: 30 * 60_000,
      remindersMs: [],
      calendar: null,
      passkeyFromRisk: null,
      excluded: [],
      reason: 'Personal data leaves the database.',
      controls: ['SOC2:CC6.1'],
    },
  ],
  statedTask: 'monthly newsletter',
  holding: ['the client waits, outside of a transaction'],
};
