/** What the gateway writes is read by a program that shares no line with it (vectors/ledger/reader.py). */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyFolder, webCryptoVerifier } from '@sallyport/verifier';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalAction } from '../../src/core/action.ts';
import type { Action } from '../../src/core/action.ts';
import { attemptMembers, intentEntry, outcomeEntry, sealAction } from '../../src/core/entry.ts';
import { makeId } from '../../src/core/ids.ts';
import { writeLog } from '../../src/ledger/export.ts';
import { makeReceipt } from '../../src/ledger/receipt.ts';
import { openSqliteStore } from '../../src/stores/sqlite/store.ts';
import { hashing } from '../../src/system.ts';
import { appendNotices, startLedger, temporaryDirectory } from '../support/ledger.ts';

const reader = join(import.meta.dirname, '..', '..', '..', '..', 'vectors', 'ledger', 'reader.py');
const NOTICES = 256 * 257;
const SIZE = NOTICES + 2;

let home: ReturnType<typeof temporaryDirectory>;
let folder: string;
let receipt: string;
let vkey: string;

interface Read {
  readonly code: number | null;
  readonly report: { readonly wrong: readonly unknown[] } & Readonly<Record<string, unknown>>;
}

/** Debian's own Python, which has Debian's packages (scripts/install-test-tools.sh). */
function read(...args: string[]): Read {
  const { status, stdout, stderr } = spawnSync('/usr/bin/python3', [reader, ...args], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return { code: status, report: JSON.parse(stdout) as Read['report'] };
}

const action: Action = {
  id: makeId('act', 1_000, new Uint8Array(10).fill(1)),
  requester: {
    agent: 'agent-1',
    agentGroups: [],
    parties: ['ann'],
    sponsor: 'ann',
    onBehalfOf: 'ann',
    onBehalfOfBasis: 'configured',
    session: 'ses_1',
    client: '127.0.0.1:1',
  },
  target: { name: 'prod-db', protocol: 'postgres', environment: 'production' },
  command: "SELECT 'Grüße, \u{1F642}', 0.1",
  parameters: [],
  preconditions: {},
};

beforeAll(async () => {
  home = temporaryDirectory();
  const store = await openSqliteStore({ directory: join(home.directory, 'state'), monotonicMs: () => 0 });
  const { keys, publisher } = await startLedger(store, home.directory);
  const { requester, target } = action;
  const sha256Base64url = (text: string): string => hashing.sha256Base64url(text);
  const sealed = sealAction(canonicalAction(action), { salt: 'c2FsdHNhbHRzYWx0c2FsdA', sha256Base64url });
  const members = attemptMembers({
    ...{ requester, target, operation: 'sql:select', description: null, datasets: [] },
    ...{ risk: { score: 0.5, signals: [] }, decision: { effect: 'allow', policies: ['all'], reasons: [] } },
  });
  const outcome = { status: 'succeeded', rows: 1, bytes: 8, durationMs: 0.1, code: '' } as const;
  await store.append(intentEntry({ action: action.id, atMs: 5, sealed, members }, null)).done;
  await store.append(outcomeEntry(action.id, 6, outcome, null)).done;
  await appendNotices(store, NOTICES);
  await publisher.publishNow();
  folder = join(home.directory, 'log');
  await writeLog(folder, store, keys);
  receipt = join(home.directory, 'receipt.json');
  writeFileSync(receipt, (await makeReceipt(action.id, { store, keys, publisher })) ?? '');
  ({ vkey } = keys);
  await publisher.close();
  await store.close();
});

afterAll(() => home.remove());

describe('a second reader, in another language,', () => {
  it('agrees with the vectors', () => {
    const { code, report } = read('vectors');
    expect({ code, wrong: report.wrong }).toEqual({ code: 0, wrong: [] });
    expect(report['checked']).toBeGreaterThan(50);
  });

  it('reads the log of the gateway as the verifier does', async () => {
    const { code, report } = read('folder', folder, vkey);
    const own = await verifyFolder({
      read: async (path) => {
        try {
          return readFileSync(join(folder, path));
        } catch {
          return undefined;
        }
      },
      ...{ trustedKey: vkey, policy: null, earlier: [] },
      ...webCryptoVerifier(),
    });
    expect({ code, report }).toEqual({
      code: 0,
      report: { size: SIZE, root: own.root, from: 0, until: SIZE, entries: SIZE, wrong: [] },
    });
    expect(own).toMatchObject({ ok: true, findings: [] });
  });

  it('reads its receipts', () => {
    expect(read('receipt', receipt, vkey)).toEqual({
      code: 0,
      report: { action: action.id, entries: 2, wrong: [] },
    });
  });

  it('finds what was changed', () => {
    const text = readFileSync(receipt, 'utf8');
    writeFileSync(receipt, text.replace('prod-db', 'test-db'));
    expect(read('receipt', receipt, vkey).code).toBe(1);
    writeFileSync(receipt, text);
    const file = join(folder, 'tile/entries/003');
    const bundle = readFileSync(file);
    bundle.write('tesT', bundle.indexOf('"test"') + 1);
    writeFileSync(file, bundle);
    expect(read('folder', folder, vkey)).toMatchObject({ code: 1, report: { wrong: [256 * 3] } });
    const other = `${vkey.slice(0, -4)}AAA=`;
    expect(read('folder', folder, other).code).toBe(1);
  });
});
