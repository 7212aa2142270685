/** Desks that say yes to everything, for tests of what is around them. */
import type { Delegation } from '../../src/core/delegation.ts';
import { makeId } from '../../src/core/ids.ts';
import type { PolicyChange } from '../../src/core/policy-change.ts';
import { ok } from '../../src/core/result.ts';
import type { ApproverForesight, DelegationDesk, PolicyDesk } from '../../src/ports.ts';

const bytes = new Uint8Array(10).fill(7);

export const delegation: Delegation = {
  kind: 'delegation',
  id: makeId('dlg', 0, bytes),
  from: 'vera',
  to: 'ned',
  fromMs: 0,
  untilMs: 1,
  madeAtMs: 0,
  origin: 'person',
  revoked: null,
  revision: 1,
};

export const policyChange: PolicyChange = {
  kind: 'policy_change',
  id: makeId('pch', 0, bytes),
  author: 'vera',
  identity: 'vera',
  reason: 'less noise',
  base: 'before',
  version: 'after',
  baseFiles: [{ name: 'a.cedar', text: 'one' }],
  files: [{ name: 'b.cedar', text: 'two' }],
  digest: 'a'.repeat(64),
  differences: [{ id: 'rule', change: 'changed', parts: [{ part: 'effect', from: 'permit', to: 'forbid' }] }],
  replay: {
    sinceMs: 0,
    complete: true,
    decided: 1,
    unchanged: 0,
    undecided: 0,
    changedCount: 1,
    changed: [
      {
        action: 'act_1',
        atMs: 0,
        agent: 'reporter',
        target: 'shop',
        operation: 'sql:select',
        from: 'allow',
        to: 'review',
        before: ['may'],
        after: ['rule'],
      },
    ],
    reviews: [{ whom: 'group:stewards', more: 1 }],
  },
  proposedAtMs: 0,
  expiresAtMs: 1,
  revision: 1,
  state: { status: 'proposed' },
};

export const fakeDelegations: DelegationDesk = {
  delegatorsOf: () => [],
  list: () => [delegation],
  make: async () => ok(delegation),
  revoke: async () => ok(delegation),
};

export const fakeForesight: ApproverForesight = {
  forAction: () =>
    ok({ atMs: 0, decision: { effect: 'allow', policies: ['may'], reasons: ['It may.'] }, demands: [] }),
};

export const fakePolicies: PolicyDesk = {
  inForce: async () => ({ version: 'v', files: [], builtIn: true, observed: [] }),
  propose: async () => ok(policyChange),
  vote: async () => ok(policyChange),
  withdraw: async () => ok(policyChange),
};
