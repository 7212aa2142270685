import { expect, test } from 'vitest';
import type { SealedEntry } from '../core/entry.ts';
import { limits } from '../limits.ts';
import { accept, codeOf, leaves, reopen } from './compliance-fixture.ts';
import type { StoreUnderTest } from './compliance-fixture.ts';
import { actionId, grantId, sampleBinding, sampleEntry } from './compliance-samples.ts';

/** Refused: it spends a grant that isn't there. */
const impossible = {
  kind: 'grant.spend',
  id: grantId(99),
  binding: sampleBinding,
  action: actionId(1),
  atMs: 1,
} as const;

const numbered = (number: number): SealedEntry =>
  sampleEntry('intent', actionId(number), { leaf: `{"n":${number}}` });

/** Indices are dense and in the order of queueing. */
export function entriesKeepTheirOrder(at: StoreUnderTest): void {
  test('entries keep the order in which they were queued, without gaps, over refused changes', async () => {
    const expected: string[] = [];
    for (let number = 0; number < 300; number++) {
      const entry = numbered(number);
      const isRefused = number % 7 === 3;
      if (isRefused) void at.store.commit({ mutations: [impossible], entries: [entry, entry] });
      else if (number % 5 === 0) void at.store.commit({ mutations: [], entries: [entry] });
      else at.store.append(entry);
      if (!isRefused) expected.push(entry.leaf);
      if (number % 50 === 0) await new Promise(setImmediate);
    }
    const rows = await at.store.read('entries', { from: 0, limit: 1000 });
    expect(rows.map(({ leaf }) => leaf)).toEqual(expected);
    expect(rows.map(({ index }) => index)).toEqual(expected.map((_, index) => index));
  });

  test('a commit tells the index of its first entry; the others follow it', async () => {
    at.store.append(numbered(0));
    const refused = at.store.commit({ mutations: [impossible], entries: [numbered(7)] });
    const second = at.store.commit({ mutations: [], entries: [numbered(1), numbered(2)] });
    at.store.append(numbered(3));
    const third = at.store.commit({ mutations: [], entries: [] });
    expect((await refused).ok).toBe(false);
    expect(await second).toEqual({ ok: true, value: { firstIndex: 1 } });
    expect(await third).toEqual({ ok: true, value: { firstIndex: 4 } });
    expect(await leaves(at)).toEqual([0, 1, 2, 3].map((number) => `{"n":${number}}`));
  });

  test('the log goes on after it was closed and opened', async () => {
    for (const number of [0, 1]) at.store.append(numbered(number));
    await reopen(at);
    expect(await accept(at.store, { entries: [numbered(2)] })).toBe(2);
    expect(await leaves(at)).toEqual(['{"n":0}', '{"n":1}', '{"n":2}']);
  });
}

/** When a store says that something is on disk. */
export function acknowledgedMeansDurable(at: StoreUnderTest): void {
  test('an entry says when it is durable, once, for the whole flush', async () => {
    const first = at.store.append(numbered(1));
    const second = at.store.append(numbered(2));
    expect([first.durable, second.durable]).toEqual([false, false]);
    expect(at.store.queued).toBe(2);
    await first.done;
    expect([first.durable, second.durable]).toEqual([true, true]);
    expect(at.store.queued).toBe(0);
    const third = at.store.append(numbered(3));
    expect(third.durable).toBe(false);
    await third.done;
  });

  test('a question sees everything that was queued before it', async () => {
    for (let number = 0; number < 20; number++) {
      at.store.append(numbered(number));
      expect(await at.store.read('size', {})).toBe(number + 1);
    }
  });

  test('close flushes what was queued, and refuses what comes after', async () => {
    const last = at.store.append(numbered(1));
    const closed = at.store.close();
    const late = at.store.append(numbered(2));
    await closed;
    expect(last.durable).toBe(true);
    expect(late.durable).toBe(false);
    expect(await codeOf(late.done)).toBe('store.closed');
    expect(await codeOf(at.store.commit({ mutations: [], entries: [] }))).toBe('store.closed');
    expect(await codeOf(at.store.read('size', {}))).toBe('store.closed');
    await at.store.close();
    at.store = await at.fixture.open();
    expect(await leaves(at)).toEqual(['{"n":1}']);
  });
}

/** Law 3. */
export function failuresCloseTheStore(at: StoreUnderTest): void {
  test('when the medium fails, all that waits and all that comes is rejected, and nothing acknowledged is lost', async () => {
    await at.store.close();
    at.store = await at.fixture.openNearlyFull();
    const acknowledged: string[] = [];
    let failure = 'none';
    for (let number = 0; number < 4096 && failure === 'none'; number += 64) {
      const entries = Array.from({ length: 64 }, (_, offset) =>
        sampleEntry('notice', null, { leaf: `{"n":${number + offset},"padding":"${'x'.repeat(1000)}"}` }),
      );
      const waiting = entries.map((entry) => ({ entry, done: at.store.append(entry).done }));
      const commit = codeOf(at.store.commit({ mutations: [], entries: [] }));
      const question = codeOf(at.store.read('size', {}));
      for (const { entry, done } of waiting) {
        failure = await codeOf(done);
        if (failure !== 'resolved') break;
        failure = 'none';
        acknowledged.push(entry.leaf);
      }
      if (failure !== 'none')
        expect([await commit, await question]).toEqual(['store.failed', 'store.failed']);
    }
    expect(failure).toBe('store.failed');
    const late = at.store.append(numbered(1));
    expect([late.durable, await codeOf(late.done)]).toEqual([false, 'store.failed']);
    expect(await codeOf(at.store.commit({ mutations: [], entries: [] }))).toBe('store.failed');
    expect(await codeOf(at.store.read('size', {}))).toBe('store.failed');
    await at.store.close();
    at.store = await at.fixture.open();
    expect((await leaves(at)).slice(0, acknowledged.length)).toEqual(acknowledged);
  });

  test('an entry over the limit is a bug of the caller: nothing is written, others are not harmed', async () => {
    const tooLarge = numbered(1);
    const leaf = 'ü'.repeat(limits.entryBytes / 2 + 1);
    expect(() => at.store.append({ ...tooLarge, leaf })).toThrow('store.invalid');
    expect(
      await codeOf(at.store.commit({ mutations: [], entries: [numbered(2), { ...tooLarge, leaf }] })),
    ).toBe('store.invalid');
    const largest = at.store.append(
      sampleEntry('notice', null, { leaf: 'x'.repeat(limits.entryBytes), aside: 'ü'.repeat(3_000_000) }),
    );
    await largest.done;
    const [row] = await at.store.read('entries', { from: 0, limit: 9 });
    expect(row?.leaf).toBe('x'.repeat(limits.entryBytes));
    expect(row?.aside).toBe('ü'.repeat(3_000_000));
  });
}
