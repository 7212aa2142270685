import { describe, expect, test } from 'vitest';
import {
  demand,
  DIGEST,
  electorate,
  person,
  RENDERING,
  requester,
  review,
} from '../../test/support/subjects.ts';
import { demandsMet, rightsTo, type Electorate } from './electorate.ts';
import { entitlementsOf } from './entitlement.ts';
import type { Person } from './identity.ts';
import type { Review, Vote } from './review.ts';
import { castVote } from './transitions.ts';

const ana = person('ana', ['stewards']);
const sam = person('sam', ['stewards']);
const kim = person('kim');
const lee = person('lee');
const everybody = [ana, sam, kim, lee];

/** Who stands in for whom: `{ kim: ['sam'] }`, kim for sam. */
function standIns(
  given: Readonly<Record<string, readonly string[]>>,
  people: readonly Person[] = everybody,
): Electorate {
  const all = electorate(people);
  const delegators = ({ name }: Person) => (given[name] ?? []).flatMap((each) => all.person(each) ?? []);
  return { ...all, delegators };
}

const vote = (name: string, more: Partial<Vote> = {}): Vote => ({
  person: name,
  identity: name,
  kind: 'approve',
  reason: '',
  digest: DIGEST,
  rendering: RENDERING,
  atMs: 2_000,
  channel: 'cli',
  passkey: null,
  retractedAtMs: null,
  ...more,
});

const cast = (on: Review, who: Person, people: Electorate) =>
  castVote(
    on,
    { voter: who, vote: vote(who.name), rendering: RENDERING, grant: 'gra_01hzzzzzzzzzzzzzzzzzzzzzzz' },
    people,
  );

const rights = (who: Person, people: Electorate, on = review()): readonly string[] =>
  rightsTo(on, 0, { person: who, atMs: 2_000 }, people).map(({ name }) => name);

describe('a right that was handed over', () => {
  test('lets its holder approve, and the vote says whose right it was', () => {
    const voted = cast(review(), kim, standIns({ kim: ['sam'] }));
    expect(voted.ok && voted.value.state.status).toBe('approved');
    expect(voted.ok && voted.value.votes[0]).toMatchObject({ person: 'kim', rights: ['sam'] });
  });

  test('is nobody’s without the delegation', () => {
    const voted = cast(review(), kim, standIns({}));
    expect(voted.ok ? voted.value.state.status : voted.error.code).toBe('vote.not_entitled');
  });

  test('is no more than its owner has: a party to the request hands nothing over (law 4)', () => {
    expect(rights(kim, standIns({ kim: ['ana'] }))).toEqual([]);
  });

  test('does not reach the requester, for whom somebody else’s right is as closed as their own (law 4)', () => {
    const people = standIns({ ana: ['sam'] }, [{ ...ana, groups: [] }, sam]);
    expect(rights({ ...ana, groups: [] }, people)).toEqual([]);
  });

  test('does not reach the owner of the credential, under another account (law 4)', () => {
    const other = { ...person('ana.two'), identity: 'ana' };
    expect(requester.parties).toContain('ana');
    expect(rights(other, standIns({ 'ana.two': ['sam'] }, [...everybody, other]))).toEqual([]);
  });

  test('does not reach whom the policy excludes, and is not that of somebody whom it excludes', () => {
    const people = standIns({ kim: ['sam'] });
    expect(rights(kim, people, review({}, [demand({ excluded: ['kim'] })]))).toEqual([]);
    expect(rights(kim, people, review({}, [demand({ excluded: ['sam'] })]))).toEqual([]);
  });

  test('is not handed on', () => {
    expect(rights(lee, standIns({ kim: ['sam'], lee: ['kim'] }))).toEqual([]);
  });

  test('ends with the person: whoever is disabled hands nothing over', () => {
    const gone = { ...sam, disabled: true };
    expect(rights(kim, standIns({ kim: ['sam'] }, [ana, gone, kim]))).toEqual([]);
  });

  test('fills its owner’s seat: owner and holder together are one of two (threat B2)', () => {
    const people = standIns({ kim: ['sam'] });
    const two = [demand({ quorum: 2 })];
    const both = review({ votes: [vote('sam'), vote('kim')] }, two);
    expect(demandsMet(both, people)).toBe(false);
    const third = review({ votes: [vote('kim'), vote('mia')] }, two);
    expect(demandsMet(third, standIns({ kim: ['sam'] }, [...everybody, person('mia', ['stewards'])]))).toBe(
      true,
    );
  });

  test('fills one seat, however many hold it', () => {
    const people = standIns({ kim: ['sam'], lee: ['sam'] });
    const votes = [vote('kim'), vote('lee')];
    expect(demandsMet(review({ votes }, [demand({ quorum: 2 })]), people)).toBe(false);
  });

  test('that is taken back counts for no vote any more, also not for one that was cast (threat B6)', () => {
    const votes = [vote('kim')];
    expect(demandsMet(review({ votes }), standIns({ kim: ['sam'] }))).toBe(true);
    expect(demandsMet(review({ votes }), standIns({}))).toBe(false);
  });

  test('a vote of whoever had the name before counts for nobody (threat B6)', () => {
    const votes = [vote('kim', { identity: 'the former kim' })];
    expect(demandsMet(review({ votes }), standIns({ kim: ['sam'] }))).toBe(false);
  });

  test('does not help where policy forbids its holder', () => {
    const people = standIns({ kim: ['sam'] });
    const mayApprove: Electorate['mayApprove'] = (who) => who.name !== 'kim';
    expect(rights(kim, { ...people, mayApprove })).toEqual([]);
  });
});

test('everybody is told why they can or can’t decide', () => {
  const people = standIns({ kim: ['sam'] }, [...everybody, person('eve', ['stewards'], true)]);
  const asked = review({ votes: [] }, [demand({ excluded: ['lee'] })]);
  const found = entitlementsOf(asked, 0, 2_000, {
    electorate: people,
    policies: () => ['approve-when-named'],
  });
  expect(found.map(({ person: who, may, code }) => [who, may, code])).toEqual([
    ['sam', true, 'own_right'],
    ['kim', true, 'delegated'],
    ['ana', false, 'party'],
    ['lee', false, 'excluded'],
    ['eve', false, 'disabled'],
  ]);
  expect(found[1]).toMatchObject({ delegators: ['sam'], why: 'has the right of sam' });
});

test('whoever is named and kept out by a policy is told which', () => {
  const people = { ...electorate([sam]), mayApprove: () => false };
  const policies = () => ['never-contractors'];
  expect(entitlementsOf(review(), 0, 2_000, { electorate: people, policies })).toMatchObject([
    { person: 'sam', may: false, code: 'not_permitted', why: 'is named, and forbidden by never-contractors' },
  ]);
});
