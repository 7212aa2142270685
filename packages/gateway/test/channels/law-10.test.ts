/** Law 10: one decision function. Each case gives the same result, in the same words, through every surface there is. */
import { expect, test } from 'vitest';
import { CASES, resultOf, type Case } from '../support/law-10.ts';
import { SURFACES, type Surface } from '../support/law-10-surfaces.ts';

interface Result {
  readonly stands: string;
  readonly said: string;
}

async function play(given: Case, surface: Surface): Promise<Result> {
  const played = await surface.open(given);
  try {
    let said = '';
    for (const [index, act] of given.acts.entries()) {
      const isLast = index === given.acts.length - 1;
      said = await played.act(act, () => (isLast ? given.before?.(played.world) : undefined));
    }
    // How long ago something was differs.
    return {
      stands: resultOf(await played.read(), played.nowMs()),
      said: said.replace(/\d+ seconds? ago/, 'lately'),
    };
  } finally {
    await played.close();
  }
}

const matrix = CASES.flatMap((given) => SURFACES.map((surface) => ({ given, surface })));
const [reference] = SURFACES;
const ofReference = new Map<Case, Promise<Result>>();

/** Over the API, once for each case. */
function referenceOf(given: Case): Promise<Result> {
  const known = ofReference.get(given) ?? play(given, reference);
  ofReference.set(given, known);
  return known;
}

test.each(matrix)('$given.name, through $surface.name', async ({ given, surface }) => {
  const [status, words] = given.expected;
  const expected = await referenceOf(given);
  const result = surface === reference ? expected : await play(given, surface);
  expect(result.stands.split(' ')[0]).toBe(status);
  expect(result.said).toMatch(words);
  expect(result.stands).toBe(expected.stands);
  // A surface may say more around it, such as the way out.
  expect(result.said === '').toBe(expected.said === '');
  expect(result.said).toContain(expected.said);
});
