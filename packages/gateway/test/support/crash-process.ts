import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';

/** The gateway's own program in a process of its own, to be killed, limited or stopped by a test. */
export interface GatewayProcess {
  /** `host:port` for agents. */
  readonly postgres: string;
  readonly apiUrl: string;
  readonly vkey: string;
  /** Everything on standard error so far: its log, one JSON object a line. */
  log(): string;
  /** SIGKILL, at once; resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves when the process is gone. */
  stop(): Promise<void>;
}

export interface ProcessOptions {
  readonly configPath: string;
  /** The largest file that it may write, in KiB: the file system is full beyond. */
  readonly maxFileKib?: number;
}

const program = new URL('../../bin/sallyport-gateway.js', import.meta.url).pathname;
const startWithinMs = 50_000;
/** What the program says once it serves (main.ts). */
const READY = /agents \(PostgreSQL\)\s+(\S+)\n\s*people \(API\)\s+(\S+)\n[^]*its public key\s+(\S+)\n/;

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** Resolves when it serves; rejects with its own words when it ends before. */
export async function startGatewayProcess(options: ProcessOptions): Promise<GatewayProcess> {
  const { configPath, maxFileKib } = options;
  const limit = maxFileKib === undefined ? '' : `ulimit -f ${maxFileKib}; `;
  const command = [
    process.execPath,
    '--conditions=sallyport-source',
    program,
    '--config',
    configPath,
    '--log',
    'debug',
  ];
  const child = spawn('bash', ['-c', `${limit}exec "$@"`, 'bash', ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  try {
    const [postgres = '', apiUrl = '', vkey = ''] = await ready(child, ended);
    return {
      postgres,
      apiUrl,
      vkey,
      log: () => said,
      kill: () => end('SIGKILL'),
      stop: () => end('SIGTERM'),
    };
  } catch (error) {
    await end('SIGKILL');
    throw new Error(`the gateway did not start: ${said}`, { cause: error });
  }
}

function ready(child: Child, ended: Promise<void>): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('too late')), startWithinMs);
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      const match = READY.exec(text);
      if (match === null) return;
      clearTimeout(late);
      resolve(match.slice(1));
    });
    void ended.then(() => {
      clearTimeout(late);
      reject(new Error('it ended'));
    });
  });
}
