import { expect, test } from 'vitest';
import { demand, electorate, person, review } from '../../test/support/subjects.ts';
import type { Electorate } from './electorate.ts';
import { foresee, type ForeseenDemand } from './foreseen.ts';

const [sam, kim] = [person('sam', ['stewards']), person('kim', ['stewards'])];

function ask(people: Electorate, quorum: number, escalation = demand().escalation): ForeseenDemand {
  const { subject } = review({}, [demand({ quorum, escalation })]);
  const [found] = foresee(subject, {
    atMs: 2_000,
    electorate: people,
    policies: () => ['approve-when-named'],
  });
  if (found === undefined) throw new Error('no demand');
  return found;
}

test('two people are enough for two, one is not', () => {
  expect(ask(electorate([sam, kim]), 2)).toMatchObject({
    enough: true,
    people: [
      { person: 'sam', code: 'own_right', policies: ['approve-when-named'] },
      { person: 'kim', code: 'own_right' },
    ],
  });
  expect(ask(electorate([sam]), 2).enough).toBe(false);
  expect(ask(electorate([sam, kim, person('lee')]), 3).enough).toBe(false);
});

test('two accounts of one person are one', () => {
  expect(ask(electorate([sam, { ...kim, identity: 'sam' }]), 2).enough).toBe(false);
});

test('a right that was handed over makes nobody more', () => {
  const lee = person('lee');
  const people = {
    ...electorate([sam, lee]),
    delegators: ({ name }: { name: string }) => (name === 'lee' ? [sam] : []),
  };
  expect(ask(people, 1).people.filter(({ may }) => may)).toHaveLength(2);
  expect(ask(people, 2).enough).toBe(false);
});

test('nobody of a later step of the escalation counts yet', () => {
  const later = [{ afterMs: 0, approvers: [{ kind: 'person', name: 'lee' }] }] as const;
  expect(ask(electorate([person('lee')]), 1, later)).toMatchObject({
    enough: false,
    people: [{ person: 'lee', may: false, code: 'not_named' }],
  });
});
