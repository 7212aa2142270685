import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyLog, verifyReceipt, webCryptoVerifier } from '@sallyport/verifier';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { GatewayProcess } from '../support/crash-process.ts';
import { agentName, openSite, type Site } from '../support/crash-site.ts';
import { reviewOf } from '../support/crash-work.ts';

const CANARY = 'CANARY5e2';
let site: Site;
let gateway: GatewayProcess;
let review = '';
let oldReceipt = '';
let firstKey = '';

beforeAll(async () => {
  site = await openSite();
  gateway = await site.start();
  const client = site.agent(gateway);
  const judged: Promise<void>[] = [];
  client.on('notice', ({ message }) => {
    review = reviewOf(message);
    judged.push(approve(review));
  });
  await client.connect();
  await client.query(`SELECT '${CANARY}-allowed'`);
  await client.query(`INSERT INTO runs (marker) VALUES ('${CANARY}-approved')`);
  await Promise.all(judged);
  await client.end();
  firstKey = (await site.person(gateway).ledgerStatus()).vkey;
  oldReceipt = await site.person(gateway).receipt(review);
});
afterAll(() => site.remove());

async function approve(id: string): Promise<void> {
  const api = site.person(gateway);
  const { digest, rendering } = await api.getReview(id);
  await api.vote(id, { kind: 'approve', digest, rendering, reason: `${CANARY}-reason` });
}

const stateFolder = (): string => join(site.directory, 'gateway');
const filesWith = (what: string): string[] =>
  readdirSync(stateFolder()).filter((name) => readFileSync(join(stateFolder(), name)).includes(what));

async function checks(receipt: string, trustedKey = firstKey): Promise<string[]> {
  const report = await verifyReceipt(receipt, { ...webCryptoVerifier(), trustedKey });
  return report.checks.filter(({ ok }) => !ok).map(({ name }) => name);
}

async function findings(trustedKey: string): Promise<string[]> {
  const api = site.person(gateway);
  const checkpoint = await api.checkpoint();
  const size = Number(checkpoint.split('\n')[1]);
  const entries = api.ledgerEntries(0, size);
  const report = await verifyLog({ entries, checkpoint, earlier: [], trustedKey, ...webCryptoVerifier() });
  return report.findings.map(({ code, detail }) => `${code} ${detail}`);
}

test('while they are there, values are shown to who may see them, and in no file of the state folder', async () => {
  expect((await site.person(gateway).getReview(review)).command).toContain(`${CANARY}-approved`);
  expect(oldReceipt).toContain(`${CANARY}-approved`);
  expect(await checks(oldReceipt)).toEqual([]);
  expect(filesWith(CANARY)).toEqual([]);
  expect(filesWith(agentName)).not.toEqual([]);
});

test('an agent, and a person whom policy does not let, erase nothing and hand nothing over', async () => {
  const post = (path: string, token: string, body: object): Promise<number> =>
    fetch(gateway.apiUrl + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }).then(({ status }) => status);
  const erasure = { subject: { kind: 'agent', name: agentName }, reason: 'asked' };
  for (const token of [site.agentToken, site.personTokens.ana]) {
    expect(await post('/v1/ledger/erasures', token, erasure)).toBe(403);
    expect(await post('/v1/ledger/key/rotation', token, {})).toBe(403);
  }
  expect(await post('/v1/ledger/erasures', site.personTokens.sam, { ...erasure, reason: ' ' })).toBe(422);
  expect((await site.person(gateway).getReview(review)).erasedAt).toBeNull();
});

test('erased, they are nowhere; who, when and by whose leave stays, and so does every proof', async () => {
  const api = site.person(gateway);
  const erased = await api.eraseValues({
    subject: { kind: 'agent', name: agentName },
    reason: `${CANARY}-why`,
  });
  const shown = await api.getReview(review);
  expect(shown).toMatchObject({ status: 'approved', command: '', erasedAt: erased.at });
  expect(shown.votes).toMatchObject([{ person: 'sam', kind: 'approve', reason: '' }]);
  expect(JSON.stringify(shown)).not.toContain(CANARY);
  const receipt = await api.receipt(review);
  expect(receipt).not.toContain(CANARY);
  expect(await checks(receipt)).toEqual([]);
  expect(await checks(oldReceipt)).toEqual([]);
  expect(await findings(firstKey)).toEqual([]);
  expect(filesWith(CANARY)).toEqual([]);
  const again = api.eraseValues({ subject: { kind: 'agent', name: agentName }, reason: 'again' });
  await expect(again).rejects.toMatchObject({ code: 'erasure.unknown_subject' });
});

test('the same after a restart, after which the agent works as before', async () => {
  await gateway.stop();
  expect(filesWith(CANARY)).toEqual([]);
  gateway = await site.start();
  expect((await site.person(gateway).getReview(review)).command).toBe('');
  const client = site.agent(gateway);
  await client.connect();
  expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  await client.end();
  expect(await findings(firstKey)).toEqual([]);
});

test('a hand-over of the key is one call; receipts lead from the first key to the next', async () => {
  const api = site.person(gateway);
  const rotated = await api.rotateLedgerKey();
  expect(rotated.previous).toBe(firstKey);
  expect((await api.ledgerStatus()).vkey).toBe(rotated.vkey);
  expect(await findings(firstKey)).toEqual([]);
  expect(await findings(rotated.vkey)).toEqual([]);
  const receipt = await api.receipt(review);
  expect(await checks(receipt)).toEqual([]);
  expect(await checks(receipt, rotated.vkey)).toEqual([]);
  await gateway.stop();
  gateway = await site.start();
  expect((await site.person(gateway).ledgerStatus()).vkey).toBe(rotated.vkey);
});

test('a state folder that does not fit is refused with the file and the way out, and left as it is', async () => {
  await gateway.stop();
  const before = statSync(join(stateFolder(), 'store.db')).size;
  const file = join(stateFolder(), 'ledger-key.pem');
  const key = readFileSync(file);
  const other = (await import('node:crypto')).generateKeyPairSync('ed25519').privateKey;
  writeFileSync(file, other.export({ type: 'pkcs8', format: 'pem' }));
  await expect(site.start()).rejects.toThrow(/log\.other_key: .*restore ledger-key\.pem/);
  writeFileSync(file, key);
  const configuration = readFileSync(site.configPath, 'utf8');
  writeFileSync(site.configPath, configuration.replace(/^origin: .*$/m, 'origin: other.example/log'));
  await expect(site.start()).rejects.toThrow(/log\.other_origin: .*set `origin` back/);
  writeFileSync(site.configPath, configuration);
  const master = join(stateFolder(), 'values-master-key');
  const kept = readFileSync(master);
  writeFileSync(master, `${'0'.repeat(64)}\n`);
  await expect(site.start()).rejects.toThrow(/store\.other_key: .*values-master-key.*restore/);
  writeFileSync(master, kept);
  expect(statSync(join(stateFolder(), 'store.db')).size).toBe(before);
  gateway = await site.start();
  expect(await findings((await site.person(gateway).ledgerStatus()).vkey)).toEqual([]);
});
