import { MAX_ENTRY_BYTES } from './bundle.ts';
import { parseCanonical } from './canonical.ts';
import type { JsonValue } from './canonical.ts';
import { breakGlassOf, breakGlassReviewOf } from './break-glass-record.ts';
import type { BreakGlassRecord, BreakGlassReviewRecord } from './break-glass-record.ts';
import { canaryOf, type CanaryRecord } from './canary-record.ts';
import { erasureOf, type ErasureRecord } from './erasure-record.ts';
import { handoverOf } from './handover.ts';
import type { Handover } from './handover.ts';
import {
  countAt,
  isObject,
  listAt,
  Malformed,
  nameAt,
  namesAt,
  objectAt,
  optionalNameAt,
  textAt,
  textsAt,
  wordAt,
  type JsonObject,
} from './leaf-members.ts';
import { demandOf, type DemandRecord } from './demand-record.ts';
import { heartbeatRecordOf, type HeartbeatRecord } from './heartbeat-record.ts';
import type { PasskeyRecord } from './passkey-record.ts';
import { outcomeOf } from './outcome-record.ts';
import type { OutcomeRecord } from './outcome-record.ts';
import { passkeyRecordOf } from './passkey-record.ts';

/** Entries of the log as spec/ledger.md has them. Further members of a leaf are allowed and ignored. */
interface LeafBase {
  /** Null for what is about no action: a notice, a heartbeat, a passkey, an erasure, a key. */
  readonly action: string | null;
  /** Unix milliseconds. */
  readonly at: number;
  /** Base64url SHA-256 of the aside; null: the entry has none. */
  readonly commitment: string | null;
}

export interface AttemptLeaf extends LeafBase {
  readonly kind: 'decision' | 'intent';
  readonly decision: { readonly effect: 'allow' | 'deny' | 'review'; readonly policies: readonly string[] };
  readonly requester: {
    readonly agent: string;
    readonly onBehalfOf: string;
    readonly sponsor: string | null;
    readonly session: string | null;
    /** Identities that don't decide on it, besides those two. */
    readonly parties: readonly string[];
  };
  readonly target: { readonly name: string; readonly environment: string; readonly protocol: string };
  readonly operation: string;
  readonly review: string | null;
  readonly grant: string | null;
  /** The standing grant that it is a use of. */
  readonly standing: string | null;
  /** The use of break-glass under which a person attempts it. */
  readonly breakGlass: string | null;
  readonly risk: JsonValue;
  readonly usage: JsonValue;
}

export interface ReviewLeaf extends LeafBase {
  readonly kind: 'review';
  readonly review: string;
  readonly status: 'pending' | 'approved' | 'rejected' | 'expired' | 'withdrawn' | 'superseded';
  readonly demands: readonly DemandRecord[];
  /** The commitment of the action under review. */
  readonly subject: string;
}

export interface VoteLeaf extends LeafBase {
  readonly kind: 'vote';
  /** What is voted on: a review, or the proposal of a standing grant; one of the two. */
  readonly review: string | null;
  readonly standing: string | null;
  readonly subject: string;
  readonly vote: {
    readonly kind: 'approve' | 'reject' | 'retract';
    readonly person: string;
    /** Who that person is, whatever account they use; the name where the entry says nothing else. */
    readonly identity: string;
    readonly channel: string;
    /** SHA-256 of everything that the voter was shown; empty where the entry doesn't say. */
    readonly rendering: string;
    /** Whether a passkey signed it; the proof is in the aside. Otherwise it is the channel's word alone. */
    readonly signed: boolean;
    /** The id of that passkey; null where none signed. */
    readonly passkey: string | null;
    /** Whose rights it counts with, by name; empty: the voter's own alone. */
    readonly rights: readonly string[];
  };
}

/** A question or an answer of a review, or the gateway's own evidence for it. */
export interface ClarificationLeaf extends LeafBase {
  readonly kind: 'question' | 'answer' | 'preview';
  readonly review: string;
  readonly subject: string;
}

export interface GrantLeaf extends LeafBase {
  readonly kind: 'grant';
  readonly review: string;
  readonly grant: string;
  readonly binding: {
    readonly agent: string;
    readonly target: string;
    readonly environment: string;
    readonly subject: string;
  };
  readonly expiresAt: number;
}

/** A state of a standing grant: uses of one command's like, bounded, that people approved. */
export interface StandingLeaf extends LeafBase {
  readonly kind: 'standing';
  readonly standing: string;
  readonly status: 'proposed' | 'live' | 'rejected' | 'revoked';
  readonly demands: readonly DemandRecord[];
  /** The commitment of its terms. */
  readonly subject: string;
  readonly binding: {
    readonly agent: string;
    readonly onBehalfOf: string;
    readonly target: string;
    readonly environment: string;
    readonly operation: string;
  };
  readonly maxUses: number;
  readonly validFrom: number;
  readonly validUntil: number;
  readonly risk: JsonValue;
}

export type OutcomeLeaf = LeafBase & OutcomeRecord;

export interface NoticeLeaf extends LeafBase {
  readonly kind: 'notice';
}

/** A person's passkey was registered or revoked. */
export interface PasskeyLeaf extends LeafBase {
  readonly kind: 'passkey';
  readonly passkey: PasskeyRecord;
}

export type ErasureLeaf = LeafBase & { readonly kind: 'erasure'; readonly erasure: ErasureRecord };
export type KeyLeaf = LeafBase & { readonly kind: 'key'; readonly key: Handover };

/** A person runs at once, without approval. */
export type BreakGlassLeaf = LeafBase & BreakGlassRecord;
/** Another person's review of that. */
export type BreakGlassReviewLeaf = LeafBase & BreakGlassReviewRecord;

/** A review that is over was a canary: opened by the gateway itself, and never to run. */
export type CanaryLeaf = LeafBase & CanaryRecord;

/** A gateway says that it lives, and what it has seen: what is missing between two of them shows. */
export interface HeartbeatLeaf extends LeafBase {
  readonly kind: 'heartbeat';
  readonly heartbeat: HeartbeatRecord;
}

export type Leaf =
  | AttemptLeaf
  | ReviewLeaf
  | VoteLeaf
  | ClarificationLeaf
  | GrantLeaf
  | StandingLeaf
  | OutcomeLeaf
  | NoticeLeaf
  | HeartbeatLeaf
  | PasskeyLeaf
  | BreakGlassLeaf
  | BreakGlassReviewLeaf
  | CanaryLeaf
  | ErasureLeaf
  | KeyLeaf;

/** Kinds of entries that are about no action. */
const WITHOUT_ACTION: ReadonlySet<Leaf['kind']> = new Set<Leaf['kind']>([
  'notice',
  'heartbeat',
  'passkey',
  'erasure',
  'key',
]);

/** A decision or an intent: who attempts what, and what policy says. */
export function isAttempt(leaf: Leaf): leaf is AttemptLeaf {
  return leaf.kind === 'decision' || leaf.kind === 'intent';
}

export type DecodeLeafResult =
  | { readonly ok: true; readonly leaf: Leaf }
  /** `detail` names the first member that is missing or wrong; it holds no values. */
  | { readonly ok: false; readonly detail: string };

function baseOf(value: JsonObject): LeafBase {
  return {
    action: optionalNameAt(value, 'action'),
    at: countAt(value, 'at'),
    commitment: optionalNameAt(value, 'commitment'),
  };
}

function attemptOf(kind: AttemptLeaf['kind'], value: JsonObject): AttemptLeaf {
  const decision = objectAt(value, 'decision');
  const requester = objectAt(value, 'requester');
  const target = objectAt(value, 'target');
  return {
    ...baseOf(value),
    kind,
    decision: {
      effect: wordAt(decision, 'effect', ['allow', 'deny', 'review']),
      policies: textsAt(decision, 'policies'),
    },
    requester: {
      agent: nameAt(requester, 'agent'),
      onBehalfOf: nameAt(requester, 'onBehalfOf'),
      sponsor: optionalNameAt(requester, 'sponsor'),
      session: optionalNameAt(requester, 'session'),
      parties: namesAt(requester, 'parties'),
    },
    target: {
      name: nameAt(target, 'name'),
      environment: nameAt(target, 'environment'),
      protocol: nameAt(target, 'protocol'),
    },
    operation: textAt(value, 'operation'),
    review: optionalNameAt(value, 'review'),
    grant: optionalNameAt(value, 'grant'),
    standing: optionalNameAt(value, 'standing'),
    breakGlass: optionalNameAt(value, 'breakGlass'),
    risk: value['risk'] ?? null,
    usage: value['usage'] ?? null,
  };
}

function reviewOf(value: JsonObject): ReviewLeaf {
  return {
    ...baseOf(value),
    kind: 'review',
    review: nameAt(value, 'review'),
    status: wordAt(value, 'status', [
      'pending',
      'approved',
      'rejected',
      'expired',
      'withdrawn',
      'superseded',
    ]),
    demands: listAt(value, 'demands').map(demandOf),
    subject: nameAt(value, 'subject'),
  };
}

function voteOf(value: JsonObject): VoteLeaf {
  const vote = objectAt(value, 'vote');
  const review = optionalNameAt(value, 'review');
  const standing = optionalNameAt(value, 'standing');
  if ((review === null) === (standing === null)) throw new Malformed('review');
  return {
    ...baseOf(value),
    kind: 'vote',
    review,
    standing,
    subject: nameAt(value, 'subject'),
    vote: {
      kind: wordAt(vote, 'kind', ['approve', 'reject', 'retract']),
      person: nameAt(vote, 'person'),
      identity: optionalNameAt(vote, 'identity') ?? nameAt(vote, 'person'),
      channel: textAt(vote, 'channel'),
      rendering: vote['rendering'] === undefined ? '' : textAt(vote, 'rendering'),
      signed: vote['signed'] === true,
      passkey: vote['signed'] === true ? nameAt(vote, 'passkey') : null,
      rights: namesAt(vote, 'rights'),
    },
  };
}

function clarificationOf(kind: ClarificationLeaf['kind'], value: JsonObject): ClarificationLeaf {
  return {
    ...baseOf(value),
    kind,
    review: nameAt(value, 'review'),
    subject: nameAt(value, 'subject'),
  };
}

function grantOf(value: JsonObject): GrantLeaf {
  const binding = objectAt(value, 'binding');
  return {
    ...baseOf(value),
    kind: 'grant',
    review: nameAt(value, 'review'),
    grant: nameAt(value, 'grant'),
    binding: {
      agent: nameAt(binding, 'agent'),
      target: nameAt(binding, 'target'),
      environment: nameAt(binding, 'environment'),
      subject: nameAt(binding, 'subject'),
    },
    expiresAt: countAt(value, 'expiresAt'),
  };
}

function standingOf(value: JsonObject): StandingLeaf {
  const binding = objectAt(value, 'binding');
  return {
    ...baseOf(value),
    kind: 'standing',
    standing: nameAt(value, 'standing'),
    status: wordAt(value, 'status', ['proposed', 'live', 'rejected', 'revoked']),
    demands: listAt(value, 'demands').map(demandOf),
    subject: nameAt(value, 'subject'),
    binding: {
      agent: nameAt(binding, 'agent'),
      onBehalfOf: nameAt(binding, 'onBehalfOf'),
      target: nameAt(binding, 'target'),
      environment: nameAt(binding, 'environment'),
      operation: nameAt(binding, 'operation'),
    },
    maxUses: countAt(value, 'maxUses'),
    validFrom: countAt(value, 'validFrom'),
    validUntil: countAt(value, 'validUntil'),
    risk: value['risk'] ?? null,
  };
}

/** One row for each kind of entry. */
const decoders: Readonly<Record<Leaf['kind'], (value: JsonObject) => Leaf>> = {
  decision: (value) => attemptOf('decision', value),
  review: reviewOf,
  vote: voteOf,
  question: (value) => clarificationOf('question', value),
  answer: (value) => clarificationOf('answer', value),
  preview: (value) => clarificationOf('preview', value),
  grant: grantOf,
  standing: standingOf,
  intent: (value) => attemptOf('intent', value),
  outcome: (value) => ({ ...baseOf(value), ...outcomeOf(value) }),
  break_glass: (value) => ({ ...baseOf(value), ...breakGlassOf(value) }),
  break_glass_review: (value) => ({ ...baseOf(value), ...breakGlassReviewOf(value) }),
  canary: (value) => ({ ...baseOf(value), ...canaryOf(value) }),
  heartbeat: (value) => ({
    ...baseOf(value),
    kind: 'heartbeat',
    heartbeat: heartbeatRecordOf(objectAt(value, 'heartbeat')),
  }),
  notice: (value) => ({ ...baseOf(value), kind: 'notice' }),
  passkey: (value) => ({
    ...baseOf(value),
    kind: 'passkey',
    passkey: passkeyRecordOf(objectAt(value, 'passkey')),
  }),
  erasure: (value) => ({ ...baseOf(value), kind: 'erasure', erasure: erasureOf(value) }),
  key: (value) => ({ ...baseOf(value), kind: 'key', key: handoverOf(objectAt(value, 'key')) }),
};

const KINDS = Object.keys(decoders) as readonly Leaf['kind'][];

/** Decodes the text of an entry. Refuses what is not canonical, and kinds and members that the format doesn't have. */
export function decodeLeaf(text: string): DecodeLeafResult {
  // Text never has more characters than bytes.
  const parsed = parseCanonical(text, MAX_ENTRY_BYTES);
  if (!parsed.ok) return { ok: false, detail: parsed.code };
  if (!isObject(parsed.value)) return { ok: false, detail: 'not_an_object' };
  try {
    const leaf = decoders[wordAt(parsed.value, 'kind', KINDS)](parsed.value);
    if (WITHOUT_ACTION.has(leaf.kind) !== (leaf.action === null)) throw new Malformed('action');
    return { ok: true, leaf };
  } catch (error) {
    if (error instanceof Malformed) return { ok: false, detail: `member ${error.message}` };
    throw error;
  }
}
