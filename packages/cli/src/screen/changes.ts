import type { Demand, Review } from '@sallyport/sdk/contract';

type Seen = (review: Review) => unknown;

const bounds = ({ approvals: _, met: __, eligible: ___, ...demand }: Demand): unknown => demand;

/** What may be different between two looks at one review, but for votes. */
const looks: readonly (readonly [Seen, string])[] = [
  [
    ({ digest, command, parameters, preconditions }) => [digest, command, parameters, preconditions],
    'the action itself',
  ],
  [
    ({ datasets, functions, rowLimit, unknown }) => [datasets, functions, rowLimit, unknown],
    'which data it touches',
  ],
  [({ risk }) => risk, 'the risk'],
  [({ demands }) => demands.map(bounds), 'who may approve, or until when'],
  [({ preview }) => preview, 'what the gateway found out about its effect'],
];

/** In words, what is not as it was when a person last looked. Empty: nothing that a vote is bound to. */
export function changesBetween(before: Review, after: Review): readonly string[] {
  if (before.rendering === after.rendering) return [];
  const seen = looks.filter(([of]) => JSON.stringify(of(before)) !== JSON.stringify(of(after)));
  const changes = [...seen.map(([, words]) => words), ...questionChanges(before, after)];
  return changes.length > 0 ? changes : ['the policies in force'];
}

function questionChanges({ questions: before }: Review, { questions: after }: Review): string[] {
  return after.flatMap((question) => {
    const earlier = before.find(({ id }) => id === question.id);
    if (earlier === undefined) return [`question ${question.id} was asked`];
    return earlier.answer === null && question.answer !== null
      ? [`question ${question.id} was answered`]
      : [];
  });
}
