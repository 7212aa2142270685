import { describe, expect, test } from 'vitest';
import { demand, DIGEST, electorate, person, RENDERING, review } from '../../test/support/subjects.ts';
import type { Electorate } from './electorate.ts';
import { entitlementsOf, type Entitlement } from './entitlement.ts';
import type { Person } from './identity.ts';
import type { Review, Vote } from './review.ts';

const sam = person('sam', ['stewards', 'others']);
const kim = person('kim');
const cast: Vote = {
  person: 'sam',
  identity: 'sam',
  kind: 'reject',
  reason: 'no',
  digest: DIGEST,
  rendering: RENDERING,
  atMs: 1_500,
  channel: 'cli',
  passkey: null,
  retractedAtMs: null,
};

function told(
  on: Review,
  people: Electorate,
  policies: (who: Person, delegator: Person | null) => readonly string[] = () => [],
): Readonly<Record<string, Entitlement>> {
  const all = entitlementsOf(on, 0, 2_000, { electorate: people, policies });
  return Object.fromEntries(all.map((each) => [each.person, each]));
}

describe('who can decide, in words', () => {
  test('somebody who is named: by which names, each once, and no other', () => {
    const later = [{ afterMs: 0, approvers: [{ kind: 'group', name: 'stewards' }] }] as const;
    const approvers = [
      { kind: 'group', name: 'stewards' },
      { kind: 'person', name: 'sam' },
      { kind: 'person', name: 'kim' },
      { kind: 'group', name: 'owners' },
    ] as const;
    const on = review({}, [demand({ approvers, escalation: later })]);
    expect(told(on, electorate([sam]), () => ['may'])['sam']).toEqual({
      person: 'sam',
      may: true,
      code: 'own_right',
      why: 'is named: group:stewards, person:sam',
      delegators: [],
      policies: ['may'],
    });
  });

  test('somebody who has voted: how, whoever of their accounts it was', () => {
    const on = review({ votes: [cast] });
    const twin = { ...kim, identity: 'sam' };
    const answers = told(on, electorate([sam, twin, person('lee', ['stewards'])]));
    expect(answers['sam']).toMatchObject({ may: false, code: 'voted', why: 'has voted already, to reject' });
    expect(answers['kim']).toMatchObject({ code: 'voted' });
    expect(answers['lee']).toMatchObject({ code: 'own_right' });
    expect(answers['sam']).toMatchObject({ delegators: [], policies: [] });
  });

  test('somebody whose vote was taken back can vote again', () => {
    const on = review({ votes: [{ ...cast, retractedAtMs: 1_600 }] });
    expect(told(on, electorate([sam]))['sam']).toMatchObject({ code: 'own_right' });
  });

  test('somebody with another’s right: whose, and by which policies for that right', () => {
    const people: Electorate = {
      ...electorate([sam, kim]),
      delegators: ({ name }) => (name === 'kim' ? [sam] : []),
    };
    const answers = told(review(), people, (_, delegator) => [
      delegator === null ? 'own' : `of ${delegator.name}`,
    ]);
    expect(answers['kim']).toMatchObject({ code: 'delegated', delegators: ['sam'], policies: ['of sam'] });
    expect(answers['sam']).toMatchObject({ policies: ['own'] });
  });

  test('somebody who is named and whom nothing permits', () => {
    const people = { ...electorate([sam]), mayApprove: () => false };
    expect(told(review(), people)['sam']).toMatchObject({
      code: 'not_permitted',
      why: 'is named, and no policy permits it',
      policies: [],
    });
    expect(told(review(), people, () => ['never'])['sam']).toMatchObject({ policies: ['never'] });
  });

  test('somebody of whom nothing is said', () => {
    expect(told(review(), electorate([kim]))['kim']).toMatchObject({
      may: false,
      code: 'not_named',
      policies: [],
    });
  });
});
