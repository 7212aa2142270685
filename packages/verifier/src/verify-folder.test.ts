import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cosigner,
  decodeBundle,
  decodeManifest,
  encodeBundle,
  encodeManifest,
  formatCheckpoint,
  parseNote,
  signNote,
  verifyFolder,
  webCryptoVerifier,
} from './index.ts';
import type { FolderReport, FolderToVerify } from './index.ts';
import { longLog, makeFolder, noticeTime, readerOf } from '../test/folder.ts';
import type { Files } from '../test/folder.ts';
import { ORIGIN, logKey, makeLog, seal, sha256, testKey, utf8, verify, wholeStory } from '../test/support.ts';

const log = longLog(700);
const SIZE = 711;
const range = { from: 256, until: 512, query: { since: noticeTime(250), until: noticeTime(400) } };

async function report(files: Files, more: Partial<FolderToVerify> = {}): Promise<FolderReport> {
  const trust = { trustedKey: logKey.vkey, policy: null, earlier: [] };
  return verifyFolder({ read: readerOf(files), hash: sha256, verify, ...trust, ...more });
}

const found = ({ findings }: FolderReport): string[] => findings.map(({ code, index }) => `${code}@${index}`);

describe('a folder of a log', () => {
  it('verifies whole, in Node and with Web Crypto', async () => {
    const files = await makeFolder(log);
    for (const platform of [{}, webCryptoVerifier()]) {
      const told = await report(files, platform);
      expect(told).toMatchObject({
        ok: true,
        consistent: true,
        size: SIZE,
        from: 0,
        until: SIZE,
        query: null,
      });
      expect(told.kinds).toEqual({
        decision: 2,
        grant: 1,
        intent: 2,
        notice: 701,
        outcome: 2,
        review: 2,
        vote: 1,
      });
      expect(told.unproved.map(({ code }) => code)).toEqual(['rollback', 'replacement']);
    }
  });

  it('without a trusted key is consistent, and says that this proves nobody’s authorship', async () => {
    const told = await report(await makeFolder(log), { trustedKey: null });
    expect(told).toMatchObject({ ok: false, consistent: true, key: logKey.vkey });
    expect(told.unproved[0]?.code).toBe('authenticity');
  });

  it('of another log is not the one that is trusted', async () => {
    const other = await testKey('sallyport.example/ledger', new Uint8Array(32).fill(9));
    const told = await report(await makeFolder(longLog(3, other), null, other));
    expect(found(told)).toEqual(['key.other@null', 'note.unknown_signer@null']);
    expect(told.ok).toBe(false);
  });

  it('with no entry at all is a log too', async () => {
    expect(await report(await makeFolder(makeLog([])))).toMatchObject({ ok: true, size: 0 });
  });

  it('is compared with checkpoints that somebody kept', async () => {
    const files = await makeFolder(log);
    const kept = longLog(300).checkpoint;
    const told = await report(files, { earlier: [kept] });
    expect(told).toMatchObject({ ok: true });
    expect(told.unproved.map(({ code }) => code)).toEqual(['rollback']);
    const forked = makeLog(longLog(300).entries.toReversed()).checkpoint;
    expect(found(await report(files, { earlier: [forked] }))).toEqual(['log.forked@null']);
    expect(found(await report(files, { earlier: [longLog(701).checkpoint] }))).toEqual(['log.shrunk@null']);
    expect(found(await report(files, { earlier: ['nothing'] }))).toEqual(['note.malformed@null']);
  });

  it('is held to a policy of witnesses', async () => {
    const witness = await testKey('witness.example/w1', new Uint8Array(32).fill(1), 'cosignature');
    const policy = `log ${logKey.vkey}\nwitness w ${witness.vkey}\nquorum w\n`;
    const files = await makeFolder(log);
    expect(found(await report(files, { policy }))).toEqual(['policy.no_quorum@null']);
    expect(found(await report(files, { policy: 'quorum w\n' }))).toEqual(['policy.malformed@null']);
    const { text } = parseNote(log.checkpoint)!;
    files.set('checkpoint', utf8(signNote(text, [logKey.signer, cosigner(witness.signer, 77)])));
    const told = await report(files, { policy });
    expect(told).toMatchObject({
      ok: true,
      cosigned: [{ witness: 'witness.example/w1', timestampSeconds: 77 }],
    });
    expect(told.unproved.map(({ code }) => code)).toEqual(['rollback']);
  });

  it('that lacks a file says which, and what it spans', async () => {
    const lacking = async (path: string): Promise<string[]> => {
      const files = await makeFolder(log);
      expect(files.delete(path)).toBe(true);
      return found(await report(files));
    };
    expect(await lacking('checkpoint')).toEqual(['file.missing@null']);
    expect(await lacking('tile/0/001')).toEqual(['file.missing@256']);
    expect(await lacking('tile/1/000.p/2')).toEqual(['file.missing@0']);
    expect(await lacking('tile/entries/002.p/199')).toEqual(['file.missing@512']);
    expect(await lacking('vkey')).toEqual([]);
  });
});

it('a checkpoint that claims any size costs little, and proves nothing', async () => {
  const size = Number.MAX_SAFE_INTEGER;
  const text = formatCheckpoint({ origin: ORIGIN, size, root: new Uint8Array(32), extensions: [] });
  const files = await makeFolder(log);
  files.set('checkpoint', utf8(signNote(text, [logKey.signer])));
  const told = await report(files);
  expect(told).toMatchObject({ ok: false, consistent: false, size });
  expect(told.findings).toHaveLength(1_000);
});

describe('an export of a range', () => {
  it('verifies by itself, and says what it leaves open', async () => {
    const files = await makeFolder(log, range);
    expect([...files.keys()].filter((path) => path.includes('entries'))).toEqual(['tile/entries/001']);
    const told = await report(files);
    expect(told).toMatchObject({ ok: true, from: 256, until: 512, fitting: 150, kinds: { notice: 256 } });
    expect(told.query).toEqual(range.query);
    expect(told.unproved.map(({ code }) => code)).toEqual(['rollback', 'replacement', 'before']);
  });

  it('leaves what rests on earlier entries undecided, and the rest is judged', async () => {
    const story = seal(wholeStory());
    const outcome = story[9]!;
    const shifted = [...longLog(245).entries.slice(11), ...story.slice(0, 11)];
    const entries = [...shifted, ...shifted.slice(0, 0), outcome];
    const cut = makeLog([...longLog(256).entries.slice(11), outcome, outcome]);
    const files = await makeFolder(cut, { from: 256, until: 258, query: { since: null, until: null } });
    const told = await report(files);
    expect(told.undecided).toEqual([
      { code: 'outcome.without_intent', index: 256 },
      { code: 'outcome.without_intent', index: 257 },
    ]);
    expect(told).toMatchObject({ ok: true });
    const whole = await report(await makeFolder(makeLog(entries)));
    expect(found(whole)).toEqual([`outcome.repeated@${entries.length - 1}`]);
  });

  it('of nothing is whole too', async () => {
    const files = await makeFolder(log, { from: 0, until: 0, query: { since: 1, until: 2 } });
    expect(await report(files)).toMatchObject({ ok: true, fitting: 0, kinds: {} });
  });

  it.each([
    ['other counts', (text: string) => text.replace('"fitting":150', '"fitting":149'), 'manifest.mismatch'],
    ['other kinds', (text: string) => text.replace('"notice":256', '"notice":255'), 'manifest.mismatch'],
    [
      'another origin',
      (text: string) => text.replace('sallyport.example', 'other.example'),
      'manifest.mismatch',
    ],
    [
      'another query',
      (text: string) => text.replace(String(noticeTime(250)), String(noticeTime(251))),
      'manifest.mismatch',
    ],
    ['another size', (text: string) => text.replace('"size":711', '"size":712'), 'manifest.mismatch'],
    [
      'a range that begins within a bundle',
      (text: string) => text.replace('"from":256', '"from":257'),
      'manifest.mismatch',
    ],
    [
      'a range beyond the log',
      (text: string) => text.replace('"until":512', '"until":999'),
      'manifest.malformed',
    ],
    ['a further member', (text: string) => text.replace('"from"', '"aaa":1,"from"'), 'manifest.malformed'],
    ['white space', (text: string) => text.replace(':', ': '), 'manifest.malformed'],
    ['another version', (text: string) => text.replace('export/v1', 'export/v2'), 'manifest.malformed'],
    [
      'a count that is none',
      (text: string) => text.replace('"fitting":150', '"fitting":1.5'),
      'manifest.malformed',
    ],
  ])('with a manifest of %s is refused', async (_name, change, code) => {
    const files = await makeFolder(log, range);
    const text = Buffer.from(files.get('manifest.json')!).toString();
    expect(decodeManifest(text)).toBeDefined();
    expect(change(text)).not.toBe(text);
    files.set('manifest.json', utf8(change(text)));
    expect(found(await report(files))).toEqual([`${code}@null`]);
  });
});

it('a manifest is read or refused, whatever the text, and read back as it was', () => {
  const count = fc.nat();
  const time = fc.option(count, { nil: null });
  const manifests = fc.record({
    origin: fc.string({ minLength: 1 }).filter((text) => text.isWellFormed()),
    size: count,
    query: fc.record({ since: time, until: time }),
    from: count,
    until: count,
    fitting: count,
    kinds: fc.dictionary(fc.constantFrom('intent', 'outcome', '__proto__'), count),
  });
  fc.assert(
    fc.property(manifests, (manifest) => {
      const decoded = decodeManifest(encodeManifest(manifest));
      const isRange = manifest.from <= manifest.until && manifest.until <= manifest.size;
      expect(decoded === undefined).toBe(!isRange);
      if (decoded !== undefined) expect(encodeManifest(decoded)).toBe(encodeManifest(manifest));
    }),
  );
  fc.assert(fc.property(fc.json(), (text) => decodeManifest(text) === undefined));
});

describe('an entry', () => {
  it('that is no UTF-8 is malformed, and not what was signed', async () => {
    const files = await makeFolder(log);
    const entries = decodeBundle(files.get('tile/entries/000')!)!.map((entry) => entry.slice());
    entries[20]![5] = 0xff;
    files.set('tile/entries/000', encodeBundle(entries));
    expect(found(await report(files))).toEqual(['entry.not_included@20', 'entry.malformed@20']);
  });
});
