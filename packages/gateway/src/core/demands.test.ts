/** Which demands are the same, who stands where towards them, and when they fall due. */
import { describe, expect, test } from 'vitest';
import { demand, electorate, person, review } from '../../test/support/subjects.ts';
import { sameDemands, type Demand } from './decide.ts';
import { explainUnmeetable, isParty, standingsOf, unmeetableDemands } from './electorate.ts';
import { refusal, type RefusalCode } from './reasons.ts';
import { scheduleOf } from './schedule.ts';
import { partiesOf } from './identity.ts';
import { agent, requester } from '../../test/support/subjects.ts';

const oncall = [{ kind: 'group', name: 'oncall' }] as const;

describe('two decisions rest on the same people', () => {
  const one = demand({ excluded: ['a', 'b'], passkeyFromRisk: 0 });
  test('when only words differ, or the order of names', () => {
    const approvers = [
      { kind: 'group', name: 'x' },
      { kind: 'person', name: 'y' },
    ] as const;
    const base = { ...one, approvers };
    expect(sameDemands([base], [{ ...base, reason: 'other', controls: [] }])).toBe(true);
    expect(sameDemands([base], [{ ...base, approvers: approvers.toReversed() }])).toBe(true);
    expect(sameDemands([base], [{ ...base, excluded: ['b', 'a'] }])).toBe(true);
    const other = demand({ policy: 'other' });
    expect(sameDemands([base, other], [other, base])).toBe(true);
  });
  test.each<[string, Partial<Demand>]>([
    ['another policy', { policy: 'other' }],
    ['a larger quorum', { quorum: 2 }],
    ['more rejections', { rejections: 2 }],
    ['other approvers', { approvers: oncall }],
    ['a person for the group of that name', { approvers: [{ kind: 'person', name: 'stewards' }] }],
    ['a step of escalation', { escalation: [{ afterMs: 1, approvers: oncall }] }],
    ['somebody else excluded', { excluded: ['a', 'c'] }],
    ['nobody excluded', { excluded: [] }],
    ['no passkey', { passkeyFromRisk: null }],
    ['a passkey from another risk on', { passkeyFromRisk: 1 }],
  ])('not with %s', (_, change) => {
    expect(sameDemands([one], [{ ...one, ...change }])).toBe(false);
    expect(sameDemands([one, one], [one])).toBe(false);
  });
  test('not with another step, delay or approver of the escalation', () => {
    const escalated = { ...one, escalation: [{ afterMs: 1, approvers: oncall }] };
    const later = { ...one, escalation: [{ afterMs: 2, approvers: oncall }] };
    const others = { ...one, escalation: [{ afterMs: 1, approvers: [] }] };
    expect(sameDemands([escalated], [later])).toBe(false);
    expect(sameDemands([escalated], [others])).toBe(false);
  });
});

describe('how a demand stands', () => {
  const people = [person('sam', ['stewards']), person('kim', ['stewards']), person('olga'), person('ana')];
  test('names those who could still approve it, by group or by name, and nobody else', () => {
    const named = demand({ policy: 'named', approvers: [{ kind: 'person', name: 'olga' }] });
    const standings = standingsOf(review({}, [demand(), named]), 2_000, electorate(people));
    expect(standings.map(({ eligible }) => eligible)).toEqual([['sam', 'kim'], ['olga']]);
    expect(standings.map(({ approvals, met }) => [approvals, met])).toEqual([
      [0, false],
      [0, false],
    ]);
  });
  test('no longer names whoever has voted, under any account', () => {
    const admin = { ...person('sam-admin', ['stewards']), identity: 'sam' };
    const vote = {
      person: 'sam',
      identity: 'sam',
      kind: 'approve',
      reason: '',
      digest: '',
      rendering: '',
      atMs: 1_500,
      channel: 'cli',
      passkey: null,
      retractedAtMs: null,
    } as const;
    const voted = review({ votes: [vote] }, [demand({ quorum: 2 })]);
    const [standing] = standingsOf(voted, 2_000, electorate([...people, admin]));
    expect(standing).toMatchObject({ eligible: ['kim'], approvals: 1, met: false });
  });
  test('a demand for a person is met by that person and not by a group of the same name', () => {
    const named = demand({ approvers: [{ kind: 'person', name: 'stewards' }] });
    expect(unmeetableDemands(review({}, [named]), electorate(people))).toEqual([named]);
    const group = demand({ approvers: [{ kind: 'group', name: 'olga' }] });
    expect(unmeetableDemands(review({}, [group]), electorate(people))).toEqual([group]);
  });
  test('says whom it lacks, escalation included', () => {
    const words = explainUnmeetable(demand({ quorum: 2, escalation: [{ afterMs: 1, approvers: oncall }] }));
    expect(words).toBe('Too few people can approve this now: it needs 2 of group stewards or group oncall.');
  });
});

describe('who stands behind a request', () => {
  test('each once, sorted, by identity where somebody is known and by name where not', () => {
    const owner = { ...agent, sponsor: 'zoe', credentialOwner: 'gone' };
    const known = (name: string) => (name === 'zoe' ? { ...person('zoe'), identity: 'a-1' } : undefined);
    expect(partiesOf(owner, 'ben', known)).toEqual(['a-1', 'ben', 'gone']);
    expect(partiesOf(owner, 'zoe', known)).toEqual(['a-1', 'gone']);
  });
  test('the sponsor is a party by name, though the parties list nobody', () => {
    const asked = { ...requester, sponsor: 'zoe', parties: [] };
    expect(isParty(asked, person('zoe'))).toBe(true);
    expect(isParty(asked, person('ana'))).toBe(true);
    expect(isParty(asked, person('sam'))).toBe(false);
  });
});

test('delays count around the clock, or in the working time of the calendar that the demand names', () => {
  const delays = {
    expiresInMs: 100,
    remindersMs: [10, 20],
    escalation: [{ afterMs: 30, approvers: oncall }],
  };
  const twice = (calendar: string, fromMs: number, durationMs: number) => {
    expect(calendar).toBe('office');
    return fromMs + 2 * durationMs;
  };
  expect(scheduleOf(demand(delays), 1_000, twice)).toMatchObject({
    expiresAtMs: 1_100,
    remindersAtMs: [1_010, 1_020],
    escalationsAtMs: [1_030],
  });
  expect(scheduleOf(demand({ ...delays, calendar: 'office' }), 1_000, twice)).toMatchObject({
    expiresAtMs: 1_200,
    remindersAtMs: [1_020, 1_040],
    escalationsAtMs: [1_060],
  });
});

test('every refusal says what happened, and but for two what to do now', () => {
  const codes: Readonly<Record<RefusalCode, true>> = {
    'policy.forbidden': true,
    'policy.not_permitted': true,
    'policy.error': true,
    'grant.missing': true,
    'grant.mismatch': true,
    'grant.spent': true,
    'grant.revoked': true,
    'grant.expired': true,
    'describe.unparsable': true,
    'describe.unsupported': true,
    'describe.unresolved': true,
    'limit.exceeded': true,
    'review.rejected': true,
    'review.expired': true,
    'review.withdrawn': true,
    'review.superseded': true,
    'review.no_approver': true,
    'review.changed': true,
    'review.hold_timeout': true,
    'review.too_many': true,
    'review.too_fast': true,
    'action.altered': true,
    'identity.revoked': true,
    'standing.changed': true,
    'canary.never_runs': true,
    'ledger.unavailable': true,
    'target.unavailable': true,
  };
  for (const code of Object.keys(codes) as RefusalCode[]) {
    const { message, hint, review: about, policies } = refusal(code, {});
    expect(message, code).toMatch(/^[A-Z].*\.$/);
    expect(hint.endsWith('.'), code).toBe(!['review.rejected', 'identity.revoked'].includes(code));
    expect([about, policies]).toEqual([null, []]);
  }
});
