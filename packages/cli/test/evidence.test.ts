/** Evidence that leaves the gateway: exports and receipts, verified where there is nothing but the files. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cosigner, parseNote, signNote } from '@sallyport/verifier';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApi } from '../../gateway/src/api/api.ts';
import { type ListeningApi, listenApi } from '../../gateway/src/api/listen.ts';
import { createFake } from '../../gateway/test/api-fake.ts';
import { tokens } from '../../gateway/test/support/api-callers.ts';
import { longLog, noticeTime } from '../../verifier/test/folder.ts';
import { HELD, logKey, makeReceipt, testKey } from '../../verifier/test/support.ts';

const bin = join(import.meta.dirname, '..', 'bin', 'sallyport.js');
const log = longLog(700);
const SIZE = log.entries.length;
const SECOND = 'tile/entries/001';

let api: ListeningApi;
let fake: ReturnType<typeof createFake>;
let directory: string;

beforeEach(async () => {
  fake = createFake();
  fake.ledger.vkey = logKey.vkey;
  fake.ledger.checkpoint = { size: SIZE, note: log.checkpoint };
  log.entries.forEach(({ leaf }, index) => fake.ledger.rows.push({ index, kind: 'notice', leaf }));
  for (const [level, count] of [
    [0, 3],
    [1, 1],
  ] as const)
    for (let index = 0; index < count; index++)
      fake.ledger.tiles.set(`${level}/${index}`, await log.readTile(level, index, 256));
  fake.ledger.receipts.set(HELD, await makeReceipt(log, HELD));
  api = await listenApi(createApi(fake.deps), { host: '127.0.0.1', port: 0 });
  directory = mkdtempSync(join(tmpdir(), 'sallyport-evidence-'));
});

afterEach(async () => {
  await api.close().catch(() => undefined);
  rmSync(directory, { recursive: true, force: true });
});

function sallyport(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { PATH: process.env['PATH'], SALLYPORT_URL: api.address, SALLYPORT_TOKEN: tokens.vera };
  return new Promise((resolve) => {
    const node = ['--conditions=sallyport-source', bin, ...args];
    execFile(process.execPath, node, { cwd: directory, env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

interface Verdict {
  readonly code: number;
  readonly ok: boolean;
  readonly findings: readonly string[];
}

async function verify(...args: string[]): Promise<Verdict> {
  const { code, stdout } = await sallyport('verify', '--json', ...args);
  const { ok, findings } = JSON.parse(stdout) as { ok: boolean; findings: { code: string; index: number }[] };
  return { code, ok, findings: findings.map((finding) => `${finding.code}@${finding.index}`) };
}

const SEEN_SECONDS = Date.UTC(2026, 10, 21, 9) / 1_000;

/** The checkpoint as a witness has seen it, and the policy that asks for that. */
async function witnessed(): Promise<{ readonly note: string; readonly policy: string }> {
  const witness = await testKey('witness.example/w', new Uint8Array(32).fill(3), 'cosignature');
  const text = parseNote(log.checkpoint)?.text ?? '';
  const note = signNote(text, [logKey.signer, cosigner(witness.signer, SEEN_SECONDS)]);
  const policy = join(directory, 'policy');
  writeFileSync(policy, `log ${logKey.vkey}\nwitness w ${witness.vkey}\nquorum w\n`);
  return { note, policy };
}

describe('the whole ledger, verified at the gateway', () => {
  it('without a witness says that nothing shows a replacement; with one, who has seen it and when', async () => {
    const alone = await sallyport('ledger', 'verify');
    expect(alone.stdout).toContain('not proved: That whoever holds the log’s key did not write another log');
    const witness = await witnessed();
    expect((await sallyport('ledger', 'verify', '--policy', witness.policy)).code).toBe(6);
    fake.ledger.checkpoint = { size: SIZE, note: witness.note };
    const seen = await sallyport('ledger', 'verify', '--policy', witness.policy);
    expect(seen.code).toBe(0);
    expect(seen.stdout).toContain('seen by witness.example/w at 2026-11-21T09:00:00.000Z');
    expect(seen.stdout).not.toContain('did not write another log');
    // What was never cut off nobody can prove of a log's newest entries.
    expect(seen.stdout).toContain('not proved: That no newer entries were cut off');
  });
});

const at = (index: number): string => new Date(noticeTime(index)).toISOString();

describe('an export', () => {
  it('of everything verifies without the gateway, wherever it is moved', async () => {
    expect(await sallyport('ledger', 'export', 'out')).toMatchObject({ code: 0 });
    await api.close();
    cpSync(join(directory, 'out'), join(directory, 'stick'), { recursive: true });
    rmSync(join(directory, 'out'), { recursive: true });
    expect(await verify('stick', '--key', logKey.vkey)).toEqual({ code: 0, ok: true, findings: [] });
    const told = await sallyport('verify', 'stick', '--key', logKey.vkey);
    expect(told.stdout).toContain('The evidence is proved.');
    expect(told.stdout).toContain(`all ${SIZE} entries`);
    expect((await sallyport('ledger', 'verify', '--dir', 'stick')).stdout).toContain(
      'from the ledger itself',
    );
  });

  it('of a time holds the bundles of that time, and the way to the root', async () => {
    const ran = await sallyport('ledger', 'export', 'out', '--since', at(250), '--until', at(400), '--json');
    expect(JSON.parse(ran.stdout)).toEqual({ directory: 'out', entries: 256, fitting: 150 });
    const manifest = JSON.parse(readFileSync(join(directory, 'out', 'manifest.json'), 'utf8')) as object;
    expect(manifest).toMatchObject({ from: 256, until: 512, size: SIZE, counts: { fitting: 150 } });
    expect(existsSync(join(directory, 'out', 'tile/entries/000'))).toBe(false);
    await api.close();
    expect(await verify('out', '--key', logKey.vkey)).toEqual({ code: 0, ok: true, findings: [] });
    expect((await sallyport('verify', 'out', '--key', logKey.vkey)).stdout).toContain(
      'entries 256 to 511 of 711',
    );
  });

  it('of a time without entries is whole, and says so', async () => {
    const ran = await sallyport('ledger', 'export', 'out', '--until', '2001-01-01');
    expect(ran).toMatchObject({ code: 0, stdout: '0 entries in out\n' });
    expect(await verify('out', '--key', logKey.vkey)).toEqual({ code: 0, ok: true, findings: [] });
  });

  it('that was changed is told by code and index', async () => {
    await sallyport('ledger', 'export', 'out');
    const file = join(directory, 'out', SECOND);
    const bundle = readFileSync(file);
    bundle.write('tesT', bundle.indexOf('"test"') + 1);
    writeFileSync(file, bundle);
    expect(await verify('out', '--key', logKey.vkey)).toEqual({
      code: 6,
      ok: false,
      findings: ['entry.not_included@256'],
    });
    rmSync(file);
    const told = await sallyport('verify', 'out', '--key', logKey.vkey);
    expect(told).toMatchObject({ code: 6 });
    expect(told.stdout).toContain('✗ file.missing at entry 256: tile/entries/001');
  });

  it('is never written over another one', async () => {
    await sallyport('ledger', 'export', 'out');
    expect(await sallyport('ledger', 'export', 'out')).toMatchObject({ code: 4 });
  });

  it('beside a file with the name of a gateway’s database is not what is verified, and that is said', async () => {
    await sallyport('ledger', 'export', 'out');
    writeFileSync(join(directory, 'out', 'store.db'), '');
    expect(await sallyport('verify', 'out')).toMatchObject({ code: 1 });
    const ran = await sallyport('verify', 'out', '--key', logKey.vkey);
    expect(ran).toMatchObject({ code: 3, stdout: '' });
    expect(ran.stderr).toContain('state.foreign: out/store.db');
  });

  it('that was not finished is no ledger, and neither is any other folder', async () => {
    await sallyport('ledger', 'export', 'out');
    rmSync(join(directory, 'out', 'checkpoint'));
    for (const folder of ['out', '.', '/']) {
      const ran = await sallyport('verify', folder);
      expect({ code: ran.code, named: ran.stderr.includes('folder.no_ledger') }).toEqual({
        code: 3,
        named: true,
      });
    }
  });

  it('proves nobody’s authorship without a key, nor with another one', async () => {
    await sallyport('ledger', 'export', 'out');
    expect(await verify('out')).toEqual({ code: 6, ok: false, findings: [] });
    const other = await testKey('sallyport.example/ledger', new Uint8Array(32).fill(9));
    expect(await verify('out', '--key', other.vkey)).toMatchObject({ code: 6, ok: false });
  });

  it('is held to the witnesses of a policy, and so is a receipt', async () => {
    const witness = await testKey('witness.example/w1', new Uint8Array(32).fill(1), 'cosignature');
    writeFileSync(join(directory, 'policy'), `log ${logKey.vkey}\nwitness w ${witness.vkey}\nquorum w\n`);
    await sallyport('ledger', 'export', 'out');
    await sallyport('receipt', HELD, '--out', 'receipt');
    const demanding = ['--key', logKey.vkey, '--policy', 'policy'];
    expect((await verify('out', ...demanding)).findings).toEqual(['policy.no_quorum@null']);
    const told = await sallyport('verify', 'receipt', ...demanding);
    expect(told).toMatchObject({ code: 6 });
    expect(told.stdout).toContain('Entry 3: policy.no_quorum');
    const own = ['--key', logKey.vkey, '--policy', 'out/policy'];
    expect((await verify('out', ...own)).code).toBe(0);
    expect((await sallyport('verify', 'receipt', ...own)).code).toBe(0);
    writeFileSync(join(directory, 'policy'), 'quorum w\n');
    expect((await sallyport('verify', 'receipt', ...demanding)).code).toBe(1);
  });
});

it('nothing to verify is a question of usage', async () => {
  expect(await sallyport('verify')).toMatchObject({ code: 1 });
  expect(await sallyport('ledger', 'export', 'out', '--since', 'soon')).toMatchObject({ code: 1 });
});
