import { Worker } from 'node:worker_threads';
import type { NamedCalendar } from '../../core/calendar-hours.ts';
import type { Agent } from '../../core/identity.ts';
import type { PolicyReplay } from '../../core/policy-change.ts';
import type { ReplayBounds } from '../analysis/replaying.ts';
import type { CheckedPolicy } from '../validate.ts';

export interface ReplayTask extends ReplayBounds {
  readonly current: readonly CheckedPolicy[];
  readonly proposed: readonly CheckedPolicy[];
  /** Newest first. */
  readonly leaves: readonly string[];
  readonly agents: readonly Agent[];
  readonly calendars: readonly NamedCalendar[];
}

const WORKER_HEAP_MIB = 512;

/** The worker is TypeScript beside the sources and JavaScript beside the build. */
const workerFile = new URL(
  `./replay-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`,
  import.meta.url,
);

/** Undefined where it takes longer than `timeLimitMs`, or the engine gives up. Never rejects. */
export function replayInWorker(task: ReplayTask, timeLimitMs: number): Promise<PolicyReplay | undefined> {
  return new Promise((resolve) => {
    const worker = new Worker(workerFile, {
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MIB },
    });
    const settle = (replay: PolicyReplay | undefined): void => {
      clearTimeout(timer);
      resolve(replay);
      void worker.terminate();
    };
    const timer = setTimeout(() => settle(undefined), timeLimitMs);
    worker.once('message', settle);
    worker.once('error', () => settle(undefined));
    worker.once('exit', () => settle(undefined));
  });
}
