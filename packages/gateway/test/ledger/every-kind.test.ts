/** A log with every kind of entry that a gateway writes, a handed-over key and erased values, read by both readers. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeLeaf, verifyFolder, webCryptoVerifier } from '@sallyport/verifier';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { delegationEntry } from '../../src/core/delegation.ts';
import { noticeEntry } from '../../src/core/entry.ts';
import { makeId } from '../../src/core/ids.ts';
import type { Person } from '../../src/core/identity.ts';
import { leafClasses } from '../../src/core/leaf-classes.ts';
import { partsOf } from '../../src/core/subject.ts';
import { eraseSubject } from '../../src/ledger/erase.ts';
import { writeLog } from '../../src/ledger/export.ts';
import { makeReceipt } from '../../src/ledger/receipt.ts';
import { rotateKey } from '../../src/ledger/rotation.ts';
import { openSqliteStore } from '../../src/stores/sqlite/store.ts';
import { hashing, random } from '../../src/system.ts';
import { CANARY, everyEntry } from '../support/every-entry.ts';
import { appendNotices, startLedger, temporaryDirectory } from '../support/ledger.ts';
import type { TestLedger } from '../support/ledger.ts';

const reader = join(import.meta.dirname, '..', '..', '..', '..', 'vectors', 'ledger', 'reader.py');
const sam = { kind: 'person', name: 'sam', identity: 'sam' } as Person;
const at = 1_760_000_000_000;
/** Besides those that have a kind of their own. */
const governance = [
  delegationEntry(
    { id: 'dlg_1', from: 'ana', to: 'eve', fromMs: at, untilMs: at + 1 } as never,
    'delegation.made',
    'ana',
    at,
  ),
  noticeEntry(
    'policy.proposed',
    { author: 'ana', by: 'ana', change: 'pch_1', from: 'v1', policies: 'v2' },
    at,
  ),
  noticeEntry('account.linked', { account: 'U1', platform: 'slack', principal: 'ana', tenant: 'T1' }, at),
];
// The samples' own hand-over is no real one; this log has one.
const samples = everyEntry.filter(({ kind }) => kind !== 'key');
/** A question of an action of its own: the samples' action names a passkey that this store never saw. */
const ACTION = makeId('act', at, new Uint8Array(10).fill(9));
const questions = samples
  .filter(({ kind }) => kind === 'question')
  .map((entry) => ({
    ...entry,
    action: ACTION,
    leaf: entry.leaf.replaceAll(entry.action ?? '', ACTION),
  }));
const entries = [...samples, ...governance, ...questions];

let home: ReturnType<typeof temporaryDirectory>;
let ledger: TestLedger;
let first: string;

/** Debian's own Python, which has Debian's packages (scripts/install-test-tools.sh). */
function read(...args: string[]) {
  const { status, stdout, stderr } = spawnSync('/usr/bin/python3', [reader, ...args], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return { code: status, report: JSON.parse(stdout) as Readonly<Record<string, unknown>> };
}

async function receiptIn(file: string): Promise<string> {
  const path = join(home.directory, file);
  writeFileSync(path, (await makeReceipt(ACTION, ledger)) ?? '');
  return path;
}

beforeAll(async () => {
  home = temporaryDirectory();
  const store = await openSqliteStore({ directory: join(home.directory, 'state') });
  ledger = await startLedger(store, home.directory);
  first = ledger.keys.vkey;
  for (const entry of entries) await store.append(entry).done;
  await appendNotices(store, 300);
  await ledger.publisher.publishNow();
  await rotateKey(sam, { ...ledger, log: { ledgerFailed: ({ error }) => void ledger.failures.push(error) } });
});

afterAll(async () => {
  await ledger.publisher.close();
  await ledger.store.close();
  home.remove();
});

describe('a log with every kind of entry', () => {
  it('is read by the second reader as by the verifier, before values are erased and after', async () => {
    const before = read('receipt', await receiptIn('before.json'), ledger.keys.vkey);
    expect(before).toMatchObject({ code: 0, report: { wrong: [] } });
    expect(readFileSync(join(home.directory, 'before.json'), 'utf8')).toContain(CANARY);
    const name = partsOf(questions[0]?.subject ?? '').agent;
    const ask = { subject: { kind: 'agent', name }, by: sam, reason: 'asked for' } as const;
    expect(await eraseSubject(ask, { ...ledger, hashing, random })).toMatchObject({ ok: true });
    await ledger.publisher.publishNow();

    const after = read('receipt', await receiptIn('after.json'), ledger.keys.vkey);
    expect(after).toMatchObject({ code: 0, report: { ...before.report, wrong: [] } });
    expect(readFileSync(join(home.directory, 'after.json'), 'utf8')).not.toContain(CANARY);

    const folder = join(home.directory, 'log');
    const size = await writeLog(folder, ledger.store, ledger.keys);
    const second = read('folder', folder, ledger.keys.vkey);
    const own = await verifyFolder({
      read: async (path) => {
        try {
          return readFileSync(join(folder, path));
        } catch {
          return undefined;
        }
      },
      // By the key before: the hand-over leads to the one of now.
      ...{ trustedKey: first, policy: null, earlier: [] },
      ...webCryptoVerifier(),
    });
    expect(second).toEqual({
      code: 0,
      report: { size, root: own.root, from: 0, until: size, entries: size, wrong: [] },
    });
    expect(Object.keys(own.kinds)).toEqual(Object.keys(leafClasses).sort());
    // They are samples, which no gateway would write in this order; what the log itself is, holds.
    expect(own.findings.filter(({ code }) => /^(entry|file|tile|log|note|key|bundle)\./.test(code))).toEqual(
      [],
    );
    expect(ledger.failures).toEqual([]);
  });

  it('has no entry that the verifier can’t read', () => {
    for (const { leaf } of entries) expect(decodeLeaf(leaf)).toMatchObject({ ok: true });
  });
});
