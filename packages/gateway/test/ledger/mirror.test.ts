/** The ledger in files, behind a web server that knows nothing of it, while the gateway writes them. */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FolderReport } from '@sallyport/verifier';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { GatewayProcess } from '../support/crash-process.ts';
import { openSite, type Site } from '../support/crash-site.ts';
import { filesIn, readerFinds } from '../support/mirror.ts';

const CLI = fileURLToPath(new URL('../../../cli/bin/sallyport.js', import.meta.url));
const reader = fileURLToPath(new URL('../../../../vectors/ledger/reader.py', import.meta.url));

let site: Site;
let gateway: GatewayProcess;
let server: Server;
let url: string;
let directory: string;

beforeAll(async () => {
  site = await openSite({ more: 'ledger: { publish: { directory: public } }\n' });
  directory = join(site.directory, 'public');
  gateway = await site.start();
  server = createServer(({ url: path = '' }, response) => {
    try {
      response.end(readFileSync(join(directory, normalize(path))));
    } catch {
      response.writeHead(404).end();
    }
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(async () => {
  server.close();
  await site.remove();
});

/** As somebody on another machine reads it. */
const overHttp = (): Promise<FolderReport> =>
  readerFinds(async (path) => {
    const response = await fetch(url + path);
    return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined;
  }, gateway.vkey);

async function query(count: number): Promise<void> {
  const client = site.agent(gateway);
  await client.connect();
  for (let at = 0; at < count; at++) await client.query(`SELECT ${at}`);
  await client.end();
}

/** The folder is as far as the log. */
const reached = (): Promise<number> =>
  vi.waitFor(
    async () => {
      const { size, mirror } = await site.person(gateway).ledgerStatus();
      expect(mirror).toEqual({ size, failure: null });
      return size;
    },
    { timeout: 20_000, interval: 100 },
  );

function program(
  command: string,
  args: readonly string[],
): { readonly code: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return { code: status, said: stdout + stderr };
}

const cliVerifies = () =>
  program(process.execPath, [
    '--conditions=sallyport-source',
    CLI,
    'verify',
    directory,
    '--key',
    gateway.vkey,
  ]);

test('a reader behind a web server finds a whole log at every moment while agents work', async () => {
  let isDone = false;
  const sizes: number[] = [];
  const reading = (async () => {
    while (!isDone) {
      const found = await overHttp();
      // Nothing is there before the first checkpoint.
      if (found.size > 0) expect(found.findings).toEqual([]);
      sizes.push(found.size);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  for (let round = 0; round < 4; round++) {
    await query(60);
    await new Promise((resolve) => setTimeout(resolve, 800));
  }
  isDone = true;
  await reading;
  expect(new Set(sizes).size).toBeGreaterThan(2);
  const size = await reached();
  expect(size).toBeGreaterThan(256);
  expect(await overHttp()).toMatchObject({ ok: true, until: size, findings: [] });
});

test('the command line and the reader in Python verify the folder while the gateway runs', async () => {
  const size = await reached();
  expect(cliVerifies()).toMatchObject({ code: 0 });
  const { code, said } = program('/usr/bin/python3', [reader, 'folder', directory, gateway.vkey]);
  expect({ code, report: JSON.parse(said) as unknown }).toMatchObject({ code: 0, report: { wrong: [] } });
  expect(said).toContain(`"entries": ${size}`);
});

test('a checkpoint that was fetched before its tile became full still verifies, by every reader', async () => {
  await query(10);
  const before = await reached();
  const old = readFileSync(join(directory, 'checkpoint'), 'utf8');
  await query(130);
  await reached();
  const newest = filesIn(directory);
  const read = async (path: string) => (path === 'checkpoint' ? new TextEncoder().encode(old) : newest(path));
  expect(await readerFinds(read, gateway.vkey)).toMatchObject({ ok: true, until: before, findings: [] });
  await gateway.stop();
  writeFileSync(join(directory, 'checkpoint'), old);
  expect(cliVerifies()).toMatchObject({ code: 0 });
  expect(program('/usr/bin/python3', [reader, 'folder', directory, gateway.vkey])).toMatchObject({ code: 0 });
});

test('a start fills what is missing, and a stop leaves the last entry there', async () => {
  for (const path of ['tile/0/000', 'tile/entries/000']) rmSync(join(directory, path));
  gateway = await site.start();
  await reached();
  expect(await overHttp()).toMatchObject({ ok: true, findings: [] });
  await query(3);
  await gateway.kill();
  gateway = await site.start();
  await reached();
  await gateway.stop();
  const found = await overHttp();
  expect(found).toMatchObject({ ok: true, findings: [] });
  const last = readFileSync(join(directory, 'checkpoint'), 'utf8').split('\n')[1];
  expect(found.until).toBe(Number(last));
});

test('the checkpoint of another log there stops the start, and says where and what to do', async () => {
  const file = join(directory, 'checkpoint');
  const own = readFileSync(file, 'utf8');
  writeFileSync(file, own.replace('crash.sallyport', 'other.sallyport'));
  await expect(site.start()).rejects.toThrow(
    /mirror\.other_origin: .*public\/checkpoint is of the log other\.sallyport.*name another folder in ledger\.publish\.directory/,
  );
  expect(readFileSync(file, 'utf8')).toContain('other.sallyport');
  writeFileSync(file, own);
});

test('a folder that fails keeps no agent waiting, and the status says so until it works', async () => {
  rmSync(directory, { recursive: true });
  writeFileSync(directory, 'no folder');
  gateway = await site.start();
  await query(2);
  expect((await site.person(gateway).ledgerStatus()).mirror).toEqual({ size: 0, failure: 'ENOTDIR' });
  expect(gateway.log()).toMatch(/"event":"ledger\.mirror_failed","code":"ENOTDIR"/);
  rmSync(directory);
  await reached();
  expect(gateway.log()).toContain('ledger.mirror_recovered');
  expect(await overHttp()).toMatchObject({ ok: true, findings: [] });
});
