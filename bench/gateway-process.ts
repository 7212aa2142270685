// The gateway in a process of its own, as it runs in production, plus a channel that tells of its memory.
import { startGateway } from '@sallyport/gateway/main';
import type { GatewayOrder, GatewayReport } from './gateway-handle.ts';

const [configPath = ''] = process.argv.slice(2);
const sampleEveryMs = 20;

const report = (message: GatewayReport): unknown => process.send?.(message);
const residentMiB = (): number => process.memoryUsage.rss() / 1_048_576;

let firstMiB = 0;
let mostMiB = 0;

const handlers: Readonly<Record<GatewayOrder, () => void>> = {
  watch: () => {
    firstMiB = residentMiB();
    setInterval(() => (mostMiB = Math.max(mostMiB, residentMiB())), sampleEveryMs).unref();
    report({ kind: 'watching' });
  },
  memory: () => report({ kind: 'memory', firstMiB, mostMiB: Math.max(mostMiB, residentMiB()) }),
  collect: () => {
    // Twice: the first collection runs finalizers, the second frees what they held.
    globalThis.gc?.();
    globalThis.gc?.();
    report({ kind: 'memory', firstMiB: 0, mostMiB: residentMiB() });
  },
};

const gateway = await startGateway({ configPath });
process.on('message', (order: GatewayOrder) => handlers[order]());
process.on('disconnect', () => void gateway.close().then(() => process.exit(0)));
report({ kind: 'ready', postgres: gateway.postgres.address, api: gateway.api.address });
