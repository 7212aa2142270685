import type { Attempt } from '../../connector.ts';
import type { Clock } from '../../../ports.ts';
import { PreviewConnection } from './connection.ts';
import { Asking, type PostgresPreviewerOptions } from './previewer.ts';
import { objectionToPlanning, understand, type Subject } from './understand.ts';

export type EstimatorOptions = PostgresPreviewerOptions & { readonly clock: Clock };

/**
 * Asks the target how many rows a statement would have, with its own values, where policy wants to know that before it
 * decides: EXPLAIN, never with ANALYZE, over a connection and in a read-only transaction of its own. What planning could
 * run or wait for is not asked about, as in a preview; what can't be said, or not in time, is undefined, and a policy has
 * to say what that means.
 */
export class Estimator {
  readonly #options: EstimatorOptions;
  #underWay = 0;

  constructor(options: EstimatorOptions) {
    this.#options = options;
  }

  async estimate(attempt: Attempt): Promise<number | undefined> {
    const { clock, limits } = this.#options;
    if (this.#underWay >= limits.estimatesAtOnce) return undefined;
    this.#underWay++;
    const stop = new AbortController();
    const cancel = clock.after(limits.analysisMs, () => stop.abort());
    try {
      return await this.#ask(attempt, stop.signal);
    } finally {
      cancel();
      this.#underWay--;
    }
  }

  async #ask(attempt: Attempt, signal: AbortSignal): Promise<number | undefined> {
    const { catalog, describer, limits, upstream } = this.#options;
    const snapshot = catalog.current();
    if (snapshot === null) return undefined;
    const subject = subjectOf(attempt);
    const understood = understand(subject, snapshot, describer);
    if (!understood.ok || objectionToPlanning(understood.value, snapshot) !== undefined) return undefined;
    const opened = await PreviewConnection.open(upstream, { signal, maxBytes: limits.previewAnswerBytes });
    if (!opened.ok) return undefined;
    try {
      const about = { subject, understood: understood.value, snapshot, describer, limits };
      return await new Asking(opened.value, about).rows();
    } finally {
      opened.value.close();
    }
  }
}

function subjectOf({ command, parameters, preconditions, description }: Attempt): Subject {
  const { operation, functions, unknown } = description;
  const datasets = description.datasets.map(({ dataset, access, basis, columns }) => ({
    dataset,
    access,
    basis,
    columns: columns.map((column) => ({ ...column, classes: [] })),
    classes: [],
  }));
  return { command, parameters, preconditions, operation, functions, unknown, datasets, holding: [] };
}
