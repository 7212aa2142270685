import { parentPort, workerData } from 'node:worker_threads';
import type { KnownNames } from './annotation-values.ts';
import type { PolicySource } from './source.ts';
import { checkPolicies } from './validate.ts';

const { sources, names } = workerData as {
  readonly sources: readonly PolicySource[];
  readonly names: KnownNames | null;
};
parentPort?.postMessage(checkPolicies(sources, names));
