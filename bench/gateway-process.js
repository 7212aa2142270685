// The gateway as it is installed, built and without a TypeScript loader, plus a channel that tells of its memory.
import { startGateway } from '@sallyport/gateway/main';

const [configPath = ''] = process.argv.slice(2);
const sampleEveryMs = 20;

/** @param {import('./gateway-handle.ts').GatewayReport} message */
const report = (message) => process.send?.(message);
const residentMiB = () => process.memoryUsage.rss() / 1_048_576;

let firstMiB = 0;
let mostMiB = 0;

/** @type {Readonly<Record<import('./gateway-handle.ts').GatewayOrder, () => void>>} */
const handlers = {
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
process.on('message', (order) => handlers[order]());
process.on('disconnect', () => void gateway.close().then(() => process.exit(0)));
report({ kind: 'ready', postgres: gateway.postgres.address, api: gateway.api.address });
