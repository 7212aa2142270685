/**
 * Evidence that the gateway made for the reviewer, about what an action would do. Never a value of the data: counts,
 * names, plans and locks.
 */
export interface Preview {
  readonly atMs: number;
  readonly findings: readonly PreviewFinding[];
}

export interface PreviewFinding {
  /** `plan`, `estimate`, `count`, `columns`, `locks`, `diff`, … */
  readonly kind: string;
  readonly title: string;
  /** Plain text, shown in a fixed-width font; line feeds separate lines. */
  readonly text: string;
  /** How sure it is: what the target counted or looked up, what it estimates, or why there is no answer. */
  readonly basis: 'counted' | 'estimated' | 'unavailable';
  /**
   * The rows that it speaks of, for whoever reckons with them; absent where it speaks of none. A count that stopped at
   * its bound is one more than the bound.
   */
  readonly rows?: number;
}
