import { describe, expect, test } from 'vitest';
import { policyChange } from '../../test/support/authority-fakes.ts';
import { agent, person } from '../../test/support/subjects.ts';
import {
  fileChanges,
  judgeChange,
  policyChangeForm,
  statusOfChange,
  withdrawChange,
  type ChangeVote,
  type PolicyChange,
} from './policy-change.ts';

const change: PolicyChange = {
  ...policyChange,
  author: 'vera',
  identity: 'p-1',
  base: 'v1',
  proposedAtMs: 1_000,
  expiresAtMs: 2_000,
};
const vera = { ...person('vera'), identity: 'p-1' };
const ned = person('ned');

const vote = (more: Partial<ChangeVote> = {}): ChangeVote => ({
  voter: ned,
  kind: 'approve',
  reason: '',
  digest: change.digest,
  atMs: 1_500,
  ...more,
});

function outcome(more: Partial<ChangeVote> = {}, inForce = 'v1', of = change): string {
  const judged = judgeChange(of, vote(more), inForce);
  return judged.ok ? judged.value.state.status : judged.error.code;
}

describe('a vote on a change of policy', () => {
  test('of another person approves it, as the next revision', () => {
    const judged = judgeChange(change, vote(), 'v1');
    expect(judged).toMatchObject({
      ok: true,
      value: { revision: change.revision + 1, state: { status: 'approved', by: 'ned', atMs: 1_500 } },
    });
  });

  test.each([
    ['an agent', { voter: agent }, 'policy_change.not_a_person'],
    ['its author', { voter: vera }, 'policy_change.own_change'],
    ['its author under another account', { voter: { ...ned, identity: 'p-1' } }, 'policy_change.own_change'],
    [
      'whoever has the author’s name now',
      { voter: { ...vera, identity: 'p-9' } },
      'policy_change.own_change',
    ],
    ['whoever saw something else', { digest: 'b'.repeat(64) }, 'policy_change.digest_mismatch'],
    ['whoever comes too late', { atMs: 2_000 }, 'policy_change.over'],
    ['somebody in its last moment', { atMs: 1_999 }, 'approved'],
    ['whoever rejects without a reason', { kind: 'reject', reason: ' ' }, 'policy_change.reason_required'],
    ['whoever rejects with one', { kind: 'reject', reason: 'no' }, 'rejected'],
  ] as const)('of %s', (_, more, expected) => {
    expect(outcome(more)).toBe(expected);
  });

  test('approves nothing that was proposed against other policies, and may reject it (A4)', () => {
    expect(outcome({}, 'v2')).toBe('policy_change.base_changed');
    expect(outcome({ kind: 'reject', reason: 'outdated' }, 'v2')).toBe('rejected');
  });

  test('keeps who rejected it, and why', () => {
    const judged = judgeChange(change, vote({ kind: 'reject', reason: 'too wide' }), 'v1');
    expect(judged.ok && judged.value.state).toEqual({
      status: 'rejected',
      by: 'ned',
      atMs: 1_500,
      reason: 'too wide',
    });
  });

  test('is none on what is decided already', () => {
    const state = { status: 'rejected', by: 'ned', atMs: 1, reason: 'no' } as const;
    expect(outcome({}, 'v1', { ...change, state })).toBe('policy_change.over');
  });
});

describe('taking a change back', () => {
  const code = (by: Parameters<typeof withdrawChange>[1], atMs = 1_500, of = change): string => {
    const withdrawn = withdrawChange(of, by, atMs);
    return withdrawn.ok ? withdrawn.value.state.status : withdrawn.error.code;
  };

  test('is its author’s matter: the human’s, not the name’s (law 4)', () => {
    expect(code(vera)).toBe('withdrawn');
    expect(code(ned)).toBe('policy_change.not_yours');
    expect(code({ ...vera, identity: 'p-9' })).toBe('policy_change.not_yours');
    expect(code({ ...ned, identity: 'p-1' })).toBe('policy_change.not_yours');
    expect(code({ ...agent, name: 'vera' })).toBe('policy_change.not_yours');
  });

  test('ends with its time, and is the next revision before', () => {
    expect(code(vera, 2_000)).toBe('policy_change.over');
    const withdrawn = withdrawChange(change, vera, 1_500);
    expect(withdrawn).toMatchObject({
      value: { revision: change.revision + 1, state: { status: 'withdrawn', atMs: 1_500 } },
    });
  });
});

test('a proposal is over when its time is; what was decided stays what it is', () => {
  expect(statusOfChange(change, 1_999)).toBe('proposed');
  expect(statusOfChange(change, 2_000)).toBe('expired');
  const state = { status: 'withdrawn', atMs: 1 } as const;
  expect(statusOfChange({ ...change, state }, 9_999)).toBe('withdrawn');
});

test('what is voted on is every file that differs, whole, in the order of names', () => {
  const before = [
    { name: 'c.cedar', text: 'gone' },
    { name: 'a.cedar', text: 'same' },
    { name: 'b.cedar', text: 'old' },
  ];
  const after = [
    { name: 'd.cedar', text: 'added' },
    { name: 'b.cedar', text: 'new' },
    { name: 'a.cedar', text: 'same' },
  ];
  expect(fileChanges(before, after)).toEqual([
    { name: 'b.cedar', before: 'old', after: 'new' },
    { name: 'c.cedar', before: 'gone', after: null },
    { name: 'd.cedar', before: null, after: 'added' },
  ]);
  const said = { author: 'vera', base: 'v1', baseFiles: before, files: after, reason: 'why' };
  expect(policyChangeForm(said)).toBe(
    '{"author":"vera","base":"v1","files":[{"name":"b.cedar","text":"new"},{"name":"c.cedar","text":null},{"name":"d.cedar","text":"added"}],"reason":"why","version":"sallyport/policy-change/v1"}',
  );
});
