import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createFakeClock, createFakeRandom } from '../../test/support/fake-clock.ts';
import { request } from '../../test/support/policy.ts';
import { configurationOf, folder, forbid, permit, removeFolders } from '../../test/support/policy-folders.ts';
import { limits } from '../limits.ts';
import { createMemoryStore } from '../stores/memory/store.ts';
import { hashing } from '../system.ts';
import { createLog } from '../telemetry/log.ts';
import { loadPolicies, startPolicies } from './policies.ts';

vi.setConfig({ testTimeout: 60_000 });
afterEach(removeFolders);

describe('a draft that is observed', () => {
  test('is asked beside the policies in force, and loosens nothing', async () => {
    const enforced = folder({ 'a.cedar': permit + forbid });
    const draft = folder({ 'a.cedar': permit });
    const configuration = await configurationOf(enforced, [{ target: 'shop', directory: draft }]);
    const policies = await loadPolicies(configuration, createFakeClock());
    if (!policies.ok) throw new Error(policies.error.join());
    const { live, drafts } = policies.value;
    expect(live.decide(request()).effect).toBe('deny');
    expect(drafts.of('shop')?.decide(request()).effect).toBe('allow');
    expect(live.decide(request()).effect).toBe('deny');
    expect(drafts.of('other')).toBeUndefined();
    expect(drafts.observed).toMatchObject([{ target: 'shop', directory: draft }]);
  });

  test('that is not valid keeps the gateway from starting: it would be believed to be observed', async () => {
    const draft = folder({ 'a.cedar': 'permit' });
    const configuration = await configurationOf(folder({ 'a.cedar': permit }), [
      { target: 'shop', directory: draft },
    ]);
    const policies = await loadPolicies(configuration, createFakeClock());
    expect(policies.ok ? '' : policies.error[0]).toContain('a draft that is observed');
  });

  async function observing(draftText: string) {
    const draft = folder({ 'a.cedar': draftText });
    const configuration = await configurationOf(folder({ 'a.cedar': permit }), [
      { target: 'shop', directory: draft },
    ]);
    const said: string[] = [];
    const heard = createLog({ level: 'error', destination: { write: (line) => void said.push(line) } });
    const clock = createFakeClock();
    const store = createMemoryStore();
    const loaded = await loadPolicies(configuration, clock);
    if (!loaded.ok) throw new Error(loaded.error.join());
    const { drafts, live } = loaded.value;
    const ports = { clock, random: createFakeRandom(), hashing, store, log: heard };
    const { changes, close } = await startPolicies(configuration, loaded.value, null, ports);
    const notices = async () =>
      (await store.read('entries', { from: 0, limit: 100 })).map(
        ({ leaf }) => (JSON.parse(leaf) as { notice: Record<string, string> }).notice,
      );
    /** The clock's own timers: two looks, for what has changed to settle. */
    const settle = async (count: number): Promise<void> => {
      await vi.waitFor(async () => {
        clock.advance(limits.policyLookMs);
        expect(await notices()).toHaveLength(count);
      }, 20_000);
    };
    const effect = () => drafts.of('shop')?.decide(request()).effect;
    return { changes, clock, close, draft, drafts, effect, live, notices, said, settle };
  }

  test('is followed on disk: recorded with author and targets, observed from then on, and enforced never', async () => {
    const { changes, close, draft, drafts, effect, live, notices, settle } = await observing(permit);
    const [before, moment] = [drafts.observed[0]?.version, drafts.of('shop')?.moment];
    expect(effect()).toBe('allow');
    writeFileSync(join(draft, 'b.cedar'), forbid);
    await settle(1);
    expect(effect()).toBe('deny');
    expect(live.decide(request()).effect).toBe('allow');
    const [{ version: now = '' } = {}] = drafts.observed;
    expect(now).not.toBe(before);
    expect(drafts.of('shop')?.moment).not.toBe(moment);
    expect((await changes.inForce()).observed).toEqual([
      { target: 'shop', directory: draft, version: now, problems: [] },
    ]);
    expect(await notices()).toEqual([
      {
        code: 'policy.draft_changed',
        added: 'never',
        removed: '',
        changed: '',
        author: expect.stringMatching(/^uid:/) as string,
        from: before,
        policies: now,
        targets: 'shop',
      },
    ]);
    await close();
  });

  test('that becomes invalid leaves the former one observed, and says why', async () => {
    const { changes, clock, close, draft, drafts, effect, notices, said, settle } = await observing(permit);
    const [{ version } = { version: '' }] = drafts.observed;
    writeFileSync(join(draft, 'b.cedar'), forbid.replace('Action::"sql"', 'Action::"sq"'));
    await settle(1);
    expect(effect()).toBe('allow');
    expect(drafts.observed).toMatchObject([{ version }]);
    expect(await notices()).toEqual([
      { code: 'policy.draft_refused', policies: version, problems: '1', targets: 'shop' },
    ]);
    expect(said.join()).toContain('b.cedar:1');
    const [{ problems } = { problems: [] }] = (await changes.inForce()).observed;
    expect(problems).toEqual([expect.stringContaining('b.cedar:1')]);
    rmSync(join(draft, 'b.cedar'));
    await vi.waitFor(async () => {
      clock.advance(limits.policyLookMs);
      expect((await changes.inForce()).observed).toMatchObject([{ version, problems: [] }]);
    }, 20_000);
    await close();
  });
});
