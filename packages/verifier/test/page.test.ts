/** The verifier as a page, opened from the disk by Debian's own Chromium. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import { buildPage } from '../../../scripts/build-page.ts';
import { cosigner, parseNote, signNote } from '../src/index.ts';
import { longLog, makeFolder, noticeTime } from './folder.ts';
import type { Files } from './folder.ts';
import { HELD, logKey, makeReceipt, testKey, utf8 } from './support.ts';

const log = longLog(700);
const range = { from: 256, until: 512, query: { since: noticeTime(250), until: noticeTime(400) } };

let directory: string;
let browser: Browser;
let page: Page;
const complaints: string[] = [];
const requests: string[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sallyport-page-'));
  writeFileSync(join(directory, 'verify.html'), await buildPage());
  writeFileSync(join(directory, 'receipt.json'), await makeReceipt(log, HELD));
  write('whole', await makeFolder(log));
  write('range', await makeFolder(log, range));
  // Containers give no namespaces to sandbox with, and the page is our own.
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  });
});

afterAll(async () => {
  await browser.close();
  rmSync(directory, { recursive: true, force: true });
});

beforeEach(async () => {
  page = await browser.newPage({ viewport: { width: 900, height: 1_000 } });
  page.setDefaultTimeout(10_000);
  page.on('pageerror', (error) => void complaints.push(error.message));
  page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
  page.on('request', (request) => void requests.push(request.url()));
  complaints.length = 0;
  requests.length = 0;
  await page.goto(pathToFileURL(join(directory, 'verify.html')).href);
});

afterEach(async () => {
  await page.close();
  expect(complaints).toEqual([]);
});

function write(name: string, files: Files): string {
  for (const [path, bytes] of files) {
    const file = join(directory, name, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
  return join(directory, name);
}

/** The heading of the verdict, as soon as there is one. */
const verdict = (): Promise<string | null> => page.locator('.verdict h2').textContent();
const text = (): Promise<string | null> => page.locator('#result').textContent();

async function choose(name: string, key: string | null = logKey.vkey): Promise<string | null> {
  await page.locator('#key').fill(key ?? '');
  const isFolder = !name.includes('.');
  await page.locator(isFolder ? '#folder' : '#file').setInputFiles(join(directory, name));
  return verdict();
}

const picture = async (name: string): Promise<void> => {
  const into = process.env['SALLYPORT_PICTURES'];
  if (into !== undefined) await page.screenshot({ path: join(into, `${name}.png`), fullPage: true });
};

describe('the page', () => {
  it('proves a receipt, and tells its story', async () => {
    expect(await choose('receipt.json')).toBe('Proved');
    expect(await text()).toContain('approve by dora');
    expect(await page.locator('pre').textContent()).toContain("WHERE country = 'CH'");
    await picture('receipt');
  });

  it('proves a folder, whole or of a time', async () => {
    expect(await choose('whole')).toBe('Proved');
    expect(await text()).toContain('0 to 710, of 711');
    await picture('folder');
    await page.reload();
    expect(await choose('range')).toBe('Proved');
    expect(await text()).toContain('256 to 511, of 711');
    expect(await text()).toContain('150 entries');
  });

  it('without a key says that nobody vouches for it, and looks again when there is one', async () => {
    expect(await choose('receipt.json', null)).toBe('Consistent, not proved');
    await picture('consistent');
    await page.locator('#key').fill(logKey.vkey);
    await page.locator('#key').blur();
    await page.getByRole('heading', { name: 'Proved', exact: true }).waitFor();
  });

  it('says what was changed, and where', async () => {
    const files = await makeFolder(log);
    const bundle = Buffer.from(files.get('tile/entries/001')!);
    bundle.write('tesT', bundle.indexOf('"test"') + 1);
    write('changed', files.set('tile/entries/001', bundle));
    expect(await choose('changed')).toBe('Not what it claims to be');
    expect(await text()).toContain('entry.not_included');
    expect(await text()).toContain('Entry 256.');
    await picture('changed');
  });

  it('takes no file of another kind for a receipt, and reads nothing in it as markup', async () => {
    writeFileSync(join(directory, 'other.json'), '<img src=x onerror="document.title=1">');
    expect(await choose('other.json')).toBe('Not valid');
    expect(await page.title()).toBe('Sallyport verifier');
    expect(await page.locator('#result img').count()).toBe(0);
  });

  it('asks for the witnesses of a policy', async () => {
    const witness = await testKey('witness.example/w1', new Uint8Array(32).fill(1), 'cosignature');
    const files = await makeFolder(log);
    const { text: signed } = parseNote(log.checkpoint)!;
    const note = signNote(signed, [logKey.signer, cosigner(witness.signer, 1_760_000_000)]);
    write('witnessed', files.set('checkpoint', utf8(note)));
    await page.locator('summary').click();
    await page.locator('#policy').fill(`log ${logKey.vkey}\nwitness w ${witness.vkey}\nquorum w`);
    expect(await choose('witnessed')).toBe('Proved');
    expect(await text()).toContain('Seen bywitness.example/w1, 2025-10-09T08:53:20.000Z');
    expect(await choose('whole').then(() => text())).toContain('policy.no_quorum');
    await page.locator('#file').setInputFiles(join(directory, 'receipt.json'));
    await page.getByRole('heading', { name: 'Not witnessed' }).waitFor();
  });

  it('takes a receipt that is dropped on it', async () => {
    await page.locator('#key').fill(logKey.vkey);
    const receipt = await makeReceipt(log, HELD);
    const transfer = await page.evaluateHandle(`(() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([${JSON.stringify(receipt)}], 'receipt.json'));
      return transfer;
    })()`);
    await page.locator('#drop').dispatchEvent('drop', { dataTransfer: transfer });
    expect(await verdict()).toBe('Proved');
  });

  it('shows on a small screen without scrolling sideways', async () => {
    await page.setViewportSize({ width: 360, height: 700 });
    expect(await choose('receipt.json')).toBe('Proved');
    const overflow = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
    expect(overflow).toBeLessThanOrEqual(0);
    await picture('small');
  });
});

describe('the network', () => {
  it('is never used, nor can anything in the page use it', async () => {
    let reached = 0;
    const server = createServer((_request, response) => {
      reached++;
      response.setHeader('access-control-allow-origin', '*').end();
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await choose('whole');
    const tried = await page.evaluate(`(async () => {
      const image = new Promise((resolve) => {
        const made = new Image();
        made.onload = () => resolve('loaded');
        made.onerror = () => resolve('refused');
        made.src = ${JSON.stringify(address)};
      });
      const fetched = await fetch(${JSON.stringify(address)}).then(() => 'fetched', () => 'refused');
      const beacon = navigator.sendBeacon(${JSON.stringify(address)}, 'x');
      return [fetched, await image];
    })()`);
    expect(tried).toEqual(['refused', 'refused']);
    await page.waitForTimeout(200);
    server.close();
    expect(reached).toBe(0);
    const refused = complaints.splice(0);
    expect(refused.length).toBeGreaterThan(2);
    for (const complaint of refused) expect(complaint).toContain('Content Security Policy');
    expect(requests.filter((url) => !url.startsWith('file:') && url !== address)).toEqual([]);
  });
});
