import { Worker } from 'node:worker_threads';
import { err, type Result } from '../core/result.ts';
import { limits } from '../limits.ts';
import type { KnownNames } from './annotation-values.ts';
import type { PolicyProblem } from './problems.ts';
import type { PolicySource } from './source.ts';
import type { CheckedPolicy } from './validate.ts';

const WORKER_HEAP_MIB = 128;

/** The worker is TypeScript beside the sources and JavaScript beside the build. */
const workerFile = new URL(
  `./validate-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`,
  import.meta.url,
);

type Verdict = Result<readonly CheckedPolicy[], readonly PolicyProblem[]>;

function failure(code: 'policy.engine' | 'policy.timeout', message: string): Verdict {
  const hint = 'look for a policy that is very long or deeply nested, and simplify it';
  return err([{ code, file: 'policies', line: 1, column: 1, policy: '', message, hint }]);
}

/**
 * Checks policy text in a thread of its own, which is ended afterwards: text that makes the engine trap, loop or eat
 * memory harms nothing but this check, and counts as refused. Never rejects.
 */
export function validatePolicies(
  sources: readonly PolicySource[],
  names: KnownNames | null,
  timeLimitMs: number = limits.policyCheckMs,
): Promise<Verdict> {
  return new Promise((resolve) => {
    const worker = new Worker(workerFile, {
      workerData: { sources, names },
      resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MIB },
    });
    const settle = (verdict: Verdict): void => {
      clearTimeout(timer);
      resolve(verdict);
      void worker.terminate();
    };
    const timer = setTimeout(() => {
      settle(failure('policy.timeout', `checking the policies took more than ${timeLimitMs} ms`));
    }, timeLimitMs);
    worker.once('message', settle);
    worker.once('error', (error) => {
      settle(
        failure(
          'policy.engine',
          `the policy engine gave up: ${error instanceof Error ? error.message : 'unknown error'}`,
        ),
      );
    });
    worker.once('exit', () => {
      settle(failure('policy.engine', 'the policy engine ended without an answer'));
    });
  });
}
