/** Policies that one person proposes and another one approves, through the API (decisions/0024). */
import { basename } from 'node:path';
import { noticeEntry, type SealedEntry } from '../../core/entry.ts';
import type { NamedCalendar } from '../../core/calendar-hours.ts';
import type { Agent, Person } from '../../core/identity.ts';
import { makeId, type PolicyChangeId } from '../../core/ids.ts';
import {
  judgeChange,
  policyChangeForm,
  refuseChange,
  statusOfChange,
  withdrawChange,
  type PolicyChange,
  type PolicyChangeRefusal,
  type PolicyChangeState,
  type PolicyFile,
} from '../../core/policy-change.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Limits } from '../../limits.ts';
import type {
  Clock,
  Hashing,
  ObservedDraft,
  PolicyDesk,
  PolicyProposalAsk,
  PolicySet,
  PolicyVoteAsk,
  Random,
  Store,
} from '../../ports.ts';
import type { Log } from '../../telemetry/log.ts';
import { differencesOf } from '../analysis/differences.ts';
import type { KnownNames } from '../annotation-values.ts';
import { engineOf, versionOf, type CalendarHours } from '../engine.ts';
import type { PolicyFiles, PolicyFollower } from '../following.ts';
import type { LivePolicies } from '../live.ts';
import { formatPolicyProblem } from '../problems.ts';
import { validatePolicies } from '../validate-in-worker.ts';
import type { CheckedPolicy } from '../validate.ts';
import { recordedLeaves } from './record.ts';
import { replayInWorker } from './replay-in-worker.ts';

/** Where the policies are. */
export interface PolicyDirectory {
  /** They came with Sallyport, and stay as they are. */
  readonly builtIn: boolean;
  read(): Promise<Result<PolicyFiles, readonly string[]>>;
  /** Leaves these files and no others there. Doing it again finishes what was interrupted. */
  write(files: readonly PolicyFile[]): Promise<void>;
}

export interface PolicyChangePorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly hashing: Hashing;
  readonly store: Store;
  readonly limits: Limits;
  readonly log: Pick<Log, 'failed'>;
  readonly live: LivePolicies;
  readonly directory: PolicyDirectory;
  readonly follower: Pick<PolicyFollower, 'inTurn' | 'replace'>;
  readonly names: KnownNames | null;
  readonly hours: CalendarHours;
  readonly agents: readonly Agent[];
  readonly calendars: readonly NamedCalendar[];
  /** Those of now. */
  readonly observed: () => readonly ObservedDraft[];
}

type Changed = Promise<Result<PolicyChange, PolicyChangeRefusal>>;

const FILE_NAME = /^[a-z0-9][a-z0-9._-]{0,99}\.cedar$/;
const PAGE = 100;
const NOT_FOUND = refuseChange('policy_change.not_found', 'There is no such change.');
const UNRECORDED = refuseChange('ledger.unavailable', 'This can’t be recorded now, so nothing changed.');
const BUSY = refuseChange(
  'policy_change.too_many',
  'Another proposal is being looked into. Propose it again in a minute.',
);
const BASE_CHANGED = refuseChange(
  'policy_change.base_changed',
  'The policies in force, or their files, are not those that this change was proposed against. Propose it again.',
);

const filesOf = ({ sources }: PolicyFiles): readonly PolicyFile[] =>
  sources.map(({ name, text }) => ({ name: basename(name), text }));

/** What a proposal would make of the policies in force. */
interface Drafted {
  readonly rules: readonly CheckedPolicy[];
  readonly version: string;
  readonly baseFiles: readonly PolicyFile[];
}

export class PolicyChanges implements PolicyDesk {
  readonly #ports: PolicyChangePorts;
  /** A proposal is checked and replayed, each in a thread with a copy of what it is about: one at a time. */
  #isLooking = false;
  /** Approved, and not in force yet. */
  #unfinished: PolicyChange | null;

  /** @param unfinished what an earlier run approved and didn't finish, with its files written by now. */
  constructor(ports: PolicyChangePorts, unfinished: PolicyChange | null = null) {
    this.#ports = ports;
    this.#unfinished = unfinished;
  }

  async inForce(): Promise<PolicySet> {
    const { directory, live, observed } = this.#ports;
    const files = await directory.read();
    return {
      version: live.version,
      files: files.ok && versionOf(files.value.sources) === live.version ? filesOf(files.value) : [],
      builtIn: directory.builtIn,
      observed: observed(),
    };
  }

  async propose(ask: PolicyProposalAsk): Changed {
    const { author, reason } = ask;
    // Stronger than a replay for its own rights: no agent proposes anything (law 5, threat B12).
    if (author.kind !== 'person')
      return refuseChange('policy_change.not_a_person', 'Only people propose policies.');
    if (reason.trim() === '')
      return refuseChange(
        'policy_change.reason_required',
        'A change needs a reason: it is what people judge.',
      );
    if (this.#isLooking) return BUSY;
    this.#isLooking = true;
    try {
      const drafted = await this.#drafted(ask);
      return drafted.ok ? await this.#record({ ...ask, author }, drafted.value) : drafted;
    } catch {
      // Fails closed: nothing is proposed.
      return UNRECORDED;
    } finally {
      this.#isLooking = false;
    }
  }

  async #drafted({ base, files }: PolicyProposalAsk): Promise<Result<Drafted, PolicyChangeRefusal>> {
    const { directory, live, names, limits } = this.#ports;
    if (directory.builtIn)
      return refuseChange(
        'policy_change.built_in',
        'The policies in force came with Sallyport: name a directory of your own in policies.directory.',
      );
    const problem = problemOfFiles(files, limits);
    if (problem !== null) return refuseChange('policy_change.files', problem);
    const there = await directory.read();
    if (!there.ok || versionOf(there.value.sources) !== live.version || base !== live.version)
      return BASE_CHANGED;
    const version = versionOf(files);
    if (version === base) return refuseChange('policy_change.same', 'These are the policies in force.');
    const checked = await validatePolicies(files, names);
    if (!checked.ok)
      return refuseChange('policy_change.invalid', checked.error.map(formatPolicyProblem).join('\n'));
    return ok({ rules: checked.value, version, baseFiles: filesOf(there.value) });
  }

  async #record(ask: PolicyProposalAsk & { readonly author: Person }, drafted: Drafted): Changed {
    const { agents, calendars, clock, hashing, limits, live, random } = this.#ports;
    const { rules, version, baseFiles } = drafted;
    const current = live.rules;
    const task = { current, proposed: rules, agents, calendars, mostListed: limits.policyReplayListed };
    const replay = await replayInWorker(
      { ...task, ...(await recordedLeaves(this.#ports)) },
      limits.policyReplayMs,
    );
    if (replay === undefined)
      return refuseChange(
        'policy_change.not_replayed',
        'Recorded actions could not be decided again in time.',
      );
    if (live.version !== ask.base) return BASE_CHANGED;
    const atMs = clock.nowMs();
    if (await this.#isCrowded(atMs))
      return refuseChange('policy_change.too_many', 'As many changes wait as may: decide on those first.');
    const { base, files, reason } = ask;
    const said = { author: ask.author.name, base, baseFiles, files, reason };
    const change: PolicyChange = {
      kind: 'policy_change',
      id: makeId('pch', atMs, random.bytes(10)),
      ...said,
      identity: ask.author.identity,
      version,
      digest: hashing.sha256Hex(policyChangeForm(said)),
      differences: differencesOf(current, rules),
      replay,
      proposedAtMs: atMs,
      expiresAtMs: atMs + limits.policyChangeMs,
      revision: 1,
      state: { status: 'proposed' },
    };
    return this.#put(change, 'policy.proposed', ask.author.name);
  }

  async #isCrowded(atMs: number): Promise<boolean> {
    const { store, limits } = this.#ports;
    const newest = await store.read('policyChanges', { limit: PAGE, before: null });
    const waiting = newest.filter((change) => statusOfChange(change, atMs) === 'proposed');
    return waiting.length >= limits.policyChangesPending;
  }

  /** In a turn with the looks at the files, so that neither of them sees the other's half. */
  vote(ask: PolicyVoteAsk): Changed {
    return this.#ports.follower.inTurn(() => this.#vote(ask)).catch(() => UNRECORDED);
  }

  async #vote({ id, ...vote }: PolicyVoteAsk): Changed {
    const { clock, live } = this.#ports;
    const stored = await this.#ports.store.read('policyChange', { id });
    if (stored === null) return NOT_FOUND;
    const atMs = clock.nowMs();
    const judged = judgeChange(stored, { ...vote, atMs }, live.version);
    if (!judged.ok) return this.#refused(stored, vote.voter, judged.error);
    if (judged.value.state.status === 'rejected')
      return this.#put(judged.value, 'policy.rejected', vote.voter.name);
    const files = await this.#ports.directory.read();
    if (this.#unfinished !== null || !files.ok || versionOf(files.value.sources) !== stored.base)
      return this.#refused(stored, vote.voter, BASE_CHANGED.error);
    const recorded = await this.#put(judged.value, 'policy.approved', vote.voter.name);
    if (!recorded.ok) return recorded;
    this.#unfinished = recorded.value;
    return this.#finish(recorded.value);
  }

  /** Whether nothing that was approved waits for its files. Within a turn. */
  async finish(): Promise<boolean> {
    if (this.#unfinished === null) return true;
    return (await this.#finish(this.#unfinished)).ok;
  }

  /** What was approved, written and in force. Done again until it is done: it is decided. */
  async #finish(change: PolicyChange): Changed {
    const { clock, directory, follower, hours, live, log, names } = this.#ports;
    const { state } = change;
    if (state.status !== 'approved') throw new Error(`finish() of a change that is ${state.status}`);
    try {
      await directory.write(change.files);
      const checked = await validatePolicies(change.files, names);
      if (!checked.ok) throw new Error('an approved change is not valid any more');
      if (live.version !== change.version) {
        const engine = engineOf(checked.value, change.version, hours);
        const whose = { author: `person:${change.author}`, approvedBy: state.by, change: change.id };
        await follower.replace(engine, whose);
      }
      const appliedAtMs = clock.nowMs();
      const applied: PolicyChangeState = { ...state, status: 'applied', appliedAtMs };
      const done = await this.#put(
        { ...change, state: applied, revision: change.revision + 1 },
        'policy.applied',
        state.by,
      );
      if (done.ok) this.#unfinished = null;
      return done;
    } catch (error) {
      // The policies in force stay; the next look at the files tries again.
      log.failed({ where: 'policies', error });
      return refuseChange(
        'policy_change.not_written',
        'It is approved, and its files can’t be written: the gateway tries again. Its log says why.',
      );
    }
  }

  async withdraw({ id, by }: { readonly id: PolicyChangeId; readonly by: Agent | Person }): Changed {
    const stored = await this.#ports.store.read('policyChange', { id });
    if (stored === null) return NOT_FOUND;
    const withdrawn = withdrawChange(stored, by, this.#ports.clock.nowMs());
    return withdrawn.ok ? this.#put(withdrawn.value, 'policy.withdrawn', by.name) : withdrawn;
  }

  async #put(change: PolicyChange, code: string, by: string): Changed {
    const { clock, store } = this.#ports;
    const mutations = [{ kind: 'governance.put', record: change }] as const;
    const committed = await store.commit({ mutations, entries: [entryOf(change, code, by, clock.nowMs())] });
    return committed.ok ? ok(change) : refuseChange('policy_change.over', 'It changed at the same time.');
  }

  /** A refused vote is part of the record. */
  async #refused(change: PolicyChange, voter: Agent | Person, refusal: PolicyChangeRefusal): Changed {
    const { clock, store } = this.#ports;
    const details = { change: change.id, principal: voter.name, reason: refusal.code };
    await store.append(noticeEntry('policy.vote_refused', details, clock.nowMs())).done;
    return err(refusal);
  }
}

/** Names and versions; the texts are what the versions are of. */
const entryOf = (
  { id, author, base, version }: PolicyChange,
  code: string,
  by: string,
  atMs: number,
): SealedEntry => noticeEntry(code, { author, by, change: id, from: base, policies: version }, atMs);

function problemOfFiles(files: readonly PolicyFile[], limits: Limits): string | null {
  const strange = files.find(({ name }) => !FILE_NAME.test(name));
  if (strange !== undefined)
    return `${JSON.stringify(strange.name)} is no name of a policy file: NAME.cedar, of lower-case letters, digits and . _ -`;
  if (new Set(files.map(({ name }) => name)).size !== files.length) return 'two files have one name';
  if (files.length === 0) return 'there is no file, so that everything would be denied';
  if (files.length > limits.policyChangeFiles)
    return `there are more than ${limits.policyChangeFiles.toString()} files`;
  const size = files.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  return size > limits.policyChangeBytes
    ? `the files have more than ${limits.policyChangeBytes.toString()} bytes`
    : null;
}
