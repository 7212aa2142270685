/** C2SP tlog-policy: which logs a verifier accepts, and which witnesses must have cosigned. */
import { equalBytes } from './bytes.ts';
import { openCheckpoint } from './checkpoint.ts';
import type { Checkpoint, CheckpointRefusal } from './checkpoint.ts';
import { verifyCosignatures } from './cosignature.ts';
import type { Cosignature, CosignatureRefusal } from './cosignature.ts';
import type { Hash } from './hash.ts';
import { parseVkey } from './note.ts';
import type { VerifierKey, VerifySignature } from './note.ts';

export interface PolicyLog {
  readonly key: VerifierKey;
  readonly vkey: string;
  readonly url: string | null;
}

export interface PolicyWitness extends PolicyLog {
  /** Means something within the file only. */
  readonly name: string;
}

/** "Defining a witness group": met where at least `threshold` of the members are. */
interface PolicyGroup {
  readonly threshold: number;
  readonly members: readonly string[];
}

export interface TrustPolicy {
  readonly logs: readonly PolicyLog[];
  readonly witnesses: readonly PolicyWitness[];
  readonly groups: ReadonlyMap<string, PolicyGroup>;
  /** The name of a witness or a group; null: `quorum none`. */
  readonly quorum: string | null;
}

export type ParsePolicyResult =
  | { readonly ok: true; readonly policy: TrustPolicy }
  /** `line` counts from 1; 0 where the file as a whole is wrong. `detail` is for a person. */
  | { readonly ok: false; readonly line: number; readonly detail: string };

/** "Implementation limits" recommends 32 of each at least. */
const MAX_POLICY_LINES = 1_024;
const MAX_POLICY_CHARACTERS = 262_144;
const NONE = 'none';
/** "Character set": tab, newline, and what is not a control character. */
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f]/;
const THRESHOLD = /^[1-9][0-9]{0,3}$/;

/** Thrown by the readers of lines; caught where the file is parsed. */
class Refused extends Error {}

class PolicyReader {
  readonly logs: PolicyLog[] = [];
  readonly witnesses: PolicyWitness[] = [];
  readonly groups = new Map<string, PolicyGroup>();
  quorum: string | null | undefined;
  /** "Each defined name can be listed as a group member at most once." */
  readonly #members = new Set<string>();
  readonly #hash: Hash;

  constructor(hash: Hash) {
    this.#hash = hash;
  }

  /** One row for each kind of line. */
  readonly #lines: Readonly<Record<string, (items: readonly string[]) => Promise<void> | void>> = {
    log: async ([vkey, url, ...more]) => {
      const key = await parseVkey(vkey ?? '', this.#hash);
      if (key === undefined || more.length > 0) throw new Refused('a log is its verifier key and a URL');
      assertNew(key, this.logs);
      this.logs.push({ key, vkey: vkey ?? '', url: url ?? null });
    },
    witness: async ([name, vkey, url, ...more]) => {
      const key = await parseVkey(vkey ?? '', this.#hash, 'cosignature');
      if (key === undefined || more.length > 0)
        throw new Refused('a witness is a name, its verifier key and a URL');
      assertNew(key, this.witnesses);
      this.#define(name ?? '');
      this.witnesses.push({ name: name ?? '', key, vkey: vkey ?? '', url: url ?? null });
    },
    group: ([name, count, ...members]) => {
      const threshold = thresholdOf(count ?? '', members.length);
      for (const member of members) {
        if (!this.#isDefined(member)) throw new Refused(`no witness or group ${member} stands above`);
        if (this.#members.has(member)) throw new Refused(`${member} is a member already`);
        this.#members.add(member);
      }
      this.#define(name ?? '');
      this.groups.set(name ?? '', { threshold, members });
    },
    quorum: ([name, ...more]) => {
      if (this.quorum !== undefined) throw new Refused('there is a quorum already');
      if (name === undefined || more.length > 0) throw new Refused('a quorum is one name');
      if (name !== NONE && !this.#isDefined(name))
        throw new Refused(`no witness or group ${name} stands above`);
      this.quorum = name === NONE ? null : name;
    },
  };

  async line(text: string): Promise<void> {
    const [keyword = '', ...items] = text.split(/[ \t]+/).filter((item) => item !== '');
    if (keyword === '' || keyword.startsWith('#')) return;
    const read = Object.hasOwn(this.#lines, keyword) ? this.#lines[keyword] : undefined;
    if (read === undefined) throw new Refused('a line is of a log, witness, group or quorum');
    await read(items);
  }

  #isDefined(name: string): boolean {
    return this.groups.has(name) || this.witnesses.some((witness) => witness.name === name);
  }

  #define(name: string): void {
    if (name === NONE) throw new Refused('none is no name of a witness or group');
    if (this.#isDefined(name)) throw new Refused(`${name} is defined already`);
  }
}

/** "Duplicate": the same public key, whatever its name. Counted twice, one witness would be two. */
function assertNew(key: VerifierKey, known: readonly PolicyLog[]): void {
  if (known.some((other) => equalBytes(other.key.publicKey, key.publicKey)))
    throw new Refused('this public key is there already');
}

function thresholdOf(count: string, members: number): number {
  const words: Readonly<Record<string, number>> = { all: members, any: 1 };
  const threshold = words[count] ?? (THRESHOLD.test(count) ? Number(count) : 0);
  if (members < 1 || threshold < 1 || threshold > members)
    throw new Refused('a group is a name; all, any, or how many; and its members');
  return threshold;
}

/** Strict ("Policy file syntax and structure"): a line that is not understood refuses the file, never widens it. */
export async function parsePolicy(text: string, hash: Hash): Promise<ParsePolicyResult> {
  const lines = text.length > MAX_POLICY_CHARACTERS ? [] : text.split('\n');
  if (lines.pop() !== '' || lines.length > MAX_POLICY_LINES || CONTROL.test(text))
    return { ok: false, line: 0, detail: 'no policy: too long, control characters, or an unfinished line' };
  const reader = new PolicyReader(hash);
  for (const [at, line] of lines.entries()) {
    try {
      await reader.line(line);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return { ok: false, line: at + 1, detail: error.message };
    }
  }
  const { logs, witnesses, groups, quorum } = reader;
  if (quorum === undefined) return { ok: false, line: 0, detail: 'there is no quorum line' };
  return { ok: true, policy: { logs, witnesses, groups, quorum } };
}

/** Whether these witnesses, by their keys, are a quorum. */
export function isQuorum(policy: TrustPolicy, cosigners: ReadonlySet<VerifierKey>): boolean {
  const isMet = (name: string): boolean => {
    const group = policy.groups.get(name);
    if (group !== undefined) return group.members.filter(isMet).length >= group.threshold;
    return policy.witnesses.some((witness) => witness.name === name && cosigners.has(witness.key));
  };
  return policy.quorum === null || isMet(policy.quorum);
}

/** `policy.no_quorum`: signed by a log of the policy, but not by enough witnesses. */
export type PolicyRefusal = CheckpointRefusal | CosignatureRefusal | 'policy.no_quorum';

export type OpenUnderPolicyResult =
  | {
      readonly ok: true;
      readonly checkpoint: Checkpoint;
      readonly log: PolicyLog;
      readonly cosignatures: readonly Cosignature[];
    }
  | { readonly ok: false; readonly code: PolicyRefusal };

/**
 * Accepts a checkpoint that one of the policy's logs signed and its quorum of witnesses cosigned ("What is a policy?").
 * A log's key is the origin of its checkpoints ("Defining a log").
 */
export async function openUnderPolicy(
  note: string,
  policy: TrustPolicy,
  verify: VerifySignature,
): Promise<OpenUnderPolicyResult> {
  let code: PolicyRefusal = 'note.unknown_signer';
  for (const log of policy.logs) {
    const opened = await openCheckpoint(note, log.key, verify);
    if (!opened.ok && opened.code === 'note.unknown_signer') continue;
    if (!opened.ok) {
      code = opened.code;
      continue;
    }
    const keys = policy.witnesses.map((witness) => witness.key);
    const cosigned = await verifyCosignatures(note, keys, verify);
    if (!cosigned.ok) return cosigned;
    const { cosignatures } = cosigned;
    const isEnough = isQuorum(policy, new Set(cosignatures.map(({ key }) => key)));
    return isEnough
      ? { ok: true, checkpoint: opened.checkpoint, log, cosignatures }
      : { ok: false, code: 'policy.no_quorum' };
  }
  return { ok: false, code };
}
