import { createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { createFakeClock } from '../../../../test/support/fake-clock.ts';
import { limits } from '../../../limits.ts';
import { Analyser } from './analyser.ts';

/** Takes connections and never says a word. */
async function hangingTarget(): Promise<{ readonly port: number; readonly asked: () => number }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket.on('error', () => undefined)));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, asked: () => sockets.length };
}

it('where the target hangs, everybody who waits for its word is put before a person at the same time', async () => {
  const { port, asked } = await hangingTarget();
  const clock = createFakeClock();
  const upstream = {
    host: '127.0.0.1',
    port,
    tls: 'disable' as const,
    timeoutMs: 10 * limits.analysisMs,
    clock,
    database: 'd',
    user: 'u',
    password: 'p',
    parameters: {},
    random: { bytes: (count: number) => new Uint8Array(count) },
  };
  const analyser = new Analyser({ upstream, clock, limits });
  const ask = { query: 'SELECT nme FROM customers', parameterTypes: [], searchPath: ['public'] };
  const count = limits.analysesAtOnce + limits.analysesWaiting;
  const objections = Array.from({ length: count }, () => analyser.objection(ask));
  await expect.poll(asked).toBe(limits.analysesAtOnce);
  expect(await analyser.objection(ask)).toBeNull();
  clock.advance(limits.analysisMs);
  expect(await Promise.all(objections)).toEqual(Array.from({ length: count }, () => null));
  // Those whose time was up never came to the target, and the turns are free again.
  expect(asked()).toBe(limits.analysesAtOnce);
  const later = analyser.objection(ask);
  await expect.poll(asked).toBe(limits.analysesAtOnce + 1);
  clock.advance(limits.analysisMs);
  expect(await later).toBeNull();
});
