import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import { limits } from '../limits.ts';

export interface ListeningApi {
  /** `http://host:port`, with the port that was taken where 0 was asked for. */
  readonly address: string;
  /** Stops accepting and ends what is open: streams resume elsewhere by the id of their last event. */
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

/** Resolves when connections are accepted; rejects when the address can't be had. */
export function listenApi(app: Pick<Hono, 'fetch'>, { host, port }: ListenOptions): Promise<ListeningApi> {
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const server = createServer((request, response) => void listener(request, response));
  // A slow sender holds a socket no longer than an answer may take.
  server.headersTimeout = limits.apiRequestMs;
  server.requestTimeout = limits.apiRequestMs;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve({ address: addressOf(server), close: () => closeServer(server) });
    });
  });
}

function addressOf(server: Server): string {
  // A listening TCP server has an address of this form (node:net).
  const { address, family, port } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
