import { fork, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeEnvironment, nodeFlags } from '../packages/gateway/bin/node-settings.js';
import { writeBenchConfiguration } from './gateway-configuration.ts';
import type { Endpoint } from './pgbench.ts';

export type GatewayOrder = 'watch' | 'memory' | 'collect';

export type GatewayReport =
  | { readonly kind: 'ready'; readonly postgres: string; readonly api: string }
  | { readonly kind: 'watching' }
  | { readonly kind: 'memory'; readonly firstMiB: number; readonly mostMiB: number };

/** A gateway under load. */
export interface GatewayProcess {
  /** As the bench's agent. */
  readonly endpoint: Endpoint;
  readonly apiUrl: string;
  readonly reviewerToken: string;
  /** From now on the most resident memory is remembered. */
  watchMemory(): Promise<void>;
  memory(): Promise<{ readonly firstMiB: number; readonly mostMiB: number }>;
  /** Resident memory when everything unreachable has been freed. */
  memoryAfterCollection(): Promise<number>;
  stop(): Promise<void>;
}

/** What is measured is what npm installs. */
export function buildGateway(): void {
  const build = join(import.meta.dirname, '..', 'scripts', 'build.ts');
  const { status, stdout } = spawnSync(process.execPath, [build, 'verifier', 'sdk', 'gateway']);
  if (status !== 0) throw new Error(`the gateway could not be built:\n${stdout.toString()}`);
}

/** Starts a built gateway before the database with all of its stages on and a fresh ledger. */
export async function startGatewayProcess(direct: Endpoint): Promise<GatewayProcess> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-bench-gateway-'));
  const access = await writeBenchConfiguration(directory, direct);
  const child = fork(join(import.meta.dirname, 'gateway-process.js'), [access.configPath], {
    execArgv: nodeFlags,
    env: { ...nodeEnvironment, ...process.env },
  });
  const ready = await next(child, 'ready');
  const [host = '', port = ''] = ready.postgres.split(':');
  const endpoint: Endpoint = {
    name: 'Sallyport',
    host,
    port: Number(port),
    user: access.agent,
    password: access.agentToken,
    database: access.target,
  };
  const ask = (order: GatewayOrder): Promise<Extract<GatewayReport, { kind: 'memory' }>> => {
    const answer = next(child, 'memory');
    child.send(order);
    return answer;
  };
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    }
    rmSync(directory, { recursive: true });
  };
  return {
    endpoint,
    apiUrl: ready.api,
    reviewerToken: access.reviewerToken,
    watchMemory: async () => {
      const watching = next(child, 'watching');
      child.send('watch' satisfies GatewayOrder);
      await watching;
    },
    memory: () => ask('memory'),
    memoryAfterCollection: async () => (await ask('collect')).mostMiB,
    stop,
  };
}

/** The next report of this kind; rejects when the process ends before. */
function next<K extends GatewayReport['kind']>(
  child: ChildProcess,
  kind: K,
): Promise<Extract<GatewayReport, { kind: K }>> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: GatewayReport): void => {
      if (message.kind !== kind) return;
      stopListening();
      resolve(message as Extract<GatewayReport, { kind: K }>);
    };
    const onExit = (code: number | null): void => {
      stopListening();
      reject(new Error(`the gateway ended with ${code ?? 'a signal'}`));
    };
    const stopListening = (): void => {
      child.off('message', onMessage).off('exit', onExit);
    };
    child.on('message', onMessage).on('exit', onExit);
  });
}
