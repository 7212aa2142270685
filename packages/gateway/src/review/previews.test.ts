import { beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../../test/support/fake-clock.ts';
import { review } from '../../test/support/subjects.ts';
import type { ReviewId } from '../core/ids.ts';
import type { Preview, PreviewFinding } from '../core/preview.ts';
import { limits } from '../limits.ts';
import type { Previewer } from '../ports.ts';
import { Previews, type Planned } from './previews.ts';

const finding: PreviewFinding = { kind: 'estimate', title: 'Rows', text: '7', basis: 'estimated', rows: 7 };
const id = (at: number): ReviewId => `rev_${at.toString()}`;

interface Call {
  readonly signal: AbortSignal;
  readonly finish: (findings: readonly PreviewFinding[]) => void;
  readonly fail: () => void;
}

let clock: FakeClock;
let calls: Call[];
let attached: Map<ReviewId, Preview>;
let previews: Previews;

const previewer: Previewer = {
  preview: (_, signal) =>
    new Promise((finish, reject) => calls.push({ signal, finish, fail: () => reject(new Error('secret')) })),
};

beforeEach(() => {
  clock = createFakeClock(1_000);
  calls = [];
  attached = new Map();
  previews = new Previews({
    clock,
    limits: { ...limits, previewsAtOnce: 2, previewsWaiting: 3 },
    previewers: new Map([['prod-db', previewer]]),
    attach: async (to, preview) => void attached.set(to, preview),
  });
});

const plan = (at: number): Planned => previews.plan(review({ id: id(at) }));
const start = (...numbers: number[]): void => numbers.forEach((at) => plan(at).start());
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const textOf = (at: number): string | undefined => attached.get(id(at))?.findings[0]?.text;
const isSettled = async (at: number): Promise<boolean> => {
  const done = previews.settled(id(at)).then(() => true);
  return Promise.race([done, turn().then(() => false)]);
};

describe('a preview', () => {
  it('is attached when it comes; who waits for it waits until then', async () => {
    start(1);
    expect(await isSettled(1)).toBe(false);
    calls[0]?.finish([finding]);
    await previews.settled(id(1));
    expect(attached.get(id(1))).toEqual({ atMs: 1_000, findings: [finding] });
    expect(await isSettled(1)).toBe(true);
  });

  it('is waited for from before its review can be seen', async () => {
    const planned = plan(1);
    expect(await isSettled(1)).toBe(false);
    planned.drop();
    expect(await isSettled(1)).toBe(true);
    expect(calls).toEqual([]);
  });

  it('of a target without a previewer is nothing', async () => {
    const target = { name: 'other', protocol: 'postgresql', environment: 'test' };
    const planned = previews.plan(review({ subject: { ...review().subject, target } }));
    planned.start();
    expect(planned.preview).toBeNull();
    await turn();
    expect([calls.length, attached.size]).toEqual([0, 0]);
  });

  it('that fails is unavailable, without the words of the failure', async () => {
    start(1);
    await turn();
    calls[0]?.fail();
    await previews.settled(id(1));
    expect(attached.get(id(1))?.findings).toMatchObject([{ basis: 'unavailable' }]);
    expect(textOf(1)).not.toContain('secret');
  });

  it('that holds too much is bounded, and nothing of it is cut in the middle', async () => {
    start(1);
    await turn();
    const long = { ...finding, text: 'x'.repeat(limits.previewTextCharacters + 1) };
    calls[0]?.finish([long, ...Array.from({ length: 50 }, () => finding)]);
    await previews.settled(id(1));
    const findings = attached.get(id(1))?.findings ?? [];
    expect(findings).toHaveLength(limits.previewFindings);
    expect(findings[0]).toMatchObject({ basis: 'unavailable', text: 'This is too long to be shown.' });
  });

  it('whose review can’t be written leaves nobody waiting', async () => {
    const failing = new Previews({
      clock,
      limits,
      previewers: new Map([['prod-db', previewer]]),
      attach: () => Promise.reject(new Error('the disk is full')),
    });
    failing.plan(review({ id: id(1) })).start();
    await turn();
    calls[0]?.finish([finding]);
    await failing.settled(id(1));
  });
});

describe('time', () => {
  it('is up: the previewer is told to stop, and what it hands over then still counts', async () => {
    start(1);
    await turn();
    clock.advance(limits.previewMs);
    expect(calls[0]?.signal.aborted).toBe(true);
    calls[0]?.finish([finding]);
    await previews.settled(id(1));
    expect(attached.get(id(1))?.findings).toEqual([finding]);
  });

  it('is long up: it is given up, and a later answer is not looked at', async () => {
    start(1);
    await turn();
    clock.advance(limits.previewMs);
    await turn();
    clock.advance(limits.previewGraceMs);
    await previews.settled(id(1));
    expect(textOf(1)).toContain('did not answer in time');
    calls[0]?.finish([finding]);
    await turn();
    expect(textOf(1)).toContain('did not answer in time');
  });

  it('spent in the queue counts too', async () => {
    start(1, 2, 3);
    await turn();
    clock.advance(limits.previewMs);
    await previews.settled(id(3));
    expect(textOf(3)).toContain('Too many reviews');
    expect(calls).toHaveLength(2);
  });
});

describe('many reviews of one target at once', () => {
  it('a few are looked into at a time, in the order in which they came', async () => {
    start(1, 2, 3, 4);
    await turn();
    expect(calls).toHaveLength(2);
    calls[1]?.finish([finding]);
    await turn();
    await turn();
    expect(calls).toHaveLength(3);
    expect([...attached.keys()]).toEqual([id(2)]);
  });

  it('beyond the queue a review says so from the start, and the target is not asked', async () => {
    start(1, 2, 3, 4, 5);
    const planned = plan(6);
    expect(planned.preview?.findings).toMatchObject([{ basis: 'unavailable' }]);
    expect(planned.preview?.findings[0]?.text).toContain('Too many reviews');
    expect(await isSettled(6)).toBe(true);
    calls[0]?.finish([finding]);
    await previews.settled(id(1));
    expect(plan(7).preview).toBeNull();
  });

  it('a target that hangs is not asked more and more: a place is free when its answer is there', async () => {
    start(1, 2);
    await turn();
    clock.advance(limits.previewMs);
    await turn();
    clock.advance(limits.previewGraceMs);
    await Promise.all([previews.settled(id(1)), previews.settled(id(2))]);
    start(3);
    await turn();
    expect(calls).toHaveLength(2);
    calls[0]?.finish([]);
    await turn();
    await turn();
    expect(calls).toHaveLength(3);
  });
});
