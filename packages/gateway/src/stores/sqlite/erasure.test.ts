import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { subjectOf } from '../../core/subject.ts';
import { sampleClosing, sampleUse } from '../compliance-break-glass.ts';
import {
  START_MS,
  actionId,
  sampleBinding,
  sampleEntry,
  sampleGrant,
  sampleReview,
  sampleStanding,
} from '../compliance-samples.ts';
import { sampleSubmission } from '../compliance-submissions.ts';
import type { Mutation, Store } from '../store.ts';
import { openSqliteStore } from './store.ts';
import { KEYS_NAME, MASTER_NAME } from './vault.ts';

const CANARY = 'canary-4f1d';
const DIGEST = '5e'.repeat(32);
const SLOT_BYTES = 64;
let home: string;
let folder: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'sallyport-erasure-'));
  folder = join(home, 'state');
});
afterEach(() => rmSync(home, { recursive: true }));

const open = (directory = folder): Promise<Store> => openSqliteStore({ directory, walBytes: 1 << 16 });
const subject = subjectOf({ agent: 'agent-1', onBehalfOf: 'ann' });

/** The names of the files in which the bytes are. */
const filesWith = (bytes: string | Buffer, directory = folder): string[] =>
  readdirSync(directory).filter((name) => readFileSync(join(directory, name)).includes(bytes));

const commit = async (store: Store, ...mutations: Mutation[]): Promise<void> => {
  const result = await store.commit({ mutations, entries: [] });
  if (!result.ok) throw new Error(result.error.code);
};

/** Values wherever the store holds any, all of one subject, all over. */
async function fill(store: Store): Promise<void> {
  const binding = { ...sampleBinding, digest: DIGEST };
  const sample = sampleReview(1, { binding, state: { status: 'expired', resolvedAtMs: START_MS } });
  const command = `SELECT '${CANARY}'`;
  const review = { ...sample, subject: { ...sample.subject, command, statedTask: CANARY } };
  const submitted = sampleSubmission(1, { deadlineMs: START_MS });
  await commit(
    store,
    { kind: 'review.open', review },
    { kind: 'grant.issue', grant: sampleGrant(1, { binding, expiresAtMs: START_MS }) },
    {
      kind: 'standing.propose',
      standing: sampleStanding(1, {
        reason: CANARY,
        state: { status: 'revoked', atMs: 1, by: 'k', reason: CANARY },
      }),
    },
    {
      kind: 'submission.open',
      submission: { ...submitted, declared: { ...submitted.declared, command: CANARY } },
    },
    {
      kind: 'key.take',
      key: { principal: 'agent-1', key: 'k', digest: DIGEST, subject: 'x', expiresAtMs: START_MS + 9 },
      atMs: START_MS,
    },
  );
  const use = sampleUse(1, { reason: CANARY, closing: { ...sampleClosing, text: CANARY } });
  await commit(store, {
    kind: 'break_glass.open',
    use: { ...use, subject: { ...use.subject, digest: DIGEST, salt: CANARY } },
    mostOpen: 1,
  });
  for (let n = 1; n < 5; n++)
    await store.append(sampleEntry('intent', actionId(n), { aside: `${CANARY} ${n}`, subject })).done;
}

const erase = (store: Store): Promise<void> =>
  commit(store, { kind: 'subject.erase', subject: { kind: 'agent', name: 'agent-1' }, atMs: START_MS });

/** Each key's place in the file. */
const slots = (): Buffer[] => {
  const bytes = readFileSync(join(folder, KEYS_NAME));
  return Array.from({ length: bytes.length / SLOT_BYTES }, (_, at) =>
    bytes.subarray(at * SLOT_BYTES, at * SLOT_BYTES + 60),
  );
};
const isZero = (slot: Buffer): boolean => slot.every((byte) => byte === 0);

test('no value, and no digest of one, is in any file of the state folder (I)', async () => {
  const store = await open();
  await fill(store);
  const asides = (await store.read('entries', { from: 0, limit: 9 })).map(({ aside }) => aside);
  expect(asides).toEqual([1, 2, 3, 4].map((n) => `${CANARY} ${n}`));
  for (const what of [CANARY, DIGEST]) expect(filesWith(what)).toEqual([]);
  await store.close();
  for (const what of [CANARY, DIGEST]) expect(filesWith(what)).toEqual([]);
  expect(filesWith(sampleReview(1).id)).not.toEqual([]);
});

test('after an erasure its keys are in no file, so that no copy of an old page gives a value back (I)', async () => {
  const store = await open();
  await fill(store);
  const before = slots();
  await erase(store);
  const destroyed = before.filter((_, at) => isZero(slots()[at] ?? Buffer.alloc(0)));
  // Those of the subject, of the agent's request keys, and the index.
  expect(destroyed.filter((slot) => !isZero(slot))).toHaveLength(3);
  for (const key of destroyed.filter((slot) => !isZero(slot))) expect(filesWith(key)).toEqual([]);
  await store.close();
  for (const key of destroyed.filter((slot) => !isZero(slot))) expect(filesWith(key)).toEqual([]);
});

test('a crash between the erasure and the destruction of its keys is made good at the next start', async () => {
  const store = await open();
  await fill(store);
  await store.close();
  const copy = readFileSync(join(folder, KEYS_NAME));
  const again = await open();
  await erase(again);
  await again.close();
  // As if the process had ended when the commit was durable.
  const keys = readFileSync(join(folder, KEYS_NAME));
  copy.copy(keys);
  const database = new Database(join(folder, 'store.db'));
  database.exec("UPDATE value_keys SET destroyed = 0; UPDATE vault SET scrub = 'erased'");
  const journal = database.prepare<[], number>('SELECT journal_slot FROM vault').pluck().get() ?? 0;
  readFileSync(join(folder, KEYS_NAME)).copy(keys, journal * 64, journal * 64, journal * 64 + 64);
  database.close();
  writeFileSync(join(folder, KEYS_NAME), keys);
  const erased = slots().filter((slot) => !isZero(slot));
  await (await open()).close();
  const left = slots();
  expect(erased.filter((slot) => !left.some((other) => other.equals(slot))).length).toBeGreaterThanOrEqual(3);
}, 30_000);

test('what comes after an erasure survives a crash, although the journal began anew', async () => {
  const store = await open();
  await fill(store);
  await erase(store);
  await store.append(sampleEntry('intent', actionId(8), { aside: 'after', subject })).done;
  for (let n = 0; n < 3; n++) await store.append(sampleEntry('notice', null, { aside: `later ${n}` })).done;
  const crashed = join(home, 'crashed');
  cpSync(folder, crashed, { recursive: true });
  await store.close();
  const again = await open(crashed);
  const rows = await again.read('entries', { from: 4, limit: 9 });
  expect(rows.map(({ aside }) => aside)).toEqual(['after', 'later 0', 'later 1', 'later 2']);
  await again.close();
});

/** As an earlier release left it, in plain text. */
function unpack(name: string): void {
  mkdirSync(folder);
  const packed = readFileSync(new URL(`../../../test/states/${name}.json.gz`, import.meta.url));
  const files = JSON.parse(gunzipSync(packed).toString()) as Record<string, string>;
  for (const [file, content] of Object.entries(files))
    writeFileSync(join(folder, file), Buffer.from(content, 'base64'), { mode: 0o600 });
  expect(filesWith(CANARY)).not.toEqual([]);
}

describe('a state folder of schema 6, in plain text, as a crash left it', () => {
  beforeEach(() => unpack('schema-6'));
  const use = sampleUse(1).id;
  const shape = 'a1'.repeat(32);

  test('opens with what was done by break-glass and what looks alike, and holds none of it in plain text', async () => {
    const store = await open();
    const rows = await store.read('entries', { from: 0, limit: 9 });
    expect(rows.map(({ aside }) => aside)).toEqual(
      ['reason', 'found', 'intent'].map((w) => `${w} ${CANARY}`),
    );
    expect(await store.read('breakGlass', { id: use })).toMatchObject({
      reason: CANARY,
      subject: { declared: { command: CANARY } },
      closing: { text: CANARY },
    });
    const alike = { status: null, agent: null, shape, limit: 9, before: null };
    expect(await store.read('reviews', alike)).toHaveLength(2);
    await store.close();
    for (const what of [CANARY, DIGEST, shape, sampleBinding.digest]) expect(filesWith(what)).toEqual([]);
  });

  test('erases what a person did by break-glass, with what was found about it', async () => {
    const store = await open();
    await commit(store, { kind: 'subject.erase', subject: { kind: 'person', name: 'sam' }, atMs: START_MS });
    const rows = await store.read('entries', { from: 0, limit: 9 });
    expect(rows.map(({ aside }) => aside)).toEqual([null, null, null]);
    const left = await store.read('breakGlass', { id: use });
    expect(left).toMatchObject({ person: 'sam', reason: '', closing: { text: '' } });
    const alike = { status: null, agent: null, shape, limit: 9, before: null };
    expect(await store.read('reviews', alike)).toHaveLength(2);
    await store.close();
  });
});

describe('a state folder of schema 3, in plain text, as a crash left it', () => {
  beforeEach(() => unpack('schema-3'));

  test('opens with everything that it held, and holds none of it in plain text any more', async () => {
    const store = await open();
    const rows = await store.read('entries', { from: 0, limit: 9 });
    const said = ['decision', 'vote', 'intent', 'journal'].map((word) => `${word} ${CANARY}`);
    expect(rows.map(({ aside }) => aside)).toEqual(said);
    const review = await store.read('review', { id: sampleReview(1).id });
    expect(review?.subject.command).toBe(`SELECT '${CANARY}'`);
    const grants = await store.read('grants', { binding: sampleBinding, atMs: START_MS });
    expect(grants).toEqual([sampleGrant(1)]);
    expect((await store.read('standing', { id: sampleStanding(1).id }))?.reason).toBe(CANARY);
    const asked = { principal: 'agent-1', key: 'k', atMs: START_MS };
    expect((await store.read('requestKey', asked))?.digest).toBe('ef'.repeat(32));
    await store.close();
    for (const what of [CANARY, sampleBinding.digest, 'ef'.repeat(32)]) expect(filesWith(what)).toEqual([]);
  });

  test('gives its entries to whom the leaves say that they belong', async () => {
    const store = await open();
    const state = { status: 'expired', resolvedAtMs: START_MS } as const;
    const review = await store.read('review', { id: sampleReview(1).id });
    if (review === null) throw new Error('it is there');
    await commit(
      store,
      { kind: 'review.update', review: { ...review, revision: review.revision + 1, state } },
      {
        kind: 'standing.revoke',
        id: sampleStanding(1).id,
        revocation: { by: 'kim', reason: 'over', atMs: START_MS },
      },
      { kind: 'grant.revoke', id: sampleGrant(1).id, atMs: START_MS },
    );
    await erase(store);
    const rows = await store.read('entries', { from: 0, limit: 9 });
    expect(rows.map(({ aside }) => aside)).toEqual([null, null, null, `journal ${CANARY}`]);
    await store.close();
  });
});

describe('keys that do not fit are refused with the file and the way out', () => {
  beforeEach(async () => {
    const store = await open();
    await fill(store);
    await store.close();
  });

  test.each([
    ['a missing master key', (file: string) => rmSync(join(file, MASTER_NAME)), MASTER_NAME],
    ['a master key that is none', (file: string) => writeFileSync(join(file, MASTER_NAME), 'x'), MASTER_NAME],
    [
      'another master key',
      (file: string) => writeFileSync(join(file, MASTER_NAME), `${'0'.repeat(64)}\n`),
      MASTER_NAME,
    ],
    ['missing keys', (file: string) => rmSync(join(file, KEYS_NAME)), KEYS_NAME],
    ['keys that were cut off', (file: string) => writeFileSync(join(file, KEYS_NAME), 'short'), KEYS_NAME],
  ])('%s', async (_, damage, named) => {
    damage(folder);
    const kept = (): (string | undefined)[] =>
      [MASTER_NAME, KEYS_NAME, 'store.db'].map((name) =>
        existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'latin1') : undefined,
      );
    const before = kept();
    await expect(open()).rejects.toThrow(new RegExp(`store\\.other_key: .*${named}.*restore`));
    expect(kept()).toEqual(before);
  });

  test('a master key that others can read', async () => {
    chmodSync(join(folder, MASTER_NAME), 0o644);
    await expect(open()).rejects.toThrow(/store\.other_key: others can read .*values-master-key: chmod 600/);
  });

  test('the keys of another store', async () => {
    const other = join(home, 'other');
    await (await open(other)).close();
    for (const name of [MASTER_NAME, KEYS_NAME]) copyFileSync(join(other, name), join(folder, name));
    await expect(open()).rejects.toMatchObject({ code: 'store.other_key' });
  });
});
