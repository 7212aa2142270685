import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Report } from './store-child.ts';

export type { Report };

export interface StoreChild {
  /** Everything reported so far. */
  readonly reports: Report[];
  /** Resolves at the first report. */
  readonly started: Promise<void>;
  /** Resolves when it has ended and everything that it said is in `reports`. */
  readonly ended: Promise<void>;
  kill(): void;
}

export interface ChildOptions {
  readonly directory: string;
  readonly mode: 'work' | 'open' | 'fill';
  readonly seed?: string;
  /** The largest file that it may write, in KiB. */
  readonly maxFileKib?: number;
}

export function startStoreChild({ directory, mode, seed = '', maxFileKib }: ChildOptions): StoreChild {
  const script = new URL('./store-child.ts', import.meta.url).pathname;
  const limit = maxFileKib === undefined ? '' : `ulimit -f ${maxFileKib}; `;
  const command = [process.execPath, '--conditions=sallyport-source', script, directory, mode, seed];
  const child = spawn('bash', ['-c', `${limit}exec "$@"`, 'bash', ...command], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const reports: Report[] = [];
  const started = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  createInterface({ input: child.stdout })
    .on('line', (line) => {
      // A killed process may leave half a line.
      if (line.endsWith('}')) reports.push(JSON.parse(line) as Report);
      started.resolve();
    })
    .on('close', () => {
      ended.resolve();
    });
  return { reports, started: started.promise, ended: ended.promise, kill: () => child.kill('SIGKILL') };
}
