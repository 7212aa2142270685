import { canonicalize } from '@sallyport/verifier';
import type { BreakGlassUse, Closing, PreparedUse } from './break-glass.ts';
import { entry, sealValues, type SealedEntry, type Sealing } from './entry.ts';
import type { BreakGlassId } from './ids.ts';
import { subjectOf } from './subject.ts';

type Json = Parameters<typeof canonicalize>[0];

/**
 * Everything that is shown to the person who signs, in canonical form: its SHA-256 is the rendering's digest. The action's
 * salt is in it: the digest stays in the ledger when the action is erased, and must not be searched for.
 */
export function breakGlassRenderingForm(
  prepared: Pick<PreparedUse, 'id' | 'person' | 'identity' | 'subject' | 'reason'>,
  policyVersion: string,
): string {
  const { id, person, identity, reason } = prepared;
  const { commitment: _, ...subject } = prepared.subject;
  const shown = { id, person, identity, reason, subject, policies: policyVersion };
  // Every member is plain JSON by its type; the cast says so to the compiler, which knows no index signature here.
  return canonicalize({ ...shown, version: 'sallyport/break-glass/v1' } as unknown as Json);
}

/** An attempt, or an intent, that rests on no approval but on this use. */
export function underBreakGlass(attempt: SealedEntry, id: BreakGlassId): SealedEntry {
  // RFC 8785 sorts it before the commitment; nothing before that holds a quotation mark of anybody else's.
  const leaf = attempt.leaf.replace(',"commitment":"', () => `,"breakGlass":"${id}","commitment":"`);
  return { ...attempt, leaf };
}

/** A person ran: what, and with which passkey. Their words and its proof are beside the leaf. */
export function breakGlassEntry(use: BreakGlassUse, sealing: Sealing): SealedEntry {
  const { grant, id, identity, openedAtMs: at, passkey, person, reason, rendering, subject } = use;
  const { action, commitment: about, policies, requester, target } = subject;
  const { environment, name } = target;
  const proof = { ...passkey, publicKey: { ...passkey.publicKey } };
  const { aside, commitment } = sealValues({ passkey: proof, text: reason }, sealing);
  const leaf = canonicalize({
    action,
    at,
    binding: { agent: requester.agent, environment, subject: about, target: name },
    breakGlass: id,
    channel: use.channel,
    commitment,
    expiresAt: grant.expiresAtMs,
    grant: grant.id,
    identity,
    kind: 'break_glass',
    passkey: passkey.passkey,
    person,
    policies: [...policies],
    rendering,
    version: 1,
  });
  return entry('break_glass', { action, atMs: at }, leaf, { aside, subject: subjectOf(requester) });
}

/** Another person's finding. Their words are beside the leaf. */
export function breakGlassReviewEntry(
  { id, subject }: Pick<BreakGlassUse, 'id' | 'subject'>,
  closing: Closing,
  sealing: Sealing,
): SealedEntry {
  const { atMs, channel, finding, identity, person, text } = closing;
  const { action } = subject;
  const { aside, commitment } = sealValues({ text }, sealing);
  const leaf = canonicalize({
    action,
    at: atMs,
    breakGlass: id,
    channel,
    commitment,
    finding,
    identity,
    kind: 'break_glass_review',
    person,
    subject: subject.commitment,
    version: 1,
  });
  return entry('break_glass_review', { action, atMs }, leaf, {
    aside,
    subject: subjectOf(subject.requester),
  });
}
