import { createHash } from 'node:crypto';
import { leafInput } from '@sallyport/verifier';
import { expect, test } from 'vitest';
import type { SealedEntry } from '../core/entry.ts';
import { accept, leaves, reopen } from './compliance-fixture.ts';
import type { StoreUnderTest } from './compliance-fixture.ts';
import { START_MS, actionId, sampleEntry } from './compliance-samples.ts';

const TEXTS = ['plain', 'ümläut', '中文 and 🙂', '\u2028', ''];
const numbered = (number: number): SealedEntry =>
  sampleEntry('intent', actionId(number), { leaf: `{"n":${number}}` });

/** What was sealed is what is read. */
export function entriesAreRead(at: StoreUnderTest): void {
  test('rows hold what was sealed: kinds, times, texts and asides in any script', async () => {
    const early = ['decision', 'review', 'vote', 'grant', 'intent', 'outcome', 'notice'] as const;
    const kinds = [...early, 'question', 'answer', 'preview', 'passkey', 'heartbeat'] as const;
    const sealed = kinds.flatMap((kind, number) =>
      TEXTS.map((text, place) =>
        sampleEntry(kind, kind === 'notice' ? null : actionId(number), {
          atMs: START_MS - number * 1000,
          leaf: `{"${kind}":"${text}"}`,
          aside: place % 2 === 0 ? null : `{"salt":"${text}"}`,
        }),
      ),
    );
    for (const entry of sealed) at.store.append(entry);
    for (const isReopened of [false, true]) {
      if (isReopened) await reopen(at);
      const rows = await at.store.read('entries', { from: 0, limit: 100 });
      expect(rows).toEqual(sealed.map(({ usage: _, ...entry }, index) => ({ index, ...entry })));
    }
  });

  test('pages of entries start and end anywhere', async () => {
    for (let number = 0; number < 40; number++) {
      at.store.append(numbered(number));
      if (number % 3 === 0) await new Promise(setImmediate);
    }
    const all = await leaves(at);
    for (const [from, limit] of [
      [0, 1],
      [1, 5],
      [17, 17],
      [39, 1],
      [30, 100],
      [40, 5],
      [90, 5],
      [3, 0],
    ] as const) {
      expect(await leaves(at, from, limit)).toEqual(all.slice(from, from + limit));
    }
    expect(await leaves(at, 0, 40)).toEqual(all);
  });

  test('leaf hashes are those of RFC 6962, in pages that start and end anywhere', async () => {
    const texts = Array.from({ length: 30 }, (_, number) => `${TEXTS[number % TEXTS.length]}${number}`);
    for (const leaf of texts) {
      at.store.append(sampleEntry('notice', null, { leaf }));
      if (leaf.endsWith('5')) await at.store.read('size', {});
    }
    const expected = texts.map((leaf) =>
      createHash('sha256')
        .update(leafInput(Buffer.from(leaf)))
        .digest(),
    );
    for (const [from, limit] of [
      [0, 30],
      [0, 1],
      [7, 9],
      [29, 5],
      [30, 5],
      [50, 5],
    ] as const) {
      const hashes = await at.store.read('leafHashes', { from, limit });
      expect(Buffer.from(hashes).toString('hex')).toBe(
        Buffer.concat(expected.slice(from, from + limit)).toString('hex'),
      );
    }
  });
}

/** All entries of one action. */
export function actionsAreFound(at: StoreUnderTest): void {
  test('entries of an action are all found, in order, however the action went', async () => {
    const [allowed, denied, reviewed, open, late] = [
      actionId(1),
      actionId(2),
      actionId(3),
      actionId(4),
      actionId(5),
    ];
    const kinds = async (number: number): Promise<string[]> =>
      (await at.store.read('entriesOfAction', { action: actionId(number) })).map(({ kind }) => kind);
    at.store.append(sampleEntry('intent', allowed));
    for (const kind of ['decision', 'intent', 'outcome'] as const)
      at.store.append(sampleEntry(kind, actionId(7)));
    at.store.append(sampleEntry('decision', denied));
    await accept(at.store, { entries: [sampleEntry('decision', reviewed), sampleEntry('review', reviewed)] });
    at.store.append(sampleEntry('intent', open));
    at.store.append(sampleEntry('outcome', allowed));
    for (const kind of ['vote', 'review', 'grant'] as const) at.store.append(sampleEntry(kind, reviewed));
    await at.store.read('size', {});
    at.store.append(sampleEntry('intent', reviewed));
    // An hour later by the ids of the others.
    at.store.append(sampleEntry('intent', actionId(9, START_MS + 3_600_000)));
    at.store.append(sampleEntry('intent', late));
    at.store.append(sampleEntry('outcome', reviewed));
    await at.store.read('size', {});
    at.store.append(sampleEntry('outcome', late));
    for (const isReopened of [false, true]) {
      if (isReopened) await reopen(at);
      expect(await kinds(1)).toEqual(['intent', 'outcome']);
      expect(await kinds(2)).toEqual(['decision']);
      expect(await kinds(3)).toEqual(['decision', 'review', 'vote', 'review', 'grant', 'intent', 'outcome']);
      expect(await kinds(4)).toEqual(['intent']);
      expect(await kinds(5)).toEqual(['intent', 'outcome']);
      expect(await kinds(6)).toEqual([]);
      expect(await kinds(7)).toEqual(['decision', 'intent', 'outcome']);
    }
  });

  test('an outcome is found far behind its intent', async () => {
    at.store.append(sampleEntry('intent', actionId(0)));
    for (let number = 1; number <= 70_000; number++) {
      at.store.append(sampleEntry('outcome', actionId(number)));
      if (number % 5000 === 0) await at.store.read('size', {});
    }
    at.store.append(sampleEntry('outcome', actionId(0)));
    const found = await at.store.read('entriesOfAction', { action: actionId(0) });
    expect(found.map(({ index }) => index)).toEqual([0, 70_001]);
  });
}

/** What recovery starts from. */
export function openIntentsAreKnown(at: StoreUnderTest): void {
  test('intents without an outcome are known, oldest first, also after a restart', async () => {
    const expected = [
      { index: 1, action: actionId(2) },
      { index: 5, action: actionId(4) },
    ];
    for (const number of [1, 2, 3]) at.store.append(sampleEntry('intent', actionId(number)));
    for (const number of [3, 1]) at.store.append(sampleEntry('outcome', actionId(number)));
    at.store.append(sampleEntry('intent', actionId(4)));
    expect(await at.store.read('openIntents', {})).toEqual(expected);
    await reopen(at);
    expect(await at.store.read('openIntents', {})).toEqual(expected);
    const checkpoint = { size: 6, note: 'note', atMs: START_MS };
    await accept(at.store, { mutations: [{ kind: 'checkpoint.publish', tiles: [], checkpoint }] });
    at.store.append(sampleEntry('outcome', actionId(2)));
    at.store.append(sampleEntry('intent', actionId(5)));
    await reopen(at);
    expect(await at.store.read('openIntents', {})).toEqual([expected[1], { index: 7, action: actionId(5) }]);
  });
}
