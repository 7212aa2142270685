import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Answer } from './light-session.ts';
import type { Endpoint } from './pgbench.ts';

export type Order =
  | { readonly kind: 'read'; readonly endpoint: Endpoint; readonly text: string }
  | { readonly kind: 'hold'; readonly endpoint: Endpoint; readonly text: string; readonly count: number };

export interface Answered {
  readonly rows: number;
  readonly error: string | null;
}

export type Report =
  | { readonly kind: 'read'; readonly answer: Answer; readonly elapsedMs: number }
  | { readonly kind: 'notice'; readonly text: string }
  | { readonly kind: 'held'; readonly answered: number; readonly failures: readonly string[] }
  | { readonly kind: 'failed'; readonly message: string };

type Finished<K extends Report['kind']> = Extract<Report, { kind: K }>;

/** The other end of `light-client.ts`. One order at a time. */
export class LightClient {
  readonly #child: ChildProcess = fork(join(import.meta.dirname, 'light-client.ts'));

  /** Reads a whole result, and says how long that took from the statement to its end. */
  read(endpoint: Endpoint, text: string): Promise<Finished<'read'>> {
    return this.#order('read', { kind: 'read', endpoint, text }, () => undefined);
  }

  /** Sends `text` in `count` sessions, `$number` being another number in each; resolves when all are answered. */
  hold(
    order: { readonly endpoint: Endpoint; readonly text: string; readonly count: number },
    onNotice: (text: string) => void,
  ): Promise<Finished<'held'>> {
    return this.#order('held', { kind: 'hold', ...order }, onNotice);
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }

  #order<K extends 'read' | 'held'>(
    kind: K,
    order: Order,
    onNotice: (text: string) => void,
  ): Promise<Finished<K>> {
    return new Promise((resolve, reject) => {
      const listen = (report: Report): void => {
        if (report.kind === 'notice') return onNotice(report.text);
        this.#child.off('message', listen);
        if (report.kind === kind) resolve(report as Finished<K>);
        else reject(new Error(report.kind === 'failed' ? report.message : `unexpected ${report.kind}`));
      };
      this.#child.on('message', listen);
      this.#child.send(order);
    });
  }
}
