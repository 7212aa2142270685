import { describe, expect, test } from 'vitest';
import type { BreakGlassUse } from '../core/break-glass.ts';
import { subjectOf, type ErasedSubject } from '../core/subject.ts';
import { accept, codeOf, refusal, reopen, type StoreUnderTest } from './compliance-fixture.ts';
import {
  START_MS,
  actionId,
  sampleEntry,
  sampleGrant,
  sampleReview,
  sampleStanding,
} from './compliance-samples.ts';
import { sampleClosing, sampleUse } from './compliance-break-glass.ts';
import { sampleSubmission } from './compliance-submissions.ts';
import type { Mutation } from './store.ts';

const agent: ErasedSubject = { kind: 'agent', name: 'agent-1' };
const erase = (subject: ErasedSubject): Mutation => ({ kind: 'subject.erase', subject, atMs: START_MS });

const asides = async ({ store }: StoreUnderTest): Promise<(string | null)[]> =>
  (await store.read('entries', { from: 0, limit: 100 })).map(({ aside }) => aside);

const own = (aside: string, onBehalfOf = 'ana', name = 'agent-1') =>
  sampleEntry('intent', actionId(7), { aside, subject: subjectOf({ agent: name, onBehalfOf }) });

export function valuesAreErased(at: StoreUnderTest): void {
  describe('erasure', () => {
    test('takes the asides of an agent, and of nobody else', async () => {
      await at.store.append(own('one')).done;
      await at.store.append(own('two', 'bo')).done;
      await at.store.append(own('other', 'ana', 'agent-2')).done;
      await at.store.append(sampleEntry('notice', null, { aside: 'nobody' })).done;
      expect(await asides(at)).toEqual(['one', 'two', 'other', 'nobody']);
      await accept(at.store, { mutations: [erase(agent)], entries: [sampleEntry('erasure', null)] });
      expect(await asides(at)).toEqual([null, null, 'other', 'nobody', null]);
      await reopen(at);
      expect(await asides(at)).toEqual([null, null, 'other', 'nobody', null]);
    });

    test('of a person takes what any agent did for them', async () => {
      for (const name of ['agent-1', 'agent-2']) await at.store.append(own(name, 'ana', name)).done;
      await at.store.append(own('of bo', 'bo')).done;
      await accept(at.store, { mutations: [erase({ kind: 'person', name: 'ana' })] });
      expect(await asides(at)).toEqual([null, null, 'of bo']);
    });

    test('takes what was queued right before it, and nothing that is queued right after', async () => {
      await at.store.append(own('one')).done;
      void at.store.append(own('queued'));
      const committed = at.store.commit({ mutations: [], entries: [own('committed')] });
      const erased = at.store.commit({ mutations: [erase(agent)], entries: [sampleEntry('erasure', null)] });
      const after = at.store.append(own('after'));
      await Promise.all([committed, erased, after.done]);
      expect(await asides(at)).toEqual([null, null, null, null, 'after']);
    });

    test('leaves what comes after it', async () => {
      await at.store.append(own('before')).done;
      await accept(at.store, { mutations: [erase(agent)] });
      await at.store.append(own('after')).done;
      await at.store.append(own('later')).done;
      await reopen(at);
      expect(await asides(at)).toEqual([null, 'after', 'later']);
      await accept(at.store, { mutations: [erase(agent)] });
      expect(await asides(at)).toEqual([null, null, null]);
    });
  });
}

export function recordsAreErased(at: StoreUnderTest): void {
  describe('erasure of records', () => {
    test('keeps who, what for, when and how it ended of a review, and none of its values', async () => {
      const review = sampleReview(1, { state: { status: 'expired', resolvedAtMs: START_MS + 5 } });
      await accept(at.store, { mutations: [{ kind: 'review.open', review }] });
      await accept(at.store, { mutations: [erase(agent)] });
      await reopen(at);
      const left = await at.store.read('review', { id: review.id });
      expect(left).toMatchObject({ id: review.id, state: review.state, erasedAtMs: START_MS });
      expect(left?.subject).toMatchObject({ requester: review.subject.requester, command: '', salt: '' });
      expect(left?.subject.digest).not.toBe(review.subject.digest);
    });

    test('keeps who broke glass, when and what was found, and none of its values', async () => {
      const use = sampleUse(1, {
        closing: sampleClosing,
        grant: { ...sampleUse(1).grant, spentAtMs: START_MS },
      });
      await accept(at.store, { mutations: [{ kind: 'break_glass.open', use, mostOpen: 3 }] });
      await reopen(at);
      expect(await at.store.read('breakGlass', { id: use.id })).toEqual(use);
      await accept(at.store, { mutations: [erase({ kind: 'agent', name: 'sam' })] });
      await reopen(at);
      const left = await at.store.read('breakGlass', { id: use.id });
      expect(left).toMatchObject({
        person: 'sam',
        reason: '',
        passkey: { signature: '' },
        erasedAtMs: START_MS,
      });
      expect(left?.closing).toEqual({ ...sampleClosing, text: '' });
      expect(left?.subject).toMatchObject({ requester: use.subject.requester, salt: '' });
      expect(left?.subject.declared.command).toBe('');
    });

    test('of who broke glass waits for its review, and until nothing can be run by it', async () => {
      const open = (closing: BreakGlassUse['closing'], spentAtMs: number | null = null): Mutation => {
        const use = sampleUse(1, { closing, grant: { ...sampleUse(1).grant, spentAtMs } });
        return { kind: 'break_glass.open', use, mostOpen: 3 };
      };
      const sam = erase({ kind: 'person', name: 'sam' });
      expect(await refusal(at, open(null, START_MS), sam)).toBe('subject.in_use');
      expect(await refusal(at, open(sampleClosing), sam)).toBe('subject.in_use');
      expect(await refusal(at, open(sampleClosing, START_MS), sam)).toBe('accepted');
    });

    test('leaves the reviews of others to be found by what they look like', async () => {
      const state = { status: 'expired', resolvedAtMs: START_MS } as const;
      const shape = 'a'.repeat(64);
      const others = [1, 2].map((number) => ({ ...sampleReview(number, { state }), shape }));
      for (const review of others) await accept(at.store, { mutations: [{ kind: 'review.open', review }] });
      await at.store.append(own('one', 'ana', 'agent-9')).done;
      await accept(at.store, { mutations: [erase({ kind: 'agent', name: 'agent-9' })] });
      await reopen(at);
      const ask = { limit: 9, before: null, status: null, agent: null, shape };
      const found = await at.store.read('reviews', ask);
      expect(found.map(({ id }) => id)).toEqual(others.map(({ id }) => id).reverse());
    });
  });
}

export function erasureWaits(at: StoreUnderTest): void {
  describe('an erasure', () => {
    test('of somebody without values is refused', async () => {
      expect(await refusal(at, erase({ kind: 'person', name: 'nobody' }))).toBe('subject.unknown');
      await at.store.append(own('one')).done;
      await accept(at.store, { mutations: [erase(agent)] });
      expect(await refusal(at, erase(agent))).toBe('subject.unknown');
    });

    test('waits until everything of the subject is over, and says what is not', async () => {
      await at.store.append(own('one')).done;
      const review = sampleReview(1);
      const { id } = review;
      await accept(at.store, { mutations: [{ kind: 'review.open', review }] });
      const refused = await at.store.commit({ mutations: [erase(agent)], entries: [] });
      expect(refused).toEqual({ ok: false, error: { code: 'subject.in_use', by: [id] } });
      expect(await asides(at)).toContain('one');
      const state = { status: 'expired', resolvedAtMs: START_MS } as const;
      const ended = { ...review, revision: review.revision + 1, state };
      await accept(at.store, { mutations: [{ kind: 'review.update', review: ended }] });
      for (const live of [
        { kind: 'grant.issue', grant: sampleGrant(1) },
        { kind: 'standing.propose', standing: sampleStanding(1) },
        { kind: 'submission.open', submission: sampleSubmission(1) },
      ] satisfies Mutation[]) {
        expect(await refusal(at, live, erase(agent)), live.kind).toBe('subject.in_use');
      }
      await accept(at.store, { mutations: [erase(agent)] });
    });

    test('that is part of a refused change erases nothing', async () => {
      await at.store.append(own('one')).done;
      const missing: Mutation = { kind: 'review.check', id: sampleReview(9).id, revision: 1 };
      expect(await refusal(at, erase(agent), missing)).toBe('review.missing');
      expect(await asides(at)).toEqual(['one']);
      await reopen(at);
      expect(await asides(at)).toEqual(['one']);
    });

    test('leaves the pending reviews and live grants of others to be found', async () => {
      await at.store.append(own('one', 'ana', 'agent-9')).done;
      const review = sampleReview(1);
      const grant = sampleGrant(2);
      await accept(at.store, {
        mutations: [
          { kind: 'review.open', review },
          { kind: 'grant.issue', grant },
        ],
      });
      await accept(at.store, { mutations: [erase({ kind: 'agent', name: 'agent-9' })] });
      await reopen(at);
      expect(await refusal(at, { kind: 'review.open', review: { ...review, id: sampleReview(3).id } })).toBe(
        'review.duplicate',
      );
      const { binding } = grant;
      expect(await at.store.read('grants', { binding, atMs: START_MS })).toEqual([grant]);
      expect(await codeOf(at.store.read('size', {}))).toBe('resolved');
    });
  });
}
