/** Folders whose key was handed over, that hold canaries, or begin behind what they rest on. */
import { describe, expect, it } from 'vitest';
import { toBase64 } from './bytes.ts';
import { canonicalize, encodeBundle, encodeManifest, handoverText, verifyFolder } from './index.ts';
import type { FolderReport, FolderToVerify } from './index.ts';
import { longLog, makeFolder, noticeAt, noticeTime, readerOf } from '../test/folder.ts';
import type { Files } from '../test/folder.ts';
import {
  HELD,
  ORIGIN,
  heldStory,
  logKey,
  makeLog,
  seal,
  sha256,
  testKey,
  utf8,
  verify,
} from '../test/support.ts';
import type { Leaf, TestEntry, TestKey } from '../test/support.ts';

const first = logKey;
const second = await testKey(ORIGIN, new Uint8Array(32).fill(8));
const third = await testKey(ORIGIN, new Uint8Array(32).fill(9));
const NO_BOUNDS = { since: null, until: null };

async function report(files: Files, more: Partial<FolderToVerify> = {}): Promise<FolderReport> {
  const trust = { trustedKey: logKey.vkey, policy: null, earlier: [] };
  return verifyFolder({ read: readerOf(files), hash: sha256, verify, ...trust, ...more });
}
const found = ({ findings }: FolderReport): string[] => findings.map(({ code, index }) => `${code}@${index}`);

function handover(from: TestKey, to: TestKey, by: TestKey = from): TestEntry {
  const named = { next: to.vkey, previous: from.vkey };
  const signature = toBase64(by.signer.sign(handoverText(named)));
  const leaf = { action: null, at: noticeTime(1), key: { ...named, signature }, kind: 'key', version: 1 };
  return { leaf: canonicalize(leaf), aside: null };
}

describe('a folder of a log whose key was handed over', () => {
  const before = longLog(300).entries;
  const rotated = [...before, handover(first, second), noticeAt(noticeTime(400))];
  const at = before.length;
  const folderOf = (entries: readonly TestEntry[], key: TestKey) =>
    makeFolder(makeLog(entries, key), null, key);

  it('verifies with the first key, and with the one of now, and names that', async () => {
    const files = await folderOf(rotated, second);
    expect(found(await report(files))).toEqual([]);
    expect(await report(files, { trustedKey: second.vkey })).toMatchObject({ ok: true, findings: [] });
    expect(await report(files, { trustedKey: null })).toMatchObject({ consistent: true, key: second.vkey });
    const twice = await folderOf([...rotated, handover(second, third)], third);
    for (const { vkey } of [first, second, third])
      expect(found(await report(twice, { trustedKey: vkey }))).toEqual([]);
  });

  it('is refused where the checkpoint is by the key before, or by one that nobody named', async () => {
    expect(found(await report(await folderOf(rotated, first)))).toEqual(['note.unknown_signer@null']);
    expect(found(await report(await folderOf(rotated, third)))).toEqual([
      'key.other@null',
      'note.unknown_signer@null',
    ]);
  });

  it('is refused where another signed the hand-over', async () => {
    const forged = [...before, handover(first, second, second)];
    expect(found(await report(await folderOf(forged, second)))).toEqual([
      'key.other@null',
      'note.unknown_signer@null',
    ]);
    expect(found(await report(await folderOf(forged, first)))).toEqual([`key.unfounded@${at}`]);
  });

  it('is compared with checkpoints that were kept from before it, and from after it', async () => {
    const files = await folderOf(rotated, second);
    const kept = [makeLog(before, first).checkpoint, makeLog(rotated.slice(0, at + 1), second).checkpoint];
    expect(found(await report(files, { earlier: kept }))).toEqual([]);
    const late = makeLog(rotated, first).checkpoint;
    expect(found(await report(files, { earlier: [late] }))).toEqual(['note.unknown_signer@null']);
  });

  it('as an export verifies with the first key where it holds the hand-over', async () => {
    const log = makeLog(rotated, second);
    const holding = await makeFolder(log, { from: 256, until: rotated.length, query: NO_BOUNDS }, second);
    expect(found(await report(holding))).toEqual([]);
    const lacking = await makeFolder(log, { from: 0, until: 256, query: NO_BOUNDS }, second);
    expect(found(await report(lacking))).toEqual(['key.other@null', 'note.unknown_signer@null']);
    expect(found(await report(lacking, { trustedKey: second.vkey }))).toEqual([]);
  });

  it('costs little where a checkpoint by a stranger claims any size', async () => {
    const files = await folderOf(before, first);
    const { vkey } = await testKey(ORIGIN, new Uint8Array(32).fill(10));
    const claimed = Buffer.from(files.get('checkpoint') ?? [])
      .toString()
      .replace(`\n${at}\n`, '\n9007199254740991\n');
    files.set('checkpoint', utf8(claimed));
    let reads = 0;
    const read = async (path: string) => {
      reads += 1;
      return files.get(path);
    };
    expect(found(await report(files, { trustedKey: vkey, read }))).toContain('note.unknown_signer@null');
    expect(reads).toBeLessThan(2_000);
  });
});

describe('a folder', () => {
  it('without any key, or with one that is none, is not verified', async () => {
    const files = await makeFolder(longLog(3));
    expect(found(await report(files, { trustedKey: 'no key' }))).toEqual(['key.malformed@null']);
    files.delete('vkey');
    expect(found(await report(files, { trustedKey: null }))).toEqual(['file.missing@null']);
    expect(await report(files)).toMatchObject({ ok: true, origin: ORIGIN, key: logKey.vkey });
  });

  it('counts its entries by kind, in one order, and compares them with the manifest', async () => {
    const log = longLog(300);
    const files = await makeFolder(log, { from: 0, until: 256, query: NO_BOUNDS });
    const told = await report(files);
    expect(told).toMatchObject({ ok: true, fitting: 256 });
    expect(Object.keys(told.kinds)).toEqual([
      'decision',
      'grant',
      'intent',
      'notice',
      'outcome',
      'review',
      'vote',
    ]);
    const larger = {
      origin: ORIGIN,
      size: 9_999,
      query: NO_BOUNDS,
      from: 0,
      until: 9_999,
      fitting: 0,
      kinds: {},
    };
    files.set('manifest.json', utf8(encodeManifest(larger)));
    expect(found(await report(files))).toEqual(['manifest.mismatch@null']);
    const further = encodeManifest({ ...larger, size: 311, until: 256 }).replace('/v1"}', '/v1","zzz":1}');
    files.set('manifest.json', utf8(further));
    expect(found(await report(files))).toEqual(['manifest.malformed@null']);
  });

  it('says of a file that it is malformed, where it is there and no tile or bundle', async () => {
    const files = await makeFolder(longLog(300));
    const cut = (path: string) => new Map(files).set(path, (files.get(path) ?? new Uint8Array()).slice(1));
    expect(found(await report(cut('tile/0/000')))).toContain('file.malformed@0');
    expect(found(await report(cut('tile/1/000.p/1')))).toContain('file.malformed@0');
    const broken = new Map(files).set('tile/entries/000', new Uint8Array([0]));
    expect(found(await report(broken))).toEqual(['file.malformed@0']);
  });

  it('names what is wrong with an entry', async () => {
    const entries = [noticeAt(1), { leaf: '{"kind":"other"}', aside: null }];
    const told = await report(await makeFolder(makeLog(entries)));
    expect(told.findings).toEqual([{ code: 'entry.malformed', index: 1, detail: 'member kind' }]);
    const held = seal(heldStory().toSpliced(4, 1));
    expect((await report(await makeFolder(makeLog(held)))).findings).toContainEqual({
      code: 'grant.missing',
      index: 4,
      detail: HELD,
    });
  });

  it('that lacks thousands of files says so a thousand times, and counts the rest', async () => {
    const log = makeLog(Array.from({ length: 1_100 }, (_, at) => noticeAt(at)));
    const files = await makeFolder(log);
    const odd = Array.from({ length: 256 }, () => utf8('{}'));
    for (const index of [0, 1, 2, 3]) files.set(`tile/entries/00${index}`, encodeBundle(odd));
    const told = await report(files);
    expect(told.findings).toHaveLength(1_000);
    expect(told.findingsOmitted).toBe(4 * 256 * 2 - 1_000);
  });

  it('that begins later can’t be compared with an earlier checkpoint, and says so', async () => {
    const log = longLog(700);
    const files = await makeFolder(log, { from: 512, until: 711, query: NO_BOUNDS });
    files.delete('tile/0/000');
    const told = await report(files, { earlier: [longLog(20).checkpoint] });
    expect(found(told)).toEqual([]);
    expect(told.unproved.map(({ code }) => code)).toContain('replacement');
  });
});

describe('an export that begins behind a passkey’s registration', () => {
  const filler = Array.from({ length: 256 }, (_, at) => noticeAt(at));
  const signedStory = (signed: Leaf, passkeyFromRisk: number | null) =>
    heldStory().map(({ leaf, aside }) => {
      const demands = [{ ...(leaf['demands'] as Leaf[] | undefined)?.[0], passkeyFromRisk }] as Leaf[];
      if (leaf['kind'] === 'review') return { leaf: { ...leaf, demands }, aside };
      if (leaf['kind'] !== 'vote') return { leaf, aside };
      return { leaf: { ...leaf, vote: { ...(leaf['vote'] as Leaf), ...signed } }, aside };
    });
  const judged = async (signed: Leaf) => {
    const entries = [...filler, ...seal(signedStory(signed, 0))];
    const range = { from: 256, until: entries.length, query: NO_BOUNDS };
    const told = await report(await makeFolder(makeLog(entries), range));
    return { found: found(told), undecided: told.undecided.map(({ code, index }) => `${code}@${index}`) };
  };

  it('leaves open whether the approval that it signed counts', async () => {
    expect(await judged({ passkey: 'pk_1', signed: true })).toEqual({
      found: [],
      undecided: ['vote.passkey_unfounded@258', 'review.not_approved@261'],
    });
  });

  it('and says that an approval doesn’t count which nothing signed', async () => {
    expect(await judged({})).toEqual({ found: ['review.not_approved@261'], undecided: [] });
  });
});
