import type { Decision } from './decide.ts';

/** What a draft of policies, which nothing enforces, says of an attempt. */
export interface Observed {
  /** Its version. */
  readonly draft: string;
  readonly effect: Decision['effect'];
  readonly policies: readonly string[];
}
