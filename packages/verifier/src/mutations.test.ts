/** Everything that somebody with the files can do to them is found, by its own code and at its own index (threat I). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeBundle,
  decodeReceipt,
  encodeBundle,
  encodeReceipt,
  verifyFolder,
  verifyReceipt,
  webCryptoVerifier,
} from './index.ts';
import type { FolderToVerify } from './index.ts';
import { bundle, longLog, makeFolder, noticeAt, readerOf } from '../test/folder.ts';
import type { Files } from '../test/folder.ts';
import { HELD, logKey, makeLog, makeReceipt, sha256, testKey, utf8, verify } from '../test/support.ts';
import type { TestEntry, TestLog } from '../test/support.ts';

const log = longLog(290);
const SIZE = 301;
const FIRST = 'tile/entries/000';
const SECOND = 'tile/entries/001.p/45';
const other = await testKey('sallyport.example/ledger', new Uint8Array(32).fill(9));

async function findings(files: Files, more: Partial<FolderToVerify> = {}): Promise<string[]> {
  const trust = { trustedKey: logKey.vkey, policy: null, earlier: [] };
  const report = await verifyFolder({ read: readerOf(files), hash: sha256, verify, ...trust, ...more });
  expect(report.ok).toBe(report.findings.length === 0);
  return report.findings.map(({ code, index }) => `${code}@${index}`);
}

const read = (files: Files, path: string): Uint8Array[] =>
  decodeBundle(files.get(path)!)!.map((entry) => entry.slice());

/** The folder with the entries of one bundle changed by whoever has the files, but not the key. */
async function withEntries(path: string, change: (entries: Uint8Array[]) => Uint8Array[]): Promise<string[]> {
  const files = await makeFolder(log);
  files.set(path, encodeBundle(change(read(files, path))));
  return findings(files);
}

/** A log of other entries, of the same size, by the same key: what its holder can do. */
const rewritten = (change: (entries: TestEntry[]) => TestEntry[]): TestLog =>
  makeLog(change([...log.entries]));

const range = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, at) => `entry.not_included@${from + at}`);

/** Many logs are verified whole, on machines that do other things besides. */
const SLOW = { timeout: 60_000 };

describe('flipped', SLOW, () => {
  it('any bit of any entry is found at its index (I: edited)', async () => {
    const files = await makeFolder(log);
    const places = fc.record({ index: fc.nat(SIZE - 1), at: fc.nat(10_000), bit: fc.nat(7) });
    await fc.assert(
      fc.asyncProperty(places, async ({ index, at, bit }) => {
        const path = index < 256 ? FIRST : SECOND;
        const entries = read(files, path);
        const entry = entries[index % 256]!;
        entry[at % entry.length]! ^= 1 << bit;
        const changed = new Map(files).set(path, encodeBundle(entries));
        expect(await findings(changed)).toContain(`entry.not_included@${index}`);
      }),
      { numRuns: 100 },
    );
  });

  it('any bit of any other file is found', async () => {
    const query = { since: null, until: null };
    const files = await makeFolder(log, { from: 0, until: SIZE, query });
    const paths = [...files.keys()].filter((path) => !path.includes('entries'));
    const places = fc.record({ path: fc.constantFrom(...paths), at: fc.nat(100_000), bit: fc.nat(7) });
    await fc.assert(
      fc.asyncProperty(places, async ({ path, at, bit }) => {
        const bytes = files.get(path)!.slice();
        bytes[at % bytes.length]! ^= 1 << bit;
        const told = await findings(new Map(files).set(path, bytes));
        // The folder's own key is a convenience: white space around it says nothing.
        const isSpace = path === 'vkey' && new TextDecoder().decode(bytes).trim() === logKey.vkey;
        expect(told.length > 0 || isSpace, `${path} ${at}`).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('a manifest that claims fewer entries than its bundles hold is found', async () => {
    const files = await makeFolder(log, { from: 0, until: SIZE, query: { since: null, until: null } });
    const claimed = new TextDecoder()
      .decode(files.get('manifest.json'))
      .replace(/"until":301,/, '"until":300,');
    expect(await findings(new Map(files).set('manifest.json', new TextEncoder().encode(claimed)))).toEqual([
      'manifest.mismatch@null',
    ]);
  });

  it('a hash of a tile is found where it is, and so is the tile', async () => {
    const flipped = async (path: string, at: number): Promise<string[]> => {
      const files = await makeFolder(log);
      files.get(path)![at]! ^= 1;
      return findings(files);
    };
    expect(await flipped('tile/0/000', 32 * 7)).toEqual(['tile.mismatch@0', 'entry.not_included@7']);
    expect(await flipped('tile/0/001.p/45', 32 * 7)).toEqual([
      'log.root_mismatch@null',
      'entry.not_included@263',
    ]);
    expect(await flipped('tile/1/000.p/1', 0)).toEqual(['tile.mismatch@0', 'log.root_mismatch@null']);
  });
});

describe('dropped', () => {
  it('an entry is found at its index, and so is everything that moved up (I: deleted)', async () => {
    const told = await withEntries(SECOND, (entries) => entries.toSpliced(3, 1));
    expect(told).toEqual(['bundle.width@300', ...range(259, 300)]);
  });

  it('a bundle or a tile is found by what it spans', async () => {
    for (const [path, index] of [
      [FIRST, 0],
      [SECOND, 256],
      ['tile/0/000', 0],
      ['tile/0/001.p/45', 256],
    ] as const) {
      const files = await makeFolder(log);
      files.delete(path);
      expect(await findings(files)).toContain(`file.missing@${index}`);
    }
  });
});

describe('truncated', () => {
  it('entries are found, however many (I: truncated)', async () => {
    for (const kept of [0, 1, 44]) {
      const told = await withEntries(SECOND, (entries) => entries.slice(0, kept));
      expect(told).toEqual([`bundle.width@${256 + kept}`]);
    }
  });

  it('a file of any length is found', async () => {
    const files = await makeFolder(log);
    for (const path of files.keys()) {
      const bytes = files.get(path)!;
      const told = await findings(new Map(files).set(path, bytes.slice(0, bytes.length - 3)));
      expect(told, path).not.toEqual([]);
    }
  });

  it('a log that its key’s holder made shorter is found beside a kept checkpoint (I: truncated)', async () => {
    const shorter = makeLog(log.entries.slice(0, 290));
    const files = await makeFolder(shorter);
    expect(await findings(files)).toEqual([]);
    expect(await findings(files, { earlier: [log.checkpoint] })).toEqual(['log.shrunk@null']);
  });
});

describe('swapped, moved or inserted', () => {
  it('entries are found where they are now (I: reordered)', async () => {
    const told = await withEntries(FIRST, (entries) => {
      [entries[40], entries[90]] = [entries[90]!, entries[40]!];
      return entries;
    });
    expect(told).toEqual(['entry.not_included@40', 'entry.not_included@90']);
  });

  it('bundles are found', async () => {
    const files = await makeFolder(log);
    const [first, second] = [files.get(FIRST)!, files.get(SECOND)!];
    const told = await findings(new Map(files).set(FIRST, second).set(SECOND, first));
    expect(told).toContain('bundle.width@45');
    expect(told).toContain('entry.not_included@0');
    expect(told).toContain('bundle.width@301');
  });

  it('an entry that was played again is found, and so is one of another log', async () => {
    const again = await withEntries(SECOND, (entries) => [
      ...entries.slice(0, 9),
      entries[8]!,
      ...entries.slice(9),
    ]);
    expect(again).toEqual(['bundle.width@301', ...range(265, 301)]);
    const foreign = await withEntries(SECOND, (entries) => entries.with(4, utf8(noticeAt(5).leaf)));
    expect(foreign).toEqual(['entry.not_included@260']);
  });

  it('an outcome before its intent, or twice, is found though the key’s holder signed it', async () => {
    const earlier = rewritten((entries) => entries.toSpliced(1, 2, entries[2]!, entries[1]!));
    expect(await findings(await makeFolder(earlier))).toEqual(['outcome.without_intent@1']);
    const twice = rewritten((entries) => entries.with(20, entries[2]!));
    expect(await findings(await makeFolder(twice))).toEqual(['outcome.repeated@20']);
    const replayed = rewritten((entries) => entries.with(20, entries[8]!));
    expect(await findings(await makeFolder(replayed))).toEqual([
      'intent.repeated@20',
      'grant.spent_twice@20',
    ]);
  });
});

describe('forked or replaced', () => {
  it('a log is found beside a kept checkpoint (I: forked)', async () => {
    const fork = await makeFolder(rewritten((entries) => entries.with(15, noticeAt(9))));
    expect(await findings(fork)).toEqual([]);
    expect(await findings(fork, { earlier: [log.checkpoint] })).toEqual(['log.forked@null']);
  });

  it('a checkpoint of another state of the log is found', async () => {
    const files = await makeFolder(log);
    files.set('checkpoint', utf8(rewritten((entries) => entries.with(0, noticeAt(1))).checkpoint));
    expect(await findings(files)).toEqual(['log.root_mismatch@null']);
  });

  it('an older checkpoint over the files of a longer log is found beside a kept one', async () => {
    const files = await makeFolder(log);
    files.set('checkpoint', utf8(longLog(200).checkpoint));
    // By itself it is a log that grew while it was read: its partial tiles are the beginnings of the full ones.
    expect(await findings(files)).toEqual([]);
    expect(await findings(files, { earlier: [log.checkpoint] })).toEqual(['log.shrunk@null']);
  });

  it('a log that was signed again with another key is found (I: replaced)', async () => {
    const files = await makeFolder(makeLog(log.entries, other), null, other);
    expect(await findings(files)).toEqual(['key.other@null', 'note.unknown_signer@null']);
    files.set('vkey', utf8(logKey.vkey));
    expect(await findings(files)).toEqual(['note.unknown_signer@null']);
  });

  it('a log under another origin is found', async () => {
    const renamed = await testKey('other.example/ledger', new Uint8Array(32).fill(7));
    const files = await makeFolder(makeLog(log.entries, renamed), null, renamed);
    expect(await findings(files)).toEqual(['key.other@null', 'note.unknown_signer@null']);
  });
});

describe('a receipt', SLOW, () => {
  const trust = { trustedKey: logKey.vkey, ...webCryptoVerifier() };

  it('with a value that is not the one that was recorded is found, and without it still proves the rest', async () => {
    const receipt = decodeReceipt(await makeReceipt(log, HELD))!;
    const change = (aside: (text: string) => string | null): string =>
      encodeReceipt({
        ...receipt,
        entries: receipt.entries.map((entry) => ({
          ...entry,
          aside: entry.aside === null ? null : aside(entry.aside),
        })),
      });
    const changed = await verifyReceipt(
      change((text) => text.replace('country', 'continent')),
      trust,
    );
    const asides = changed.checks.find(({ name }) => name === 'asides');
    expect(asides?.ok).toBe(false);
    expect(asides?.detail).toContain('Entry 3:');
    const erased = await verifyReceipt(
      change(() => null),
      trust,
    );
    expect(erased).toMatchObject({ ok: true, summary: { command: null } });
  });

  it('that is cut, grown or flipped anywhere is no proof', async () => {
    const text = await makeReceipt(log, HELD);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(text.length - 1),
        fc.constantFrom('cut', 'grown', 'flipped'),
        async (at, how) => {
          const rest = { cut: '', grown: text[at]!, flipped: String.fromCharCode(text.charCodeAt(at) ^ 1) }[
            how
          ];
          const tail = how === 'grown' ? text.slice(at) : text.slice(at + 1);
          const changed = text.slice(0, at) + rest + tail;
          if (changed === text) return;
          expect((await verifyReceipt(changed, trust)).ok).toBe(false);
        },
      ),
      { numRuns: 100 },
    );
  });
});

it('bundles that were made elsewhere are the same bytes', async () => {
  const files = await makeFolder(log);
  expect(Buffer.from(bundle(log.entries.slice(256))).equals(files.get(SECOND)!)).toBe(true);
  expect(bundle(log.entries.slice(0, 256))).toEqual(files.get(FIRST));
});
