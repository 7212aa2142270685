import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Witness, WitnessAnswer } from './keeper.ts';

/** A checkpoint with sixteen signatures, and 63 hashes. */
const MOST_BODY_BYTES = 131_072;
/** A log sends its few kilobytes at once. */
const REQUEST_MS = 10_000;
const NAMES: Readonly<Record<WitnessAnswer['status'] | 405 | 413, string>> = {
  200: '',
  400: 'not a request to add a checkpoint\n',
  403: 'no signature by a key of this log\n',
  404: 'no log of this name is witnessed here\n',
  405: 'POST /add-checkpoint\n',
  409: '',
  413: 'too large\n',
  422: 'the checkpoint does not continue the one before\n',
};

/** C2SP tlog-witness over HTTP. Resolves when it listens. */
export async function serveWitness(
  witness: Witness,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const server = createServer({ requestTimeout: REQUEST_MS }, (request, response) => {
    void handle(witness, request, response).catch(() => {
      // Fails closed: no cosignature without an answer of the witness.
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const { port: actual } = server.address() as AddressInfo;
  return { url: `http://${host}:${actual}`, close: () => close(server) };
}

async function handle(witness: Witness, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url !== '/add-checkpoint') return send(response, 404);
  if (request.method !== 'POST') return send(response, 405);
  const body = await readBody(request);
  if (body === undefined) return send(response, 413);
  const answer = await witness.addCheckpoint(body);
  if (answer.status === 200) return send(response, 200, answer.body);
  if (answer.status !== 409 || answer.size === null) return send(response, answer.status);
  response.writeHead(409, { 'content-type': 'text/x.tlog.size' }).end(`${answer.size}\n`);
}

function send(response: ServerResponse, status: keyof typeof NAMES, body = NAMES[status]): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(body);
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
