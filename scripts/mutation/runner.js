import { readdirSync, readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { forget, measured, tests } from './suite.js';

/**
 * Runs Vitest tests in Stryker's own process, so that a fault takes milliseconds where the plug-in of Vitest, which
 * starts a worker for each file of tests, takes seconds. Only for tests that need nothing of Vitest but describe, it, test and
 * expect. For a fault in what a module does when it is loaded, all modules are loaded again.
 */
class InProcessRunner {
  static inject = ['options'];
  #folder;
  #without;
  #stryker;
  #isFresh = false;

  constructor(options) {
    this.#folder = resolve(options.inProcess.folder);
    this.#without = options.inProcess.without;
    this.#stryker = globalThis.__stryker__ ??= {};
  }

  capabilities() {
    return { reloadEnvironment: true };
  }

  async #load() {
    life += 1;
    forget();
    for (const name of readdirSync(this.#folder).filter((each) => each.endsWith('.test.ts'))) {
      measured.file = name;
      await import(pathToFileURL(join(this.#folder, name)).href);
    }
    for (const id of tests.keys()) if (this.#without.some((part) => id.includes(part))) tests.delete(id);
  }

  async dryRun() {
    await this.#load();
    this.#isFresh = true;
    const results = [];
    for (const test of tests.values()) {
      this.#stryker.currentTestId = test.id;
      results.push(await run(test));
      this.#stryker.currentTestId = undefined;
    }
    return { status: 'complete', tests: results, mutantCoverage: this.#stryker.mutantCoverage };
  }

  async mutantRun({ activeMutant, mutantActivation, testFilter, hitLimit }) {
    const stryker = this.#stryker;
    const isStatic = mutantActivation === 'static';
    Object.assign(stryker, { hitCount: 0, hitLimit, activeMutant: isStatic ? activeMutant.id : undefined });
    try {
      if (isStatic || !this.#isFresh) await this.#load();
      this.#isFresh = !isStatic;
    } catch (error) {
      this.#isFresh = false;
      return { status: 'error', errorMessage: String(error) };
    }
    stryker.activeMutant = activeMutant.id;
    const chosen = testFilter?.map((id) => tests.get(id)) ?? [...tests.values()];
    chosen.sort((one, other) => (took.get(one.id) ?? 0) - (took.get(other.id) ?? 0));
    let nrOfTests = 0;
    for (const test of chosen) {
      nrOfTests += 1;
      const { status, failureMessage } = await run(test);
      if (hitLimit !== undefined && stryker.hitCount > hitLimit)
        return { status: 'timeout', reason: 'hit limit' };
      if (status === FAILED) return { status: 'killed', killedBy: [test.id], failureMessage, nrOfTests };
    }
    return { status: 'survived', nrOfTests };
  }
}

const SUCCESS = 0;
const FAILED = 1;
/** By the test's id: the quick ones run first. */
const took = new Map();

async function run(test) {
  const start = performance.now();
  const result = { id: test.id, name: test.id, fileName: test.file };
  try {
    await test.work();
    const timeSpentMs = performance.now() - start;
    took.set(test.id, timeSpentMs);
    return { ...result, status: SUCCESS, timeSpentMs };
  } catch (error) {
    return {
      ...result,
      status: FAILED,
      failureMessage: String(error),
      timeSpentMs: performance.now() - start,
    };
  }
}

/** How often the modules were loaded: a module of another life is another module. */
let life = 0;
const sources = new Map();
const suite = new URL('./suite.js', import.meta.url).href;
const withoutLife = (url) => url.replace(/\?life=\d+$/, '');

registerHooks({
  resolve(name, context, next) {
    if (name === 'vitest' && withoutLife(context.parentURL ?? '').endsWith('.test.ts'))
      return { url: suite, shortCircuit: true };
    const found = next(name, context);
    const isOurs = found.url.endsWith('.ts') && !found.url.includes('/node_modules/');
    return isOurs ? { ...found, url: `${found.url}?life=${life}` } : found;
  },
  load(url, context, next) {
    if (!url.includes('?life=')) return next(url, context);
    const file = withoutLife(url);
    if (!sources.has(file))
      sources.set(file, stripTypeScriptTypes(readFileSync(fileURLToPath(file), 'utf8')));
    return { format: 'module', source: sources.get(file), shortCircuit: true };
  },
});

export const strykerPlugins = [{ kind: 'TestRunner', name: 'in-process', injectableClass: InProcessRunner }];
