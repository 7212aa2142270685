/** A gateway's state folder, live, stopped, copied or damaged, verified without the gateway. */
import { execFile } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../gateway/src/ports.ts';
import { openSqliteStore } from '../../gateway/src/stores/sqlite/store.ts';
import { appendNotices, startLedger, temporaryDirectory } from '../../gateway/test/support/ledger.ts';

const bin = join(import.meta.dirname, '..', 'bin', 'sallyport.js');
const COVERED = 700;
const BEHIND = 5;

let home: ReturnType<typeof temporaryDirectory>;
let state: string;
let store: Store;
let vkey: string;

beforeEach(async () => {
  home = temporaryDirectory();
  state = join(home.directory, 'state');
  store = await openSqliteStore({ directory: state });
  const { keys, publisher } = await startLedger(store, state);
  ({ vkey } = keys);
  await appendNotices(store, COVERED);
  await publisher.publishNow();
  await appendNotices(store, BEHIND);
  await publisher.close();
  // In the database, not in the journal only.
  await store.commit({ mutations: [], entries: [] });
});

afterEach(async () => {
  await store.close().catch(() => undefined);
  home.remove();
});

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function sallyport(...args: string[]): Promise<Ran> {
  const env = { PATH: process.env['PATH'], TMPDIR: home.directory };
  return new Promise((resolve) => {
    const node = ['--conditions=sallyport-source', bin, ...args];
    execFile(process.execPath, node, { cwd: home.directory, env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

async function findings(folder: string): Promise<readonly string[]> {
  const { stdout } = await sallyport('verify', folder, '--key', vkey, '--json');
  const report = JSON.parse(stdout) as { findings: { code: string; index: number | null }[] };
  return report.findings.map(({ code, index }) => `${code}@${index}`);
}

/** A copy of the folder of a stopped gateway, changed by whoever can write to it. */
async function changed(...statements: string[]): Promise<string> {
  await store.close();
  const copy = join(home.directory, 'copy');
  cpSync(state, copy, { recursive: true });
  const database = new DatabaseSync(join(copy, 'store.db'));
  for (const statement of statements) database.exec(statement);
  database.close();
  return copy;
}

/** In the row that has entry 300: another byte in the text of the first leaf of the row. */
const EDIT = `UPDATE bundles SET leaves = CAST(replace(CAST(leaves AS TEXT), '"test"', '"tesT"') AS BLOB)
  WHERE first_index = (SELECT max(first_index) FROM bundles WHERE first_index <= 300)`;

describe('a state folder', () => {
  it('is verified while the gateway runs, and what no checkpoint covers is counted', async () => {
    const before = readdirSync(state);
    const { code, stdout } = await sallyport('verify', 'state', '--key', vkey);
    expect({ code, stdout }).toMatchObject({ code: 0 });
    expect(stdout).toContain('The evidence is proved.');
    expect(stdout).toContain(`all ${COVERED} entries under the checkpoint`);
    expect(stdout).toContain(`${BEHIND} entries behind it, which nothing proves yet`);
    expect(stdout).toContain('not proved: That no newer entries were cut off');
    expect(readdirSync(state)).toEqual(before);
    // The gateway goes on as if nobody had looked.
    await appendNotices(store, 3);
    expect(await store.read('size', {})).toBe(COVERED + BEHIND + 3);
  });

  it('is verified when the gateway is stopped, and where it was copied to; no copy is left behind', async () => {
    await store.close();
    cpSync(state, join(home.directory, 'stick'), { recursive: true });
    rmSync(state, { recursive: true });
    const { code, stdout } = await sallyport('ledger', 'verify', '--dir', 'stick', '--key', vkey);
    expect(code).toBe(0);
    expect(stdout).toContain('The ledger is whole.');
    expect(stdout).toContain(`${BEHIND} entries not yet covered`);
    expect(readdirSync(home.directory)).toEqual(['stick']);
  });

  it('in which an entry was edited, dropped or moved is told by code and index', async () => {
    const edited = await changed(EDIT);
    expect((await findings(edited))[0]).toMatch(/^entry\.not_included@\d+$/);
    expect((await sallyport('verify', edited, '--key', vkey)).code).toBe(6);
  });

  it('from which entries were taken, or a tile, says where', async () => {
    const cut = await changed(
      'DELETE FROM bundles WHERE first_index > 0',
      'DELETE FROM tiles WHERE level = 0',
    );
    const found = await findings(cut);
    expect(found).toContain('file.missing@0');
    expect(found).toContain('bundle.width@512');
  });

  it('of another ledger is refused by its checkpoint', async () => {
    const other = vkey.replace(/^[^+]+/, 'other.example/log');
    const { code, stdout } = await sallyport('verify', 'state', '--key', other);
    expect(code).toBe(6);
    expect(stdout).toContain('NOT what it claims to be');
  });

  it('without a key is refused, because its own is the private one', async () => {
    const { code, stderr } = await sallyport('verify', 'state');
    expect({ code, named: stderr.includes('state.key_needed') }).toEqual({ code: 1, named: true });
  });

  it.each([
    [
      'whose database is damaged',
      (bytes: Buffer) => bytes.fill(0x5a, 4096, bytes.length - 4096),
      'state.corrupt',
      6,
    ],
    ['whose database is no database', () => Buffer.from('no database'.repeat(100)), 'state.corrupt', 6],
    ['whose database is cut off', (bytes: Buffer) => bytes.subarray(0, 20_000), 'state.corrupt', 6],
  ])('%s is refused, and the file is named', async (_, damage, named, code) => {
    await store.close();
    const file = join(state, 'store.db');
    writeFileSync(file, damage(readFileSync(file)));
    const ran = await sallyport('verify', 'state', '--key', vkey);
    expect({ code: ran.code, text: ran.stderr }).toMatchObject({ code });
    expect(ran.stderr).toContain(named);
    expect(ran.stderr).toContain('state/store.db');
  });

  it('of another program is not taken for one', async () => {
    const foreign = await changed('PRAGMA application_id = 7');
    const { code, stderr } = await sallyport('verify', foreign, '--key', vkey);
    expect({ code, named: stderr.includes('state.foreign') }).toEqual({ code: 3, named: true });
  });
});
