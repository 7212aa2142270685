import { describe, expect, it } from 'vitest';
import type { Replay } from '../../ports.ts';
import { Replays } from './replay.ts';

const NOTHING: Replay = {
  sinceMs: 0,
  complete: true,
  examined: 0,
  coveredCount: 0,
  covered: [],
  nearMisses: [],
};

describe('replays that are asked for together', () => {
  it('run one after another, and those beyond the bound are refused at once', async () => {
    const replays = new Replays(3);
    const gates = [1, 2, 3].map(() => Promise.withResolvers<Replay>());
    let begun = 0;
    const next = () => gates[begun++]?.promise ?? Promise.resolve(NOTHING);
    const asked = [replays.run(next), replays.run(next), replays.run(next)];
    expect(await replays.run(next)).toBeNull();
    expect(begun).toBe(1);
    for (const gate of gates) gate.resolve(NOTHING);
    expect(await Promise.all(asked)).toEqual([NOTHING, NOTHING, NOTHING]);
    expect(await replays.run(next)).toEqual(NOTHING);
  });

  it('go on behind one that failed', async () => {
    const replays = new Replays(2);
    const failing = replays.run(() => Promise.reject(new Error('the store is gone')));
    const following = replays.run(() => Promise.resolve(NOTHING));
    await expect(failing).rejects.toThrow('gone');
    expect(await following).toEqual(NOTHING);
  });
});
