import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalize, formatCheckpoint, signNote, verifyLog, webCryptoVerifier } from './index.ts';
import type { LogReport } from './index.ts';
import {
  HELD,
  ORIGIN,
  heldStory,
  hex,
  logKey,
  makeLog,
  seal,
  sha256,
  testKey,
  verify,
  wholeStory,
} from '../test/support.ts';
import type { Draft, Leaf, TestEntry } from '../test/support.ts';

const story = seal(wholeStory());
const log = makeLog(story);

interface Attack {
  readonly entries?: readonly TestEntry[];
  readonly checkpoint?: string;
  readonly earlier?: readonly string[];
  readonly trustedKey?: string;
}

async function* stream(entries: readonly TestEntry[]): AsyncGenerator<{ index: number; leaf: string }> {
  for (const [index, { leaf }] of entries.entries()) yield { index, leaf };
}

async function report({
  entries = story,
  checkpoint = log.checkpoint,
  earlier = [],
  trustedKey = logKey.vkey,
}: Attack): Promise<LogReport> {
  return verifyLog({ entries: stream(entries), checkpoint, earlier, trustedKey, hash: sha256, verify });
}

/** The findings on an honestly signed log of another story. */
async function findingsIn(drafts: readonly Draft[]): Promise<string[]> {
  const entries = seal(drafts);
  const found = await report({ entries, checkpoint: makeLog(entries).checkpoint });
  return found.findings.map(({ code, index }) => `${code}@${index}`);
}

const codes = (found: LogReport): string[] => found.findings.map((finding) => finding.code);

describe('the verification of a whole log', () => {
  it('accepts an honest one, and says what entries and checkpoint cannot prove', async () => {
    const found = await report({});
    expect(found).toMatchObject({
      ok: true,
      size: 11,
      covered: 11,
      notCovered: 0,
      openIntents: 0,
      findings: [],
    });
    expect(found.root).toMatch(/^[0-9a-f]{64}$/);
    expect(found.unproved.map((unproved) => unproved.code)).toEqual(['rollback', 'replacement']);
  });

  it('accepts it with Web Crypto alone', async () => {
    const found = await verifyLog({
      entries: stream(story),
      checkpoint: log.checkpoint,
      earlier: [],
      trustedKey: logKey.vkey,
      ...webCryptoVerifier(),
    });
    expect(found).toEqual(await report({}));
  });

  it('accepts an empty log, and one of many batches', async () => {
    expect(await report({ entries: [], checkpoint: makeLog([]).checkpoint })).toMatchObject({
      ok: true,
      size: 0,
    });
    const notice = (at: number): Leaf => ({ action: null, at, kind: 'notice', notice: { code: 'tick' } });
    const many = seal(Array.from({ length: 1_000 }, (_, at) => ({ leaf: notice(at), aside: null })));
    const checkpoint = makeLog(many).checkpoint;
    expect(
      await report({
        entries: many,
        checkpoint,
        earlier: [255, 256, 257].map((size) => makeLog(many.slice(0, size)).checkpoint),
      }),
    ).toMatchObject({
      ok: true,
      size: 1_000,
    });
  });

  it('tells entries that no checkpoint covers yet', async () => {
    const found = await report({ checkpoint: makeLog(story.slice(0, 8)).checkpoint });
    expect(found).toMatchObject({ ok: true, size: 11, covered: 8, notCovered: 3 });
  });

  it('counts intents without an outcome', async () => {
    const entries = story.slice(0, 2);
    expect(await report({ entries, checkpoint: makeLog(entries).checkpoint })).toMatchObject({
      ok: true,
      openIntents: 1,
    });
  });
});

describe('what the report tells', () => {
  it('is the root of the newest checkpoint, whatever else was kept', async () => {
    const ten = makeLog(story.slice(0, 10));
    const alone = await report({ entries: story.slice(0, 10), checkpoint: ten.checkpoint });
    const shrunk = await report({ checkpoint: ten.checkpoint, earlier: [log.checkpoint] });
    expect(codes(shrunk)).toEqual(['log.shrunk']);
    expect(shrunk.root).toBe(alone.root);
    // One of the same size is none that shrank.
    expect(await report({ earlier: [log.checkpoint] })).toMatchObject({ ok: true });
  });

  it('names the action of a finding, and which of the checkpoints was refused', async () => {
    const entries = seal(heldStory().toSpliced(4, 1));
    const found = await report({ entries, checkpoint: makeLog(entries).checkpoint });
    expect(found.findings).toContainEqual({ code: 'grant.missing', index: 4, detail: HELD });
    const refused = await report({ checkpoint: 'nothing', earlier: ['nothing'] });
    expect(refused.findings.map(({ detail }) => detail)).toEqual([
      'The newest checkpoint was refused.',
      'The kept checkpoint was refused.',
    ]);
  });

  it('is no root and no proof of anything without a checkpoint that holds', async () => {
    const mallory = await testKey(ORIGIN, new Uint8Array(32).fill(66));
    const forged = await report({ checkpoint: makeLog(story, mallory).checkpoint });
    expect(forged).toMatchObject({ ok: false, root: null, covered: 0, notCovered: 11 });
    const blind = await report({ trustedKey: 'no key' });
    expect(blind.unproved.map(({ code }) => code)).toEqual(['rollback', 'replacement']);
  });

  it('takes an entry of 65,535 bytes, and none of one more', async () => {
    const notice = (padding: number): TestEntry => ({
      leaf: `{"action":null,"at":1,"kind":"notice","notice":{"code":"${'x'.repeat(padding)}"},"version":1}`,
      aside: null,
    });
    const most = 65_535 - notice(0).leaf.length;
    const take = async (padding: number) => {
      const entries = [notice(padding)];
      return codes(await report({ entries, checkpoint: makeLog(entries).checkpoint }));
    };
    expect(await take(most)).toEqual([]);
    expect(await take(most + 1)).toEqual(['entry.too_large', 'entry.malformed']);
  });
});

describe('a log in which somebody', () => {
  it('edited an entry', async () => {
    const property = fc.asyncProperty(fc.nat(story.length - 1), async (at) => {
      const entries = story.map((entry, index) =>
        index === at ? { ...entry, leaf: entry.leaf.replace('"at":1', '"at":2') } : entry,
      );
      expect(codes(await report({ entries }))).toContain('log.root_mismatch');
    });
    await fc.assert(property, { numRuns: 11 });
  });

  it('deleted an entry, and closed the gap or not', async () => {
    for (let at = 0; at < story.length; at++) {
      expect(codes(await report({ entries: story.toSpliced(at, 1) }))).toContain('log.truncated');
    }
    const gap = stream(story.slice(0, 5));
    async function* withGap(): AsyncGenerator<{ index: number; leaf: string }> {
      yield* gap;
      yield { index: 6, leaf: story[6]!.leaf };
    }
    const found = await verifyLog({
      ...log,
      entries: withGap(),
      earlier: [],
      trustedKey: logKey.vkey,
      hash: sha256,
      verify,
    });
    expect(found.findings[0]).toMatchObject({ code: 'entry.gap', index: 6 });
    expect(found).toMatchObject({ ok: false, size: 5 });
  });

  it('reordered two entries', async () => {
    for (let at = 0; at + 1 < story.length; at++) {
      const entries = story.with(at, story[at + 1]!).with(at + 1, story[at]!);
      expect(codes(await report({ entries }))).toContain('log.root_mismatch');
    }
  });

  it('inserted an entry', async () => {
    expect(codes(await report({ entries: story.toSpliced(3, 0, story[3]!) }))).toContain('log.root_mismatch');
  });

  it('truncated it below its checkpoint', async () => {
    const found = await report({ entries: story.slice(0, 9) });
    expect(found.findings).toContainEqual(expect.objectContaining({ code: 'log.truncated', index: 9 }));
    expect(found.root).toBeNull();
  });

  it('truncated it together with its checkpoint shows with a checkpoint that was kept, and is named as unproved without', async () => {
    const entries = story.slice(0, 9);
    const { checkpoint } = makeLog(entries);
    const blind = await report({ entries, checkpoint });
    expect(blind.ok).toBe(true);
    expect(blind.unproved.map((unproved) => unproved.code)).toContain('rollback');
    expect(codes(await report({ entries, checkpoint, earlier: [log.checkpoint] }))).toEqual(['log.shrunk']);
  });

  it('forked or replaced it shows with a checkpoint that was kept, and is named as unproved without', async () => {
    const kept = makeLog(story.slice(0, 6)).checkpoint;
    const entries = story.with(5, { ...story[5]!, leaf: story[5]!.leaf.replace('dora', 'emil') });
    const { checkpoint } = makeLog(entries);
    const blind = await report({ entries, checkpoint });
    expect(blind.ok).toBe(true);
    expect(blind.unproved.map((unproved) => unproved.code)).toContain('replacement');
    const found = await report({ entries, checkpoint, earlier: [kept] });
    expect(codes(found)).toEqual(['log.forked']);
    expect(found.unproved.map((unproved) => unproved.code)).toEqual(['rollback']);
    expect((await report({ earlier: [kept] })).ok).toBe(true);
  });

  it('signed the checkpoint with another key, or changed it', async () => {
    const mallory = await testKey(ORIGIN, new Uint8Array(32).fill(66));
    const forged = makeLog(story, mallory).checkpoint;
    expect(codes(await report({ checkpoint: forged }))).toEqual(['note.unknown_signer']);
    expect(codes(await report({ checkpoint: log.checkpoint.replace('\n11\n', '\n12\n') }))).toEqual([
      'note.bad_signature',
    ]);
    expect(await report({ checkpoint: 'nothing' })).toMatchObject({ ok: false, covered: 0, notCovered: 11 });
    expect(codes(await report({ earlier: [forged] }))).toEqual(['note.unknown_signer']);
    expect(codes(await report({ trustedKey: 'no key' }))).toEqual(['key.malformed']);
  });

  it('had a checkpoint of another root signed by the log itself', async () => {
    const text = formatCheckpoint({ origin: ORIGIN, size: 11, root: new Uint8Array(32), extensions: [] });
    const found = await report({ checkpoint: signNote(text, [logKey.signer]) });
    expect(codes(found)).toEqual(['log.root_mismatch']);
    expect(found.root).not.toBe(hex(new Uint8Array(32)));
  });
});

describe('an honestly signed log in which', () => {
  const held = heldStory();
  const other = (draft: Draft, change: Leaf): Draft => ({ ...draft, leaf: { ...draft.leaf, ...change } });

  it('all is in order has no findings', async () => {
    expect(await findingsIn(held)).toEqual([]);
    expect(await findingsIn(wholeStory())).toEqual([]);
  });

  it('a grant is spent twice', async () => {
    const again = other(held[5]!, { action: 'act_01jd00000000000000000000z9' });
    expect(await findingsIn([...held, again])).toEqual(['grant.spent_twice@7']);
  });

  it('an intent comes before its grant', async () => {
    expect(await findingsIn([...held.slice(0, 4), held[5]!, held[4]!, held[6]!])).toContain(
      'grant.missing@4',
    );
  });

  it('an intent is of other bytes than its grant', async () => {
    expect(await findingsIn(held.with(5, other(held[5]!, { commitment: 'x' })))).toEqual([
      'grant.mismatch@5',
      'intent.other_subject@5',
    ]);
  });

  it('an action was reviewed and never approved', async () => {
    expect(await findingsIn(held.toSpliced(2, 1))).toEqual(['review.not_approved@4']);
  });

  it('an outcome has no intent, or is the second one', async () => {
    expect(await findingsIn([held[6]!])).toEqual(['outcome.without_intent@0']);
    expect(await findingsIn([...held, held[6]!])).toEqual(['outcome.repeated@7']);
  });

  it('a grant is found expired long after, when it is forgotten', async () => {
    const notice = (at: number): Draft => ({ leaf: { action: null, at, kind: 'notice' }, aside: null });
    const later = 1_760_000_002_010 + 60_000;
    const filler = Array.from({ length: 4_096 }, () => notice(later));
    expect(await findingsIn([...held.slice(0, 5), ...filler, other(held[5]!, { at: later })])).toEqual([
      'grant.missing@4101',
    ]);
    expect(await findingsIn([...held.slice(0, 5), other(held[5]!, { at: later })])).toEqual([
      'grant.expired@5',
    ]);
  });

  it('two grants are issued under one id', async () => {
    expect(await findingsIn(held.toSpliced(5, 0, held[4]!))).toEqual(['grant.unfounded@5']);
  });

  it('a review changes what is reviewed', async () => {
    expect(await findingsIn(held.with(3, other(held[3]!, { subject: 'x' })))).toEqual([
      'review.other_subject@3',
    ]);
  });

  it('a review is approved that was never opened', async () => {
    expect(await findingsIn([held[3]!])).toEqual(['review.not_open@0']);
  });

  it('somebody votes after the end', async () => {
    expect(await findingsIn([...held, held[2]!])).toEqual(['vote.review_not_open@7']);
  });

  it('an entry is not canonical, not JSON, of an unknown kind or too large', async () => {
    const ragged = [
      { leaf: canonicalize(held[0]!.leaf).replace(':', ': '), aside: null },
      { leaf: 'rows and rows', aside: null },
      { leaf: '{"action":null,"at":1,"kind":"rumour"}', aside: null },
      { leaf: canonicalize({ action: null, at: 1, kind: 'notice', text: 'x'.repeat(70_000) }), aside: null },
      { leaf: canonicalize({ action: HELD, at: 1, kind: 'notice' }), aside: null },
      { leaf: canonicalize({ ...held[6]!.leaf, action: null }), aside: null },
    ];
    const found = await report({ entries: ragged, checkpoint: makeLog(ragged).checkpoint });
    expect(found.findings.map(({ code, index }) => `${code}@${index}`)).toEqual([
      'entry.malformed@0',
      'entry.malformed@1',
      'entry.malformed@2',
      'entry.too_large@3',
      'entry.malformed@3',
      'entry.malformed@4',
      'entry.malformed@5',
    ]);
    expect(found.root).not.toBeNull();
  });

  it('everything is wrong, the report stays small', async () => {
    const ragged = Array.from({ length: 1_200 }, () => ({ leaf: 'x', aside: null }));
    const found = await report({ entries: ragged, checkpoint: makeLog(ragged).checkpoint });
    expect(found).toMatchObject({ ok: false, findingsOmitted: 200 });
    expect(found.findings).toHaveLength(1_000);
  });
});
