import type { Description } from './core/describe.ts';
import type { Requester, Target } from './core/identity.ts';
import type { Situation } from './core/situation.ts';
import type { DatasetUsage } from './core/usage.ts';

export interface Watched {
  readonly requester: Requester;
  readonly target: Target;
  readonly description: Description;
  readonly datasets: readonly DatasetUsage[];
}

/** All attempts of one session with one description. Nothing of it waits or fails: it is on the way of every action. */
export interface Watch {
  /** One more attempt. */
  seen(nowMs: number): void;
  /** What is in the moment, before the attempt itself counts. Asked for only where somebody reads it. */
  situation(nowMs: number): Situation;
  /** It may run, or a person decides: what it reads counts as read from now on, whatever comes of it. */
  mayRun(nowMs: number): void;
  /** It was done with success: the agent has used its datasets, at this hour. */
  done(nowMs: number): void;
}

/** What agents did before. */
export interface History {
  watch(about: Watched): Watch;
}
