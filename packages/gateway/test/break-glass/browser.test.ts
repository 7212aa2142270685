import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { RunningGateway } from '@sallyport/gateway/main';
import type { SallyportClient } from '@sallyport/sdk';
import { redeemGrant } from '@sallyport/sdk/grant';
import { verifyReceipt, webCryptoVerifier } from '@sallyport/verifier';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clientOf, openBreakGlassSite, request, type BreakGlassSite } from '../support/break-glass-site.ts';
import { startBrowser, type Key, type TestBrowser } from '../support/browser.ts';

const bin = join(import.meta.dirname, '../../../cli/bin/sallyport.js');

let site: BreakGlassSite;
let gateway: RunningGateway;
let browser: TestBrowser;
let key: Key;
let kim: SallyportClient;
let service: Server;
const restarted: unknown[] = [];

/** A service that does what it is asked only under a grant for exactly that. */
function startService(): Promise<Server> {
  const server = createServer((incoming, answer) => {
    void (async () => {
      let text = '';
      for await (const chunk of incoming) text += String(chunk);
      const args = JSON.parse(text) as Record<string, unknown>;
      const grant = (incoming.headers.authorization ?? '').replace(/^DPoP /, '');
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/restart`;
      const said = { method: 'POST', url, target: 'billing', operation: 'service.restart', arguments: args };
      const redeemed = await redeemGrant(
        { url: gateway.api.address },
        { grant, proof: String(incoming.headers['dpop']), ...said },
      ).catch(() => null);
      if (redeemed !== null) restarted.push(args);
      answer.writeHead(redeemed === null ? 401 : 200).end();
    })();
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

beforeAll(async () => {
  site = await openBreakGlassSite();
  gateway = await site.start();
  kim = clientOf(gateway, site.kim);
  service = await startService();
  browser = await startBrowser();
  key = await browser.plugIn();
  await signIn('/passkeys', 'Show');
  await status('These are your passkeys.');
  await browser.page.click('text=Register');
  await status('Registered.');
});
afterAll(async () => {
  service.close();
  await browser.close();
  await gateway.close();
  site.remove();
});

const status = (text: RegExp | string) => browser.page.locator('#status', { hasText: text }).waitFor();

async function signIn(path: string, button: string): Promise<void> {
  await browser.page.goto(new URL(path, gateway.api.address).href);
  await browser.page.waitForURL((url) => url.hostname === 'localhost');
  await browser.page.fill('#token', site.tokens.sam);
  await browser.page.click(`text=${button}`);
}

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function sallyport(
  token: string,
  args: readonly string[],
  heard: (stderr: string) => void = () => undefined,
) {
  const environment = {
    PATH: process.env['PATH'],
    SALLYPORT_URL: gateway.api.address,
    SALLYPORT_TOKEN: token,
  };
  const child = spawn(process.execPath, ['--conditions=sallyport-source', bin, ...args], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => heard((stderr += text)));
  return new Promise<Ran>((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}

test('the command prints a link, the person signs there, the service acts once, and another person closes it', async () => {
  const link = Promise.withResolvers<string>();
  const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}/restart`;
  const ran = sallyport(
    site.tokens.sam,
    ['break-glass', 'run', '--target', 'billing', '--operation', 'service.restart'].concat(
      ['--arguments', '{"service":"check\u202eout"}', '--reason', 'The shop is down, and nobody answers.'],
      ['--send', url],
    ),
    (stderr) => {
      const [found] = /http\S+\/break-glass\/\S+\/sign/.exec(stderr) ?? [];
      if (found !== undefined) link.resolve(found);
    },
  );
  await signIn(await link.promise, 'Show the action');
  await status('Read it whole, then sign.');
  // The whole call, and what is hidden in it (law 6, threat A7).
  expect(await browser.page.textContent('#command')).toContain('check⟨U+202E⟩out');
  expect(restarted).toEqual([]);
  await browser.page.click('#sign');
  await status('Recorded: you broke glass.');
  const { code, stdout } = await ran;
  expect(code).toBe(0);
  expect(stdout).toContain('succeeded');
  expect(restarted).toEqual([{ service: 'check\u202eout' }]);
  expect(browser.complaints).toEqual([]);

  const listed = await sallyport(site.kim, ['reviews']);
  expect(listed.stdout.split('\n')[0]).toMatch(/^bgl_\w+ {2}BREAK-GLASS {2}not reviewed/);
  const [use] = (await kim.listBreakGlass({ state: 'open' })).uses;
  const id = use?.id ?? '';
  expect((await sallyport(site.kim, ['show', id])).stdout).toContain('The shop is down, and nobody answers.');
  const close = (token: string) =>
    sallyport(token, ['break-glass', 'close', id, '--finding', 'justified', '--text', 'The shop was down.']);
  const own = await close(site.tokens.sam);
  expect(own.code).toBe(2);
  expect(own.stderr).toContain('break_glass.own_use');
  expect((await close(site.kim)).stdout).toContain('by kim');
  expect((await sallyport(site.kim, ['break-glass', 'list'])).stdout).toBe('there is none\n');
  expect((await sallyport(site.kim, ['usage'])).stdout).toContain('BY NOBODY: BREAK-GLASS');

  const { action } = await kim.getBreakGlass(id);
  const report = await verifyReceipt(await kim.receipt(action), {
    trustedKey: gateway.ledger.vkey,
    ...webCryptoVerifier(),
  });
  expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
});

test('a passkey whose owner is not recognised runs nothing', async () => {
  const sam = clientOf(gateway, site.tokens.sam);
  const prepared = await sam.prepareBreakGlass(request());
  await key.recognise(false);
  await signIn(`/break-glass/${prepared.id}/sign`, 'Show the action');
  await status('Read it whole, then sign.');
  await browser.page.click('#sign');
  await status('NotAllowedError');
  expect(await sam.getBreakGlass(prepared.id)).toMatchObject({ status: 'prepared' });
  await key.recognise(true);
});
