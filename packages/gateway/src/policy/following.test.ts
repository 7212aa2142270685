import { describe, expect, test, vi } from 'vitest';
import { request } from '../../test/support/policy.ts';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { err, ok, type Result } from '../core/result.ts';
import { limits } from '../limits.ts';
import type { EntryRow, Store } from '../ports.ts';
import { createMemoryStore } from '../stores/memory/store.ts';
import type { Log } from '../telemetry/log.ts';
import { createPolicyEngine, versionOf } from './engine.ts';
import { PolicyFollower, type PolicyFiles } from './following.ts';
import { LivePolicies } from './live.ts';

vi.setConfig({ testTimeout: 30_000 });

const scope = '(principal is Agent, action in Action::"sql", resource is Target)';
const permit = `@id("may") @reason("May.") permit ${scope};`;
const forbid = `@id("never") @reason("Never.") forbid ${scope};`;

interface Site {
  readonly live: LivePolicies;
  readonly follower: PolicyFollower;
  readonly said: Record<'changed' | 'refused' | 'failed', unknown[]>;
  /** What the next look finds. */
  write(text: string | Result<PolicyFiles, readonly string[]>): void;
  /** Two looks: enough for a change to settle. */
  settle(): Promise<void>;
  notices(): Promise<readonly Record<string, string>[]>;
  readonly clock: ReturnType<typeof createFakeClock>;
  looks: number;
}

async function site(store: Store = createMemoryStore()): Promise<Site> {
  const loaded = await createPolicyEngine({ policies: [{ name: 'a.cedar', text: permit }], names: null });
  if (!loaded.ok) throw new Error('the policies are wrong');
  const live = new LivePolicies(loaded.value);
  const clock = createFakeClock();
  const said: Site['said'] = { changed: [], refused: [], failed: [] };
  const log = {
    policyChanged: (fields: object) => said.changed.push(fields),
    policyRefused: (fields: object) => said.refused.push(fields),
    failed: (fields: object) => said.failed.push(fields),
  } as unknown as Log;
  let files: Result<PolicyFiles, readonly string[]> = ok({
    sources: [{ name: 'a.cedar', text: permit }],
    author: 'uid:0',
  });
  const made = {
    looks: 0,
    live,
    clock,
    said,
    follower: new PolicyFollower({
      clock,
      store,
      log,
      live,
      names: null,
      hours: { openAt: () => [] },
      read: () => {
        made.looks += 1;
        return Promise.resolve(files);
      },
    }),
    write: (text: string | Result<PolicyFiles, readonly string[]>) => {
      files = typeof text === 'string' ? ok({ sources: [{ name: 'a.cedar', text }], author: 'uid:7' }) : text;
    },
    settle: async () => {
      await made.follower.look();
      await made.follower.look();
    },
    notices: async () => {
      const rows: readonly EntryRow[] = await store.read('entries', { from: 0, limit: 100 });
      return rows.map(({ leaf }) => (JSON.parse(leaf) as { notice: Record<string, string> }).notice);
    },
  };
  return made;
}

const effect = ({ live }: Site): string => live.decide(request()).effect;

describe('a change of the policy files', () => {
  test('that is valid is recorded with digest and author, and in force without a restart', async () => {
    const made = await site();
    const before = made.live.version;
    expect(effect(made)).toBe('allow');
    made.write(`${permit.replace('May.', 'Still.')}\n${forbid}`);
    await made.settle();
    expect(effect(made)).toBe('deny');
    expect(made.live.version).not.toBe(before);
    expect(await made.notices()).toEqual([
      {
        code: 'policy.changed',
        added: 'never',
        removed: '',
        changed: 'may',
        author: 'uid:7',
        from: before,
        policies: made.live.version,
      },
    ]);
    expect(made.said.changed).toMatchObject([{ added: 'never', author: 'uid:7' }]);
  });

  test('that is invalid leaves the old set in force, says why, once, and is recorded', async () => {
    const made = await site();
    made.write(`${permit}\n${forbid.replace('Action::"sql"', 'Action::"sq"')}`);
    await made.settle();
    await made.settle();
    expect(effect(made)).toBe('allow');
    expect(made.said.refused).toEqual([
      {
        inForce: made.live.version,
        problems: [expect.stringMatching(/^a\.cedar:2:.*unrecognized action `Action::"sq"`/)],
      },
    ]);
    expect(await made.notices()).toEqual([
      { code: 'policy.refused', policies: made.live.version, problems: '1' },
    ]);
  });

  test('that can’t be read, or leaves nothing, is no change', async () => {
    const made = await site();
    made.write(err(['policies can be changed by every user of this machine']));
    await made.settle();
    made.write('// nothing');
    await made.settle();
    expect(effect(made)).toBe('allow');
    expect(made.said.refused).toHaveLength(2);
  });

  test('that is still going on is not taken: half a copy is another set', async () => {
    const made = await site();
    made.write(forbid);
    await made.follower.look();
    expect(effect(made)).toBe('allow');
    made.write(`${permit}\n${forbid}`);
    await made.follower.look();
    expect(effect(made)).toBe('allow');
    await made.follower.look();
    expect(effect(made)).toBe('deny');
    expect(made.said.changed).toHaveLength(1);
  });

  test('that is taken back before it settled never happened', async () => {
    const made = await site();
    made.write(forbid);
    await made.follower.look();
    made.write(permit);
    await made.settle();
    expect([made.said.changed, await made.notices()]).toEqual([[], []]);
  });

  test('that the ledger can’t record is not in force (law 7)', async () => {
    const store = createMemoryStore();
    const done = Promise.reject(new Error('the disk is full'));
    done.catch(() => undefined);
    const made = await site({ ...store, append: () => ({ durable: false, done }) });
    made.write(forbid);
    await made.settle();
    expect(effect(made)).toBe('allow');
    expect(made.said.failed).toHaveLength(1);
  });
});

test('files are looked at again and again until it is closed', async () => {
  const made = await site();
  made.follower.start();
  for (const looks of [1, 2, 3]) {
    made.clock.advance(limits.policyLookMs);
    await vi.waitFor(() => expect(made.looks).toBe(looks));
    // The next timer is set when the look is over.
    await new Promise((resolve) => setImmediate(resolve));
  }
  await made.follower.close();
  made.clock.advance(10 * limits.policyLookMs);
  expect(made.looks).toBe(3);
});

test('the digest is that which the gateway records at its start', async () => {
  const made = await site();
  expect(made.live.version).toBe(versionOf([{ name: '/elsewhere/a.cedar', text: permit }]));
});
