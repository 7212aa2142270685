/** Desks that say no, for tests of what is around them. */
import { refuseDelegation } from '../../src/core/delegation.ts';
import { refuseChange } from '../../src/core/policy-change.ts';
import type { DelegationDesk, PolicyDesk } from '../../src/ports.ts';

export const noDelegations: DelegationDesk = {
  delegatorsOf: () => [],
  list: () => [],
  make: async () => refuseDelegation('delegation.unknown_person', 'There is no such person.'),
  revoke: async () => refuseDelegation('delegation.not_found', 'There is no such delegation.'),
};

const noChange = async () => refuseChange('policy_change.not_found', 'There is no such change.');

export const noPolicyChanges: PolicyDesk = {
  inForce: async () => ({ version: 'v', files: [], builtIn: true, observed: [] }),
  propose: noChange,
  vote: noChange,
  withdraw: noChange,
};
