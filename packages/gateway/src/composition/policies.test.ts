import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createFakeClock, createFakeRandom } from '../../test/support/fake-clock.ts';
import { request, target } from '../../test/support/policy.ts';
import {
  ana,
  ben,
  configurationOf,
  folder,
  forbid,
  permit,
  removeFolders,
  scope,
} from '../../test/support/policy-folders.ts';
import { agent, person } from '../../test/support/subjects.ts';
import { packDirectory } from '../config/material.ts';
import type { PolicyFile } from '../core/policy-change.ts';
import { attemptMembers, intentEntry } from '../core/entry.ts';
import { createMemoryStore } from '../stores/memory/store.ts';
import { hashing } from '../system.ts';
import { createLog } from '../telemetry/log.ts';
import type { Store } from '../ports.ts';
import { ObservedDrafts } from './drafts.ts';
import { finishWriting, loadPolicies, startPolicies } from './policies.ts';

vi.setConfig({ testTimeout: 60_000 });
afterEach(removeFolders);

const twin = { ...person('ana.two'), identity: 'ana' };
const log = createLog({ level: 'error', destination: { write: () => undefined } });

const filesIn = (directory: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), 'utf8')]),
  );

const asFiles = (files: Readonly<Record<string, string>>): PolicyFile[] =>
  Object.entries(files).map(([name, text]) => ({ name, text }));

async function world(
  directory = folder({ 'a.cedar': permit, 'notes.txt': 'kept' }),
  store: Store = createMemoryStore(),
) {
  const clock = createFakeClock();
  const configuration = await configurationOf(directory);
  const interrupted = await finishWriting(configuration, store);
  const policies = await loadPolicies(
    configuration,
    clock,
    interrupted?.isWritten === true ? interrupted.change.files : undefined,
  );
  if (!policies.ok) throw new Error(policies.error.join());
  const ports = { clock, random: createFakeRandom(), hashing, store, log };
  const { changes, close } = await startPolicies(configuration, policies.value, interrupted, ports);
  const { live } = policies.value;
  const propose = (files: Readonly<Record<string, string>>, author: typeof ana | typeof agent = ana) =>
    changes.propose({ author, base: live.version, reason: 'it has to be', files: asFiles(files) });
  const notices = async (): Promise<readonly Record<string, string>[]> =>
    (await store.read('entries', { from: 0, limit: 100 }))
      .filter(({ kind }) => kind === 'notice')
      .map(({ leaf }) => (JSON.parse(leaf) as { notice: Record<string, string> }).notice);
  return { changes, clock, close, directory, live, notices, propose, store };
}

type World = Awaited<ReturnType<typeof world>>;

async function proposed(
  { propose }: World,
  files: Readonly<Record<string, string>> = { 'a.cedar': permit, 'b.cedar': forbid },
) {
  const made = await propose(files);
  if (!made.ok) throw new Error(`${made.error.code}: ${made.error.message}`);
  return made.value;
}

const codeOf = async (judging: ReturnType<World['changes']['vote']>): Promise<string> => {
  const judged = await judging;
  return judged.ok ? judged.value.state.status : judged.error.code;
};

const approve = (
  { changes }: World,
  { id, digest }: { id: `pch_${string}`; digest: string },
  voter: typeof ana | typeof agent = ben,
) => codeOf(changes.vote({ id, voter, kind: 'approve', reason: '', digest }));

describe('a change of policy', () => {
  test('that another person approves is on disk, in force and in the ledger, with author and approver', async () => {
    const at = await world();
    const change = await proposed(at);
    expect(at.live.decide(request()).effect).toBe('allow');
    expect(await approve(at, change)).toBe('applied');
    expect(at.live.decide(request()).effect).toBe('deny');
    expect(at.live.version).toBe(change.version);
    expect(filesIn(at.directory)).toEqual({ 'a.cedar': permit, 'b.cedar': forbid, 'notes.txt': 'kept' });
    expect(await at.notices()).toMatchObject([
      { code: 'policy.proposed', by: 'ana', change: change.id },
      { code: 'policy.approved', by: 'ben', author: 'ana' },
      {
        code: 'policy.changed',
        author: 'person:ana',
        approvedBy: 'ben',
        added: 'never',
        policies: change.version,
      },
      { code: 'policy.applied', by: 'ben' },
    ]);
  });

  test('is looked into one at a time: each costs two threads and a copy of the record', async () => {
    const at = await world();
    const both = await Promise.all([
      at.propose({ 'a.cedar': permit, 'b.cedar': forbid }),
      at.propose({ 'a.cedar': forbid }, ben),
    ]);
    expect(both.map((made) => (made.ok ? 'proposed' : made.error.code))).toEqual([
      'proposed',
      'policy_change.too_many',
    ]);
    expect((await at.propose({ 'a.cedar': forbid }, ben)).ok).toBe(true);
  });

  test('that takes a file away removes it', async () => {
    const at = await world(folder({ 'a.cedar': permit, 'b.cedar': forbid }));
    expect(await approve(at, await proposed(at, { 'a.cedar': permit }))).toBe('applied');
    expect(Object.keys(filesIn(at.directory))).toEqual(['a.cedar']);
  });

  test('comes with what it would have decided otherwise', async () => {
    const at = await world();
    const { requester, datasets, description, risk } = request();
    const decision = at.live.decide(request());
    const members = attemptMembers({
      requester,
      target,
      operation: description.operation,
      description,
      datasets,
      risk,
      decision,
    });
    const sealed = { aside: '{}', commitment: 'c'.repeat(43) };
    const attempt = {
      action: 'act_01hzzzzzzzzzzzzzzzzzzzzzzz',
      atMs: at.clock.nowMs(),
      sealed,
      members,
    } as const;
    await at.store.append(intentEntry(attempt, null)).done;
    const { replay, differences } = await proposed(at);
    expect(differences).toMatchObject([{ id: 'never', change: 'added' }]);
    expect(replay).toMatchObject({ decided: 1, unchanged: 0, changedCount: 1, complete: true });
    expect(replay.changed).toMatchObject([{ from: 'allow', to: 'deny', after: ['never'] }]);
  });

  test('is never approved by its author, under whatever account (law 4)', async () => {
    const at = await world();
    const change = await proposed(at);
    expect(await approve(at, change, ana)).toBe('policy_change.own_change');
    expect(await approve(at, change, twin)).toBe('policy_change.own_change');
    expect(at.live.decide(request()).effect).toBe('allow');
    expect((await at.notices()).at(-1)).toMatchObject({ code: 'policy.vote_refused', principal: 'ana.two' });
  });

  test('is neither proposed nor approved by an agent, whatever it would change (B12, law 5)', async () => {
    const at = await world();
    const made = await at.propose({ 'a.cedar': permit, 'b.cedar': forbid }, agent);
    expect(made.ok ? '' : made.error.code).toBe('policy_change.not_a_person');
    expect(await approve(at, await proposed(at), agent)).toBe('policy_change.not_a_person');
    expect(at.live.decide(request()).effect).toBe('allow');
  });

  test('is not approved where it is not what was shown (A4)', async () => {
    const at = await world();
    const { id } = await proposed(at);
    expect(await approve(at, { id, digest: 'f'.repeat(64) })).toBe('policy_change.digest_mismatch');
  });

  test('is refused where the policies changed meanwhile, in force or on disk (A4)', async () => {
    const at = await world();
    const [first, second] = [await proposed(at), await proposed(at, { 'a.cedar': `${permit}\n${forbid}` })];
    expect(await approve(at, first)).toBe('applied');
    expect(await approve(at, second)).toBe('policy_change.base_changed');
    const third = await proposed(at, { 'a.cedar': permit });
    writeFileSync(join(at.directory, 'a.cedar'), `// edited\n${permit}`);
    expect(await approve(at, third)).toBe('policy_change.base_changed');
    expect(filesIn(at.directory)['a.cedar']).toBe(`// edited\n${permit}`);
  });

  test('is decided once, and not after its time', async () => {
    const at = await world();
    const [first, second] = [await proposed(at), await proposed(at)];
    const votes = await Promise.all([approve(at, first), approve(at, first)]);
    expect(votes.toSorted()).toEqual(['applied', 'policy_change.over']);
    at.clock.advance(8 * 86_400_000);
    expect(await approve(at, second)).toBe('policy_change.over');
    await at.close();
  });

  test('that is not valid is refused with the place, and nothing is recorded (B13)', async () => {
    const at = await world();
    const made = await at.propose({ 'a.cedar': permit.replace('permit', 'pemit') });
    expect(made.ok ? '' : made.error.code).toBe('policy_change.invalid');
    expect(made.ok ? '' : made.error.message).toContain('a.cedar:1:');
    const deep = `@id("deep") @reason("D.") permit ${scope} when { ${'('.repeat(5_000)}true${')'.repeat(5_000)} };`;
    const nested = await at.propose({ 'a.cedar': deep });
    expect(nested.ok ? '' : nested.error.code).toBe('policy_change.invalid');
    expect(await at.notices()).toEqual([]);
  });

  test.each(['../a.cedar', 'A.cedar', 'a.txt', '.cedar', 'x/a.cedar'])(
    'can’t be of a file called %s',
    async (name) => {
      const made = await (await world()).propose({ [name]: permit });
      expect(made.ok ? '' : made.error.code).toBe('policy_change.files');
    },
  );

  test('can’t be of the policies that come with Sallyport', async () => {
    const at = await world();
    const changes = await startPolicies(
      await configurationOf(packDirectory),
      { live: at.live, drafts: new ObservedDrafts([]) },
      null,
      { clock: at.clock, random: createFakeRandom(), hashing, store: at.store, log },
    );
    const ask = { author: ana, base: at.live.version, reason: 'r', files: asFiles({ 'a.cedar': permit }) };
    const made = await changes.changes.propose(ask);
    expect(made.ok ? '' : made.error.code).toBe('policy_change.built_in');
  });
});

describe('a gateway that died between approval and files', () => {
  /** As the store is then. */
  async function died(at: World): Promise<void> {
    const change = await proposed(at);
    const state = { status: 'approved', by: 'ben', atMs: at.clock.nowMs() } as const;
    const record = { ...change, state, revision: 2 };
    await at.store.commit({ mutations: [{ kind: 'governance.put', record }], entries: [] });
  }

  test('writes them at its next start, before it decides anything', async () => {
    const at = await world();
    await died(at);
    const next = await world(at.directory, at.store);
    expect(next.live.decide(request()).effect).toBe('deny');
    expect(filesIn(at.directory)).toMatchObject({ 'b.cedar': forbid });
    expect((await next.notices()).at(-1)).toMatchObject({ code: 'policy.applied' });
    const [change] = await at.store.read('policyChanges', { limit: 1, before: null });
    expect(change?.state.status).toBe('applied');
  });

  test('goes on where half of them were written', async () => {
    const at = await world(folder({ 'a.cedar': permit, 'z.cedar': '// nothing' }));
    await died(at);
    writeFileSync(join(at.directory, 'b.cedar'), forbid);
    const next = await world(at.directory, at.store);
    expect(Object.keys(filesIn(at.directory))).toEqual(['a.cedar', 'b.cedar']);
    expect(next.live.decide(request()).effect).toBe('deny');
  });

  test('lets files that other hands changed meanwhile win, and records that', async () => {
    const at = await world();
    await died(at);
    writeFileSync(join(at.directory, 'a.cedar'), `// the operator’s\n${permit}`);
    const next = await world(at.directory, at.store);
    expect(next.live.decide(request()).effect).toBe('allow');
    expect(filesIn(at.directory)['b.cedar']).toBeUndefined();
    expect((await next.notices()).at(-1)).toMatchObject({ code: 'policy.overtaken' });
  });
});
