import { commitmentOf, isFormOf, readForm } from './aside.ts';
import type { ActionForm } from './aside.ts';
import { encodeUtf8 } from './bytes.ts';
import { openingOf } from './canary-rules.ts';
import { openHandover } from './handover.ts';
import { leafInput } from './hash.ts';
import type { Hash } from './hash.ts';
import { decodeLeaf, isAttempt } from './leaf.ts';
import type { Leaf, StandingLeaf } from './leaf.ts';
import { parseVkey } from './note.ts';
import type { VerifySignature } from './note.ts';
import { parseProof, verifyProof } from './proof.ts';
import type { Trust } from './proof.ts';
import type { VerifyPasskey } from './passkey-key.ts';
import { rememberLast } from './remember.ts';
import { decodeReceipt } from './receipt.ts';
import type { Receipt, ReceiptEntry } from './receipt.ts';
import { proveSignatures } from './receipt-signatures.ts';
import type { ProvedLeaves, SoundEntry } from './receipt-signatures.ts';
import { summarize } from './receipt-summary.ts';
import type { ReceiptSummary } from './receipt-summary.ts';
import { Rules } from './rules.ts';
import type { RuleCode } from './rules.ts';
import { isTermsOf, readTerms } from './standing-terms.ts';

export interface ReceiptTrust {
  /** The log's verifier key, had from elsewhere than the receipt; null: authenticity can't be proved. */
  readonly trustedKey: string | null;
  readonly hash: Hash;
  readonly verify: VerifySignature;
  readonly verifyPasskey: VerifyPasskey;
}

/** What is checked, in order, and what each check says when it passes. */
const CHECKS = {
  format: 'The file is a canonical receipt, complete and with nothing else in it.',
  authenticity: 'The receipt names the key that you trust.',
  signature: 'Every checkpoint is signed by the key and of its log.',
  inclusion: 'Every entry is in the tree that its checkpoint commits to.',
  entries: 'Every entry is well-formed, of this action, and in the order of the log.',
  asides: 'Every value that is shown is the one that its entry commits to.',
  action: 'The exact action is the one that the entries tell of.',
  signatures: 'What is shown as signed is, by a passkey of that person, over exactly what was decided.',
  approval:
    'Where policy demands people, they approved exactly what ran, under a grant that was spent once; or a person broke glass for it.',
  execution: 'There is an attempt, at most one execution, and at most one outcome after it.',
} as const;

export type ReceiptCheckName = keyof typeof CHECKS;

export interface ReceiptCheck {
  readonly name: ReceiptCheckName;
  readonly ok: boolean;
  /** A sentence for people. Identify checks by `name`. */
  readonly detail: string;
}

export interface ReceiptReport {
  /** Every check passed, authenticity too. */
  readonly ok: boolean;
  /** Every check but authenticity passed: whoever holds the receipt's own key wrote it, whoever that is. */
  readonly consistent: boolean;
  readonly checks: readonly ReceiptCheck[];
  /** Null where no attempt is proved to be in the log. Means nothing beyond what the checks say. */
  readonly summary: ReceiptSummary | null;
}

/** Collects what went wrong, by check. */
class Failures {
  readonly #details = new Map<ReceiptCheckName, string[]>();

  add(name: ReceiptCheckName, detail: string): void {
    this.#details.set(name, [...(this.#details.get(name) ?? []), detail]);
  }

  report(summary: ReceiptSummary | null): ReceiptReport {
    const names = Object.keys(CHECKS) as ReceiptCheckName[];
    const checks = names.map((name): ReceiptCheck => {
      const details = this.#details.get(name);
      return { name, ok: details === undefined, detail: details?.join(' ') ?? CHECKS[name] };
    });
    const consistent = checks.every((check) => check.ok || check.name === 'authenticity');
    return { ok: checks.every((check) => check.ok), consistent, checks, summary };
  }

  /** Nothing was looked at further, so nothing passed. */
  abort(name: ReceiptCheckName, detail: string): ReceiptReport {
    this.add(name, detail);
    for (const other of Object.keys(CHECKS) as ReceiptCheckName[]) {
      if (!this.#details.has(other)) this.add(other, 'Not checked.');
    }
    return this.report(null);
  }
}

/** The rules that say whether people approved what ran; all others are about its running once. */
const APPROVAL_RULES: ReadonlySet<RuleCode> = new Set<RuleCode>([
  'intent.without_review',
  'intent.without_grant',
  'intent.other_subject',
  'review.not_open',
  'review.not_approved',
  'review.other_subject',
  'vote.review_not_open',
  'vote.other_subject',
  'vote.repeated',
  'vote.unfounded',
  'clarification.unfounded',
  'vote.own_request',
  'vote.passkey_unfounded',
  'passkey.unfounded',
  'grant.unfounded',
  'grant.missing',
  'grant.spent_twice',
  'grant.expired',
  'grant.mismatch',
  'standing.unfounded',
  'standing.altered',
  'standing.not_approved',
  'standing.not_live',
  'standing.expired',
  'standing.overspent',
  'standing.mismatch',
  'break_glass.unfounded',
  'break_glass.passkey_unfounded',
  'break_glass.unsigned',
  'break_glass.mismatch',
  'break_glass.expired',
  'break_glass.spent_twice',
  'break_glass.own_review',
  'break_glass.reviewed_twice',
  'canary.unfounded',
  'canary.not_over',
]);

/** Whether the trusted key is the receipt's, or handed over to it, step by step, as entries of the receipt say. */
async function leadsTo(trustedKey: string, receipt: Receipt, trust: ReceiptTrust): Promise<boolean> {
  let key = trustedKey;
  for (const { leaf } of receipt.entries) {
    const decoded = decodeLeaf(leaf);
    if (!decoded.ok || decoded.leaf.kind !== 'key' || decoded.leaf.key.previous !== key) continue;
    if ((await openHandover(decoded.leaf.key, trust)) !== undefined) key = decoded.leaf.key.next;
  }
  return key === receipt.publicKey;
}

/** The receipt's key. Where no trusted key leads to it, it proves consistency only. */
async function chooseKey(
  receipt: Receipt,
  trust: ReceiptTrust,
  failures: Failures,
): Promise<Trust | undefined> {
  const { trustedKey, hash, verify } = trust;
  const leads = trustedKey === null || (await leadsTo(trustedKey, receipt, trust));
  if (trustedKey === null) {
    failures.add(
      'authenticity',
      'Not proved: no trusted key was given, and anybody can make a log with a key of their own.',
    );
  } else if (!leads) {
    failures.add('authenticity', 'The receipt names another key than the one you trust.');
  }
  const key = await parseVkey(leads ? receipt.publicKey : trustedKey, hash);
  if (key === undefined) return undefined;
  if (key.name !== receipt.origin) failures.add('signature', 'The receipt names another log than its key.');
  return { key, hash, verify: rememberLast(verify) };
}

async function isProved(entry: ReceiptEntry, trust: Trust, failures: Failures): Promise<boolean> {
  const { index, leaf, proof } = entry;
  const leafHash = await trust.hash(leafInput(encodeUtf8(leaf)));
  const proved = await verifyProof(proof, leafHash, trust);
  if (!proved.ok) {
    const name = proved.code.startsWith('proof.') ? 'inclusion' : 'signature';
    failures.add(name, `Entry ${index}: ${proved.code}.`);
    return false;
  }
  const isThisProof = proved.index === index && parseProof(proof)?.extra === null;
  if (!isThisProof)
    failures.add('inclusion', `Entry ${index}: its proof is of another entry, or holds extra data.`);
  return isThisProof;
}

/** A hand-over of the log's key; of a standing grant under which the action ran, which was decided before it; or of a passkey that signed a vote. */
const isOfBasis = (leaf: Leaf): boolean =>
  leaf.kind === 'passkey' ||
  leaf.kind === 'key' ||
  leaf.kind === 'standing' ||
  (leaf.kind === 'vote' && leaf.standing !== null);

async function proveEntries(receipt: Receipt, trust: Trust, failures: Failures): Promise<SoundEntry[]> {
  const proved: SoundEntry[] = [];
  let previous = -1;
  for (const entry of receipt.entries) {
    const { index, aside } = entry;
    if (index <= previous) failures.add('entries', `Entry ${index}: not after entry ${previous}.`);
    previous = index;
    const decoded = decodeLeaf(entry.leaf);
    if (!decoded.ok) failures.add('entries', `Entry ${index}: malformed (${decoded.detail}).`);
    else if (decoded.leaf.action !== receipt.action && !isOfBasis(decoded.leaf))
      failures.add('entries', `Entry ${index}: of another action.`);
    else if (await isProved(entry, trust, failures)) proved.push({ index, leaf: decoded.leaf, aside });
  }
  return proved;
}

/** The passkey that an entry says it is signed with. */
const passkeyOf = (leaf: Leaf): string | null =>
  leaf.kind === 'vote' ? leaf.vote.passkey : leaf.kind === 'break_glass' ? leaf.passkey : null;

/** Besides those of the action, a receipt holds the registrations that its signatures rest on, and nothing else. */
function checkPasskeys(entries: readonly SoundEntry[], failures: Failures): void {
  const named = new Set(entries.map(({ leaf }) => passkeyOf(leaf)));
  for (const { index, leaf } of entries) {
    if (leaf.kind === 'passkey' && !named.has(leaf.passkey.id))
      failures.add('entries', `Entry ${index}: a passkey that nothing was signed with.`);
  }
}

interface Shown {
  /** Each entry with its aside, or without where that is not to be believed. */
  readonly entries: readonly SoundEntry[];
  /** The exact action; null where it is withheld or not to be believed. */
  readonly form: ActionForm | null;
  /** The digests of forms and of terms, by the commitment of the entry that each is proved by. */
  readonly digests: ReadonlyMap<string, string>;
}

/** The digest of the terms beside a proposal; null where they are not to be believed. */
async function readProposal(
  { index, leaf }: SoundEntry & { readonly leaf: StandingLeaf },
  aside: string,
  hash: Hash,
  failures: Failures,
): Promise<string | null> {
  const terms = await readTerms(aside, hash);
  if (terms === undefined) failures.add('asides', `Entry ${index}: the values beside it are malformed.`);
  else if (isTermsOf(terms, leaf)) return terms.digest;
  else failures.add('action', `Entry ${index}: the terms are others than the entry tells of.`);
  return null;
}

const isProposal = (entry: SoundEntry): entry is SoundEntry & { readonly leaf: StandingLeaf } =>
  entry.leaf.kind === 'standing';

/** The form of one entry's aside; null where there is none to be had or it is not to be believed. */
async function readAside(
  { index, leaf }: SoundEntry,
  aside: string,
  hash: Hash,
  failures: Failures,
): Promise<ActionForm | null> {
  const read = await readForm(aside, hash);
  if (!read.ok) failures.add('asides', `Entry ${index}: the values beside it are malformed.`);
  if (!read.ok || read.form === null) return null;
  if (isAttempt(leaf) && isFormOf(read.form, leaf)) return read.form;
  failures.add('action', `Entry ${index}: the exact action is another one than the entry tells of.`);
  return null;
}

async function checkAsides(entries: readonly SoundEntry[], hash: Hash, failures: Failures): Promise<Shown> {
  let form: ActionForm | null = null;
  const digests = new Map<string, string>();
  const sound: SoundEntry[] = [];
  for (const entry of entries) {
    const { index, leaf, aside } = entry;
    const isCommitted = aside !== null && (await commitmentOf(aside, hash)) === leaf.commitment;
    if (aside !== null && !isCommitted)
      failures.add('asides', `Entry ${index}: the values beside it are not those that it commits to.`);
    sound.push(isCommitted ? entry : { ...entry, aside: null });
    if (isCommitted && isProposal(entry)) {
      const digest = await readProposal(entry, aside, hash, failures);
      if (digest !== null && leaf.commitment !== null) digests.set(leaf.commitment, digest);
      continue;
    }
    const found = isCommitted ? await readAside(entry, aside, hash, failures) : null;
    if (found === null) continue;
    if (form !== null && form.text !== found.text)
      failures.add('action', `Entry ${index}: the exact action differs from that of an earlier entry.`);
    form = found;
    if (leaf.commitment !== null) digests.set(leaf.commitment, found.digest);
  }
  return { entries: sound, form, digests };
}

async function checkRules(
  entries: readonly SoundEntry[],
  { leaves, unproved }: ProvedLeaves,
  hash: Hash,
  failures: Failures,
): Promise<void> {
  const rules = new Rules(({ code, index }) => {
    failures.add(APPROVAL_RULES.has(code) ? 'approval' : 'execution', `Entry ${index}: ${code}.`);
  }, unproved);
  for (const [at, leaf] of leaves.entries())
    rules.observe(entries[at]?.index ?? 0, leaf, await openingOf(leaf, hash));
  if (!leaves.some(isAttempt)) failures.add('execution', 'No attempt is proved to be in the log.');
}

/**
 * Verifies a receipt by itself, without a network. Never throws for what is in the file. It proves that what it holds
 * was recorded so; that nothing else was recorded of the action, only the whole log shows (`verifyLog`).
 */
export async function verifyReceipt(text: string, trust: ReceiptTrust): Promise<ReceiptReport> {
  const failures = new Failures();
  const receipt = decodeReceipt(text);
  if (receipt === undefined) return failures.abort('format', 'The file is not a receipt, or was changed.');
  const chosen = await chooseKey(receipt, trust, failures);
  if (chosen === undefined)
    return failures.abort('signature', 'The key to verify with is not an Ed25519 verifier key.');
  const entries = await proveEntries(receipt, chosen, failures);
  checkPasskeys(entries, failures);
  const shown = await checkAsides(entries, trust.hash, failures);
  const { leaves, unproved } = await proveSignatures(shown.entries, {
    crypto: trust,
    digests: shown.digests,
    report: (index, code) => failures.add('signatures', `Entry ${index}: ${code}.`),
  });
  await checkRules(shown.entries, { leaves, unproved }, trust.hash, failures);
  return failures.report(summarize(leaves, shown.form));
}
