import { describe, expect, test } from 'vitest';
import { request, target } from '../../test/support/policy.ts';
import { attemptMembers, decisionEntry } from '../core/entry.ts';
import { limits } from '../limits.ts';
import { momentOf, observedBy } from './observing.ts';

const allow = { effect: 'allow', policies: ['p'], reasons: [] } as const;
const draft = { version: 'd1', decide: () => allow };
const policy = { version: 'v1', decide: () => allow, mayApprove: () => true, mayCall: () => true };

describe('a draft that is observed', () => {
  test('is in the entry of the attempt, with its version, beside what was decided', () => {
    const asked = request();
    const { requester, datasets, description, risk } = asked;
    const decision = { effect: 'deny', code: 'policy.forbidden', policies: ['never'], reasons: [] } as const;
    const shared = {
      requester,
      target,
      operation: description.operation,
      description,
      datasets,
      risk,
      decision,
    };
    const members = attemptMembers({ ...shared, ...observedBy(draft, asked) });
    const sealed = { aside: '{}', commitment: 'c'.repeat(43) };
    const { leaf } = decisionEntry({ action: 'act_1', atMs: 1, sealed, members }, null);
    expect(JSON.parse(leaf)).toMatchObject({
      decision: { effect: 'deny' },
      observed: { draft: 'd1', effect: 'allow', policies: ['p'] },
    });
    const without = decisionEntry(
      { action: 'act_1', atMs: 1, sealed, members: attemptMembers(shared) },
      null,
    );
    expect(without.leaf).not.toContain('observed');
  });

  test('leaves room in the entry, however many rules it has', () => {
    const policies = Array.from({ length: 500 }, (_, index) => `rule-${index.toString()}`);
    const many = { ...draft, decide: () => ({ ...allow, policies }) };
    expect(observedBy(many, request()).observed?.policies).toHaveLength(limits.observedPolicies);
  });

  test('is asked anew when its moment changes, and only for its own targets', () => {
    const drafts = { of: (name: string) => (name === 'shop' ? draft : undefined) };
    expect(momentOf({ policy }, target)).toBe('v1');
    expect(momentOf({ policy, drafts }, target)).toBe('v1 d1');
    expect(momentOf({ policy, drafts }, { ...target, name: 'other' })).toBe('v1');
  });
});
