import { describe, expect, it } from 'vitest';
import { Heartbeats } from './heartbeats.ts';
import { canonicalize, decodeLeaf, verifyFolder, verifyLog } from './index.ts';
import { makeFolder, noticeAt, readerOf } from '../test/folder.ts';
import { logKey, makeLog, sha256, verify } from '../test/support.ts';
import type { Leaf, TestEntry } from '../test/support.ts';

const PERIOD_MS = 60_000;
const AT_MS = 1_760_000_000_000;

function beat(minute: number, more: Leaf = {}): TestEntry {
  const heartbeat = { beat: minute, entries: 0, gateway: 'run-1', periodMs: PERIOD_MS, ...more };
  const leaf = { action: null, at: minute * PERIOD_MS, heartbeat, kind: 'heartbeat', version: 1 };
  return { leaf: canonicalize(leaf), aside: null };
}

async function report(entries: readonly TestEntry[]) {
  const { checkpoint } = makeLog(entries);
  const listed = entries.map(({ leaf }, index) => ({ index, leaf }));
  const trust = { earlier: [], trustedKey: logKey.vkey, hash: sha256, verify };
  return verifyLog({ entries: listed, checkpoint, ...trust });
}

const found = async (entries: readonly TestEntry[]): Promise<string[]> =>
  (await report(entries)).findings.map(({ code, index }) => `${code}@${index}`);

/** Followed one by one, as entries of any index. */
function follow(beats: readonly (readonly [gateway: string, beat: number, at: number])[]) {
  const codes: string[] = [];
  const heartbeats = new Heartbeats((code) => void codes.push(code));
  beats.forEach(([gateway, number, at], index) => {
    const heartbeat = { gateway, beat: number, entries: 0, periodMs: PERIOD_MS };
    heartbeats.observe(index, { kind: 'heartbeat', action: null, commitment: null, at, heartbeat });
  });
  return { codes, silences: heartbeats.silences };
}

describe('heartbeats', () => {
  it('of 4,096 runs are remembered, those heard of last; one more run and the eldest begins anew', () => {
    const runs = Array.from({ length: 4_096 }, (_, run) => [`run-${run}`, 0, 0] as const);
    expect(follow([...runs, ['run-0', 1, 0]]).codes).toEqual([]);
    expect(follow([...runs, ['run-0', 1, 0], ['more', 0, 0], ['run-0', 2, 0]]).codes).toEqual([]);
    const forgotten = follow([...runs, ['run-0', 1, 0], ['more', 0, 0], ['run-1', 1, 0]]);
    expect(forgotten.codes).toEqual(['heartbeat.unfounded']);
  });

  it('a clock that was set back makes no silence, and a hundred silences are kept', () => {
    const minute = (number: number): number => AT_MS + number * PERIOD_MS;
    expect(follow([['a', 0, minute(10)]]).silences).toEqual([]);
    const back = follow([
      ['a', 0, minute(10)],
      ['a', 1, minute(1)],
      ['a', 2, minute(12)],
    ]);
    expect(back.silences).toEqual([]);
    const often = Array.from({ length: 103 }, (_, number) => ['a', number, minute(number * 3)] as const);
    expect(follow(often.slice(0, 101)).silences).toHaveLength(100);
    expect(follow(often).silences).toEqual(follow(often.slice(0, 101)).silences);
  });

  it('of several runs and gateways, dense, are as they should be', async () => {
    const other = { gateway: 'run-2' };
    const entries = [beat(0), noticeAt(1), beat(1, { entries: 2 }), beat(1, { ...other, beat: 0 }), beat(2)];
    expect(await report(entries)).toMatchObject({ ok: true, silences: [] });
  });

  it('show what is missing between them, though everything else was signed anew', async () => {
    expect(await found([beat(0), beat(2)])).toEqual(['heartbeat.gap@1']);
    expect(await found([beat(0), noticeAt(5), beat(1, { entries: 3 })])).toEqual(['heartbeat.short@2']);
    expect(await found([beat(0), beat(1), beat(1)])).toEqual(['heartbeat.repeated@2']);
    expect(await found([beat(1), beat(2)])).toEqual(['heartbeat.unfounded@0']);
    expect(await found([beat(0), beat(1), beat(0), beat(2)])).toEqual(['heartbeat.repeated@2']);
  });

  it('show when nobody said a word, which is no fault by itself', async () => {
    const late = beat(3, { beat: 1 });
    const told = await report([beat(0), late, beat(5, { beat: 2 }), beat(8, { gateway: 'run-2', beat: 0 })]);
    expect(told).toMatchObject({ ok: true });
    expect(told.silences).toEqual([
      { index: 1, from: 0, until: 3 * PERIOD_MS },
      { index: 3, from: 5 * PERIOD_MS, until: 8 * PERIOD_MS },
    ]);
  });

  it('are not told to be missing in an export that begins between them', async () => {
    const notices = Array.from({ length: 254 }, (_, at) => noticeAt(at));
    const log = makeLog([beat(0), ...notices, beat(1), beat(2), beat(3), beat(5)]);
    const files = await makeFolder(log, { from: 256, until: 259, query: { since: null, until: null } });
    const trust = { trustedKey: logKey.vkey, policy: null, earlier: [], hash: sha256, verify };
    const told = await verifyFolder({ read: readerOf(files), ...trust });
    expect(told.undecided).toEqual([{ code: 'heartbeat.unfounded', index: 256 }]);
    expect(told.findings.map(({ code, index }) => `${code}@${index}`)).toEqual(['heartbeat.gap@258']);
  });

  it.each(['beat', 'entries', 'gateway', 'periodMs'])('without %s are malformed', (member) => {
    const leaf = JSON.parse(beat(0).leaf) as { heartbeat: Record<string, unknown> };
    delete leaf.heartbeat[member];
    const decoded = decodeLeaf(canonicalize(leaf as never));
    expect(decoded).toEqual({ ok: false, detail: `member ${member}` });
  });
});
