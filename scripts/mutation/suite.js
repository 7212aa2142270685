import { configureGlobal } from 'fast-check';
import { expect } from 'vitest';

/** What stands in for Vitest where tests run in the process of their mutants: it collects them. */
export const tests = new Map();
/** The file whose tests are being collected. */
export const measured = { file: '' };

export const forget = () => tests.clear();

const names = [];
// The first counterexample is enough, and every fault meets the same cases.
configureGlobal({ endOnFailure: true, seed: 1 });

/** A name may be followed by options (a time limit), which Stryker's own takes the place of. */
const workOf = (rest) => rest.find((each) => typeof each === 'function');

/** @public What test files import from `vitest` is resolved to this file (runner.js). */
export function describe(name, ...rest) {
  names.push(name);
  workOf(rest)();
  names.pop();
}

export function it(name, ...rest) {
  const work = workOf(rest);
  const path = [measured.file, ...names, name].join(' > ');
  let id = path;
  for (let number = 2; tests.has(id); number++) id = `${path} (${number})`;
  tests.set(id, { id, file: measured.file, work });
}

it.each =
  (rows) =>
  (name, ...rest) => {
    const work = workOf(rest);
    for (const row of rows) it(name, () => work(...(Array.isArray(row) ? row : [row])));
  };

export { expect, it as test };
