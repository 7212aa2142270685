import { OPEN, type Classes } from './classes.ts';
import type { EntryKind } from './entry.ts';

const base = { action: OPEN, at: OPEN, kind: OPEN, version: OPEN } as const;
/** Names of datasets and columns, never values. */
const dataset: Classes = {
  access: OPEN,
  basis: OPEN,
  classes: OPEN,
  columns: [{ classes: OPEN, name: OPEN, uses: OPEN }],
  compliance: OPEN,
  dataset: OPEN,
  owners: OPEN,
};
const approver: Classes = { kind: OPEN, name: OPEN };
const demand: Classes = {
  approvers: [approver],
  calendar: OPEN,
  controls: OPEN,
  escalation: [{ afterMs: OPEN, approvers: [approver] }],
  excluded: OPEN,
  expiresInMs: OPEN,
  passkeyFromRisk: OPEN,
  policy: OPEN,
  quorum: OPEN,
  rejections: OPEN,
};
const requester: Classes = {
  agent: OPEN,
  client: OPEN,
  onBehalfOf: OPEN,
  onBehalfOfBasis: OPEN,
  parties: OPEN,
  session: OPEN,
  sponsor: OPEN,
};
const target: Classes = { environment: OPEN, name: OPEN, protocol: OPEN };
/** Names as a catalog has them, codes and counts; of what is unknown only whether there is any. */
const described: Classes = {
  filtered: OPEN,
  flags: OPEN,
  functions: [{ effect: OPEN, name: OPEN }],
  reach: OPEN,
  rowLimit: OPEN,
  title: OPEN,
  unknown: OPEN,
};
const attempt: Classes = {
  ...base,
  breakGlass: OPEN,
  commitment: OPEN,
  decision: { members: { code: OPEN, demands: [demand], effect: OPEN, policies: OPEN } },
  described: { members: described },
  grant: OPEN,
  observed: { members: { draft: OPEN, effect: OPEN, policies: OPEN } },
  operation: OPEN,
  requester: { members: requester },
  review: OPEN,
  risk: { members: { estimatedRows: OPEN, score: OPEN, signals: OPEN } },
  standing: OPEN,
  target: { members: target },
  usage: [dataset],
};
const reviewed = { ...base, commitment: OPEN, review: OPEN, subject: OPEN } as const;

/**
 * What may be in a leaf, for ever and for everybody: ids, names of people, agents and data, codes, counts, times and
 * commitments. Values, free text and digests without a salt go into the aside. A member that isn't here fails a test.
 */
export const leafClasses: Readonly<Record<EntryKind, Classes>> = {
  decision: attempt,
  intent: attempt,
  review: {
    ...reviewed,
    demands: [demand],
    expiresAt: OPEN,
    revision: OPEN,
    status: OPEN,
    supersededBy: OPEN,
    supersedes: OPEN,
  },
  vote: {
    ...reviewed,
    standing: OPEN,
    // `rendering` is a digest with the salt of the action in it.
    vote: {
      members: {
        channel: OPEN,
        identity: OPEN,
        kind: OPEN,
        passkey: OPEN,
        person: OPEN,
        rendering: OPEN,
        rights: OPEN,
        signed: OPEN,
      },
    },
  },
  question: { ...reviewed, question: { members: { by: OPEN, channel: OPEN, id: OPEN, to: OPEN } } },
  answer: { ...reviewed, answer: { members: { by: OPEN, channel: OPEN, id: OPEN, kind: OPEN } } },
  preview: { ...reviewed, findings: OPEN },
  grant: {
    ...base,
    binding: { members: { agent: OPEN, environment: OPEN, subject: OPEN, target: OPEN } },
    expiresAt: OPEN,
    grant: OPEN,
    review: OPEN,
  },
  outcome: {
    ...base,
    outcome: { members: { bytes: OPEN, code: OPEN, durationMs: OPEN, rows: OPEN, status: OPEN } },
  },
  standing: {
    ...reviewed,
    binding: { members: { agent: OPEN, environment: OPEN, onBehalfOf: OPEN, operation: OPEN, target: OPEN } },
    demands: [demand],
    maxRows: OPEN,
    maxUses: OPEN,
    proposedBy: OPEN,
    revision: OPEN,
    revokedBy: OPEN,
    risk: { members: { score: OPEN } },
    standing: OPEN,
    status: OPEN,
    validFrom: OPEN,
    validUntil: OPEN,
  },
  passkey: {
    ...base,
    passkey: {
      members: {
        event: OPEN,
        id: OPEN,
        identity: OPEN,
        key: OPEN,
        origin: OPEN,
        person: OPEN,
        rpId: OPEN,
        vouchedBy: OPEN,
      },
    },
  },
  // `rendering` is a digest with the salt of the action in it.
  break_glass: {
    ...base,
    binding: { members: { agent: OPEN, environment: OPEN, subject: OPEN, target: OPEN } },
    breakGlass: OPEN,
    channel: OPEN,
    commitment: OPEN,
    expiresAt: OPEN,
    grant: OPEN,
    identity: OPEN,
    passkey: OPEN,
    person: OPEN,
    policies: OPEN,
    rendering: OPEN,
  },
  break_glass_review: {
    ...base,
    breakGlass: OPEN,
    channel: OPEN,
    commitment: OPEN,
    finding: OPEN,
    identity: OPEN,
    person: OPEN,
    subject: OPEN,
  },
  heartbeat: {
    ...base,
    heartbeat: { members: { beat: OPEN, entries: OPEN, gateway: OPEN, periodMs: OPEN } },
  },
  // Codes, names and ids (core/entry.ts, `noticeEntry`).
  notice: { ...base, notice: OPEN },
  erasure: {
    ...base,
    commitment: OPEN,
    erasure: { members: { by: OPEN, identity: OPEN, subject: { members: { kind: OPEN, name: OPEN } } } },
  },
  canary: {
    ...reviewed,
    canary: { members: { nonce: OPEN, status: OPEN, votes: [{ identity: OPEN, kind: OPEN }] } },
  },
  key: { ...base, key: { members: { next: OPEN, previous: OPEN, signature: OPEN } } },
};
