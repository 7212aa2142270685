import type { Socket } from 'node:net';
import { dial } from './dial.ts';
import type { UpstreamAddress } from './dial.ts';
import { cancelRequest } from './startup.ts';
import { UpstreamError } from './upstream-error.ts';
import { startUpstream } from './upstream-start.ts';
import type { Upstream, UpstreamOptions } from './upstream-start.ts';

export type { ChunkHandler } from './direct-reads.ts';
export type { UpstreamAddress, UpstreamTls } from './dial.ts';
export { UpstreamError } from './upstream-error.ts';
export type { UpstreamFault } from './upstream-error.ts';
export type { Upstream, UpstreamOptions } from './upstream-start.ts';

/** Rejects with an `UpstreamError`; the connection is closed then. */
export async function connectUpstream(options: UpstreamOptions): Promise<Upstream> {
  return withDeadline(options, async (onSocket) => startUpstream(await dial(options, onSocket), options));
}

/**
 * "Canceling Requests in Progress": a connection of its own, as protected as the first. Resolves when the target has
 * closed it, which says nothing about whether there was something to cancel. Rejects with an `UpstreamError`.
 */
export async function cancelUpstream(
  address: UpstreamAddress,
  processId: number,
  secretKey: Uint8Array,
): Promise<void> {
  await withDeadline(address, async (onSocket) => {
    const { socket, source } = await dial(address, onSocket);
    socket.write(cancelRequest(processId, secretKey));
    await source.inbox.take(1);
    source.release();
    socket.destroy();
  });
}

async function withDeadline<T>(
  address: UpstreamAddress,
  run: (onSocket: (socket: Socket) => void) => Promise<T>,
): Promise<T> {
  const sockets: Socket[] = [];
  let late: string | null = null;
  const end = (why: string): void => {
    late ??= why;
    for (const socket of sockets) socket.destroy();
  };
  const stop = (): void => end('nobody waits for the target any more');
  const cancel = address.clock.after(address.timeoutMs, () => {
    end(`the target was not ready within ${address.timeoutMs} ms`);
  });
  address.signal?.addEventListener('abort', stop, { once: true });
  try {
    return await run((socket) => {
      sockets.push(socket);
      if (late !== null || address.signal?.aborted === true) stop();
    });
  } catch (error) {
    for (const socket of sockets) socket.destroy();
    if (late !== null) throw new UpstreamError('timeout', late);
    throw error;
  } finally {
    cancel();
    address.signal?.removeEventListener('abort', stop);
  }
}
