import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { demandsMet, unmeetableDemands } from './electorate.ts';
import { castVote, expire, withdraw, type Ballot } from './transitions.ts';
import type { Person } from './identity.ts';
import type { Review } from './review.ts';
import { agent, demand, DIGEST, electorate, person, RENDERING, review } from '../../test/support/subjects.ts';

const sam = person('sam', ['stewards']);
const kim = person('kim', ['stewards', 'owners']);
const everybody = electorate([sam, kim, person('ana', ['stewards']), person('olga')]);

const ballot = (voter: Ballot['voter'], given: Partial<Ballot['vote']> = {}): Ballot => ({
  voter,
  vote: {
    person: voter.name,
    identity: voter.name,
    kind: 'approve',
    reason: '',
    digest: DIGEST,
    rendering: RENDERING,
    atMs: 2_000,
    channel: 'cli',
    passkey: null,
    retractedAtMs: null,
    ...given,
  },
  rendering: RENDERING,
  grant: 'gra_01hzzzzzzzzzzzzzzzzzzzzzzz',
});

const codeOf = (result: ReturnType<typeof castVote>): string =>
  result.ok ? result.value.state.status : result.error.code;

describe('who may vote', () => {
  test('an entitled person approves', () => {
    expect(codeOf(castVote(review(), ballot(sam), everybody))).toBe('approved');
  });
  test('an agent’s credential never votes, whatever groups it is in', () => {
    const voter = { ...agent, groups: ['stewards'] };
    expect(codeOf(castVote(review(), ballot(voter), everybody))).toBe('vote.not_a_person');
  });
  test('nobody approves what an agent acting for them asked for, though the policy names them', () => {
    const demands = [demand({ approvers: [{ kind: 'person', name: 'ana' }] })];
    const own = ballot(person('ana', ['stewards', 'admins']));
    expect(codeOf(castVote(review({}, demands), own, everybody))).toBe('vote.own_request');
  });
  test('the sponsor is a party even where the agent acts for somebody else', () => {
    const asked = review();
    const forBen: Review = {
      ...asked,
      subject: { ...asked.subject, requester: { ...asked.subject.requester, onBehalfOf: 'ben' } },
    };
    expect(codeOf(castVote(forBen, ballot(person('ana', ['stewards'])), everybody))).toBe('vote.own_request');
    expect(codeOf(castVote(forBen, ballot(person('ben', ['stewards'])), everybody))).toBe('vote.own_request');
  });
  test('somebody outside of the demanded group, a disabled person, or one whom policy forbids is not entitled', () => {
    expect(codeOf(castVote(review(), ballot(person('olga')), everybody))).toBe('vote.not_entitled');
    const disabled = electorate([person('sam', ['stewards'], true)]);
    expect(codeOf(castVote(review(), ballot(sam), disabled))).toBe('vote.not_entitled');
    expect(codeOf(castVote(review(), ballot(sam), electorate([sam], false)))).toBe('vote.not_entitled');
  });
});

describe('what a vote needs', () => {
  test('A4: a digest other than the one under review is a conflict, not an approval', () => {
    expect(codeOf(castVote(review(), ballot(sam, { digest: 'b'.repeat(64) }), everybody))).toBe(
      'vote.digest_mismatch',
    );
    expect(codeOf(castVote(review(), ballot(sam, { digest: '' }), everybody))).toBe('vote.digest_mismatch');
  });
  test('a rejection needs a reason', () => {
    expect(codeOf(castVote(review(), ballot(sam, { kind: 'reject', reason: '  ' }), everybody))).toBe(
      'vote.reason_required',
    );
    const rejected = castVote(
      review(),
      ballot(sam, { kind: 'reject', reason: 'use the aggregate' }),
      everybody,
    );
    expect(rejected.ok && rejected.value.state).toMatchObject({
      status: 'rejected',
      by: 'sam',
      reason: 'use the aggregate',
    });
  });
  test('B5: a second before expiry it counts, at the instant of expiry it doesn’t', () => {
    expect(codeOf(castVote(review(), ballot(sam, { atMs: 1_800_999 }), everybody))).toBe('approved');
    expect(codeOf(castVote(review(), ballot(sam, { atMs: 1_801_000 }), everybody))).toBe('review.over');
  });
  test('a review that is over says how it ended', () => {
    const states: Review['state'][] = [
      { status: 'rejected', resolvedAtMs: 1, by: 'kim', reason: 'no' },
      { status: 'expired', resolvedAtMs: 1 },
      { status: 'withdrawn', resolvedAtMs: 1, reason: '' },
      { status: 'approved', resolvedAtMs: 1, grant: 'gra_01hzzzzzzzzzzzzzzzzzzzzzzz' },
    ];
    for (const state of states) {
      const late = castVote(review({ state }), ballot(sam), everybody);
      expect(late.ok ? '' : late.error.message).toContain(
        state.status === 'withdrawn' ? 'withdrawn' : state.status,
      );
    }
  });
});

describe('quorum', () => {
  const two = [demand({ quorum: 2 })];
  const first = (): Review => {
    const voted = castVote(review({}, two), ballot(sam), everybody);
    if (!voted.ok) throw new Error(voted.error.code);
    return voted.value;
  };
  test('B2: one person in two groups fills one seat', () => {
    const demands = [
      demand({
        quorum: 2,
        approvers: [
          { kind: 'group', name: 'stewards' },
          { kind: 'group', name: 'owners' },
        ],
      }),
    ];
    const voted = castVote(review({}, demands), ballot(kim), everybody);
    expect(codeOf(voted)).toBe('pending');
    expect(voted.ok && codeOf(castVote(voted.value, ballot(kim), everybody))).toBe('vote.duplicate');
  });
  test('two people meet a quorum of two', () => {
    expect(codeOf(castVote(first(), ballot(kim), everybody))).toBe('approved');
  });
  test('B3: a vote that overshoots still resolves', () => {
    const votes = [sam, kim].map((voter) => ballot(voter).vote);
    const overshot = review({ votes }, [demand({ quorum: 1 })]);
    expect(
      codeOf(
        castVote(
          overshot,
          ballot(person('pia', ['stewards'])),
          electorate([sam, kim, person('pia', ['stewards'])]),
        ),
      ),
    ).toBe('approved');
  });
  test('B4: a demand that nobody can meet is named; the requester doesn’t count', () => {
    const alone = electorate([person('ana', ['stewards'])]);
    expect(unmeetableDemands(review(), alone)).toHaveLength(1);
    expect(unmeetableDemands(review({}, two), electorate([sam]))).toHaveLength(1);
    expect(unmeetableDemands(review(), everybody)).toHaveLength(0);
  });
  test('B4: no demands at all is not an approval', () => {
    expect(demandsMet(review({}, []), everybody)).toBe(false);
  });
  test('B6: an approver who lost the right no longer counts', () => {
    const votes = [ballot(sam).vote];
    expect(demandsMet(review({ votes }), everybody)).toBe(true);
    expect(demandsMet(review({ votes }), electorate([person('sam', [])]))).toBe(false);
    expect(demandsMet(review({ votes }), electorate([person('sam', ['stewards'], true)]))).toBe(false);
    expect(demandsMet(review({ votes }), electorate([]))).toBe(false);
  });
  test('law 4: who rejects approves nothing, though a lost right has come back and completes the quorum', () => {
    const demands = [demand({ quorum: 2, rejections: 2 })];
    const [pia, zoe] = [person('pia', ['stewards']), person('zoe', ['stewards'])];
    const without = electorate([kim, pia, zoe]);
    const all = electorate([sam, kim, pia, zoe]);
    const once = castVote(review({}, demands), ballot(sam), all);
    // Sam is out of the group when Kim approves, and in it again when Pia rejects.
    const twice = castVote(once.ok ? once.value : review(), ballot(kim), without);
    expect(codeOf(twice)).toBe('pending');
    const pending = twice.ok ? twice.value : review();
    const rejected = castVote(pending, ballot(pia, { kind: 'reject', reason: 'too many rows' }), all);
    expect(codeOf(rejected)).toBe('pending');
    expect(rejected.ok && codeOf(castVote(rejected.value, ballot(zoe), all))).toBe('approved');
  });
  test('every demand is to be met, each by its own people', () => {
    const demands = [
      demand(),
      demand({ policy: 'payments', approvers: [{ kind: 'group', name: 'owners' }] }),
    ];
    const voted = castVote(review({}, demands), ballot(sam), everybody);
    expect(codeOf(voted)).toBe('pending');
    expect(voted.ok && codeOf(castVote(voted.value, ballot(kim), everybody))).toBe('approved');
  });
});

describe('time and withdrawal', () => {
  test('a pending review expires at its time and not before', () => {
    expect(expire(review(), 1_800_999)).toBeUndefined();
    expect(expire(review(), 1_801_000)?.state.status).toBe('expired');
  });
  test('what is over neither expires nor is withdrawn', () => {
    const over = review({ state: { status: 'expired', resolvedAtMs: 5 } });
    expect(expire(over, 9_999_999)).toBeUndefined();
    expect(withdraw(over, 9_999_999, '')).toBeUndefined();
  });
});

test('property: whatever the order of events, one terminal state, each person once, revisions without a gap', () => {
  const people: Person[] = ['sam', 'kim', 'pia', 'olga', 'ana'].map((name, at) =>
    person(name, at < 3 ? ['stewards'] : []),
  );
  const events = fc.array(
    fc.record({
      who: fc.nat(4),
      kind: fc.constantFrom('approve', 'reject', 'expire', 'withdraw'),
      atMs: fc.nat(2_000_000),
    }),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(events, fc.integer({ min: 1, max: 3 }), (steps, quorum) => {
      let current = review({}, [demand({ quorum })]);
      let ended: Review['state'] | undefined;
      for (const { who, kind, atMs } of steps) {
        const next = applyStep(current, kind, { voter: people[who] ?? sam, atMs });
        if (next === undefined) continue;
        expect(ended).toBeUndefined();
        expect(next.revision).toBe(current.revision + 1);
        current = next;
        if (current.state.status !== 'pending') ended = current.state;
      }
      expect(new Set(current.votes.map((vote) => vote.person)).size).toBe(current.votes.length);
      expect(current.votes.every((vote) => ['sam', 'kim', 'pia'].includes(vote.person))).toBe(true);
    }),
  );
  function applyStep(
    current: Review,
    kind: string,
    { voter, atMs }: { voter: Person; atMs: number },
  ): Review | undefined {
    if (kind === 'expire') return expire(current, atMs);
    if (kind === 'withdraw') return withdraw(current, atMs, 'gave up');
    const cast = castVote(
      current,
      ballot(voter, { kind: kind === 'reject' ? 'reject' : 'approve', reason: 'because', atMs }),
      electorate(people),
    );
    return cast.ok ? cast.value : undefined;
  }
});
