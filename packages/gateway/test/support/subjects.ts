import type { Attempt } from '../../src/connectors/connector.ts';
import type { Decision, Demand } from '../../src/core/decide.ts';
import type { Agent, Person, Requester, Target } from '../../src/core/identity.ts';
import { scheduleOf } from '../../src/core/schedule.ts';
import type { Review } from '../../src/core/review.ts';
import type { Passkeys } from '../../src/ports.ts';
import type { Electorate } from '../../src/core/electorate.ts';
import { description } from './policy.ts';

/** Objects that many tests need, complete and valid; each test changes what it is about. */

export const target: Target = { name: 'prod-db', protocol: 'postgresql', environment: 'production' };

export const agent: Agent = {
  kind: 'agent',
  name: 'reporter',
  groups: [],
  sponsor: 'ana',
  mayActFor: ['ben'],
  credentialOwner: 'ana',
};

export const requester: Requester = {
  agent: 'reporter',
  agentGroups: [],
  sponsor: 'ana',
  onBehalfOf: 'ana',
  onBehalfOfBasis: 'configured',
  parties: ['ana'],
  session: 'ses_01hzzzzzzzzzzzzzzzzzzzzzzz',
  client: '127.0.0.1:5000',
};

export const person = (name: string, groups: readonly string[] = [], disabled = false): Person => ({
  kind: 'person',
  name,
  displayName: name,
  identity: name,
  groups,
  disabled,
});

export const demand = (given: Partial<Demand> = {}): Demand => ({
  policy: 'classified-reads',
  approvers: [{ kind: 'group', name: 'stewards' }],
  escalation: [],
  quorum: 1,
  rejections: 1,
  expiresInMs: 1_800_000,
  remindersMs: [],
  calendar: null,
  passkeyFromRisk: null,
  excluded: [],
  reason: 'Reads personal data.',
  controls: ['SOC2:CC6.1'],
  ...given,
});

/** What policy says of an action that waits for people. */
export const reviewed = (given: Partial<Demand> = {}): Decision => ({
  effect: 'review',
  policies: ['classified-reads'],
  reasons: ['Reads personal data.'],
  demands: [demand(given)],
});

export const attempt = (given: Partial<Attempt> = {}): Attempt => ({
  requester,
  target,
  command: 'SELECT email FROM customers',
  parameters: [],
  preconditions: {},
  description,
  statedTask: '',
  supersedes: null,
  ...given,
});

/** Nobody has one. */
export const noPasskeys: Pick<Passkeys, 'proveVote'> = {
  proveVote: async () => ({
    ok: false,
    error: { code: 'vote.passkey_invalid', message: 'no passkeys here' },
  }),
};

export const electorate = (people: readonly Person[], mayApprove = true): Electorate => ({
  person: (name) => people.find((one) => one.name === name),
  people: () => people,
  mayApprove: () => mayApprove,
});

export const DIGEST = 'a'.repeat(64);
export const RENDERING = 'e'.repeat(64);

export function review(given: Partial<Review> = {}, demands: readonly Demand[] = [demand()]): Review {
  return {
    id: 'rev_01hzzzzzzzzzzzzzzzzzzzzzzz',
    openedAtMs: 1_000,
    announcedUntilMs: 1_000,
    expiresAtMs: 1_801_000,
    schedule: demands.map((each) => scheduleOf(each, 1_000, (_, fromMs, durationMs) => fromMs + durationMs)),
    votes: [],
    questions: [],
    preview: null,
    supersedes: null,
    shape: 'f'.repeat(64),
    revision: 1,
    state: { status: 'pending' },
    subject: {
      action: 'act_01hzzzzzzzzzzzzzzzzzzzzzzz',
      digest: DIGEST,
      commitment: 'c'.repeat(43),
      salt: 's'.repeat(22),
      requester,
      target,
      command: 'SELECT email FROM customers',
      parameters: [],
      preconditions: {},
      operation: 'sql:select',
      title: 'SELECT',
      datasets: [],
      functions: [],
      rowLimit: null,
      unknown: [],
      risk: { score: 40, signals: [] },
      reasons: ['Reads personal data.'],
      policies: ['classified-reads'],
      demands,
      statedTask: '',
      holding: [],
    },
    ...given,
  };
}
