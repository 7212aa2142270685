/** One reason why an action is risky, explained in words for the reviewer. */
export interface Signal {
  readonly name: string;
  readonly weight: number;
  readonly explanation: string;
}

/** 0: nothing to see; 100: as bad as it gets. The sum of the signals' weights, capped. */
export interface Risk {
  readonly score: number;
  readonly signals: readonly Signal[];
}
