import { connect, isIP } from 'node:net';
import type { Socket } from 'node:net';
import path from 'node:path';
import { connect as connectTls } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../../ports.ts';
import { channelBindingOf } from './certificate.ts';
import { DirectReads, listenToStream } from './direct-reads.ts';
import type { ChunkHandler } from './direct-reads.ts';
import { inboxOf } from './inbox.ts';
import { isLoopback } from './loopback.ts';
import { sslRequest } from './startup.ts';
import { UpstreamError } from './upstream-error.ts';

/**
 * `verify-full`: the certificate must be trusted and made for the host. `require-unverified`: encrypted, to whoever
 * answers. `disable`: plain text.
 */
export type UpstreamTls = 'verify-full' | 'require-unverified' | 'disable';

export interface UpstreamAddress {
  /** A name, an address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  /** Where it is left open: `disable` where the peer is this machine, `verify-full` everywhere else. */
  readonly tls?: UpstreamTls;
  /** PEM; the only roots that are trusted. Left open: those of the runtime. */
  readonly ca?: string;
  readonly clock: Clock;
  /** Until the target is ready for queries. */
  readonly timeoutMs: number;
  /** Ends the attempt before its time is up. Left open: nobody does. Means nothing once the target is ready. */
  readonly signal?: AbortSignal;
}

/** A connection that is about to be talked over. */
export interface Dialled {
  readonly socket: Socket;
  readonly source: ReturnType<typeof inboxOf>;
  /** Once the source is released: gives every chunk to the handler, which takes the place of 'data' listeners. */
  readonly listen: (handler: ChunkHandler) => void;
  /** Nobody else can be at the other end: this machine itself, or a certificate that was verified. */
  readonly isPeerCertain: boolean;
  readonly isEncrypted: boolean;
  /** `tls-server-end-point` data; null without TLS, or where the certificate defines none. */
  readonly channelBinding: Buffer | null;
}

const alpnProtocol = 'postgresql';
const tlsAccepted = 0x53; // 'S'

/** `onSocket` is told each socket as it comes to be, so that a deadline can destroy it. */
export async function dial(address: UpstreamAddress, onSocket: (socket: Socket) => void): Promise<Dialled> {
  const isUnixSocket = path.isAbsolute(address.host);
  const reads = new DirectReads();
  const { onread } = reads;
  const socket = isUnixSocket
    ? connect({ path: path.join(address.host, `.s.PGSQL.${address.port}`), onread })
    : connect({ host: address.host, port: address.port, noDelay: true, keepAlive: true, onread });
  reads.attach(socket);
  onSocket(socket);
  await opened(socket, 'connect', 'unreachable');
  // The address that was reached counts, not the name that led there.
  const isLocal = isUnixSocket || isLoopback(socket.remoteAddress);
  const tls = address.tls ?? (isLocal ? 'disable' : 'verify-full');
  if (tls === 'disable') {
    const source = inboxOf(socket);
    const listen = (handler: ChunkHandler) => reads.listen(handler);
    return { socket, source, listen, isPeerCertain: isLocal, isEncrypted: false, channelBinding: null };
  }
  const secured = await startTls(socket, address, tls);
  onSocket(secured);
  await opened(secured, 'secureConnect', 'tls');
  const certificate = secured.getPeerX509Certificate();
  return {
    socket: secured,
    source: inboxOf(secured),
    listen: (handler) => listenToStream(secured, handler),
    isPeerCertain: isLocal || tls === 'verify-full',
    isEncrypted: true,
    channelBinding: certificate === undefined ? null : channelBindingOf(certificate),
  };
}

/** "SSL Session Encryption". */
async function startTls(socket: Socket, address: UpstreamAddress, tls: UpstreamTls): Promise<TLSSocket> {
  const { inbox, release } = inboxOf(socket);
  socket.write(sslRequest);
  const answer = await inbox.take(1);
  release();
  if (answer?.[0] !== tlsAccepted) {
    socket.destroy();
    throw new UpstreamError('tls', 'the target offers no TLS, which its configuration requires');
  }
  // What came with the answer was not encrypted: somebody in between may have put it there (CVE-2021-23222).
  if (inbox.available > 0 || socket.readableLength > 0) {
    socket.destroy();
    throw new UpstreamError('tls', 'the target sent unencrypted bytes behind its answer to the TLS request');
  }
  return connectTls({
    socket,
    host: address.host,
    ...(isIP(address.host) === 0 ? { servername: address.host } : {}),
    ...(address.ca === undefined ? {} : { ca: address.ca }),
    rejectUnauthorized: tls !== 'require-unverified',
    minVersion: 'TLSv1.2',
    ALPNProtocols: [alpnProtocol],
  });
}

function opened(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  fault: 'unreachable' | 'tls',
): Promise<void> {
  return new Promise((resolve, reject) => {
    const what = fault === 'tls' ? 'TLS with the target failed' : 'the target cannot be reached';
    // Stays for the life of the socket: a 'close' follows every 'error', and tells whoever listens.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      reject(new UpstreamError(fault, `${what} (${error.code ?? 'no code'})`, error.message));
    });
    socket.once('close', () => reject(new UpstreamError(fault, what)));
    socket.once(event, () => resolve());
  });
}
