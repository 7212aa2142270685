/** Desks of which everybody has one thing, to which everything is done that is asked: their rules are tested where they are. */
import { makeId } from '../../src/core/ids.ts';
import { ok } from '../../src/core/result.ts';
import type { Submission } from '../../src/core/submission.ts';
import type { ActionDesk, AttentionDesk, BreakGlassDesk, StandingDesk } from '../../src/ports.ts';
import type { ChatLinks } from '../../src/ports-chat.ts';
import { openedUse, preparedUse } from './break-glass.ts';
import { makeReview, startMs } from './made-review.ts';
import { standingGrant } from './standing.ts';

export const fakeStanding: StandingDesk = {
  propose: async () => ok(standingGrant()),
  vote: async () => ok(standingGrant()),
  revoke: async () => ok(standingGrant()),
  preview: async () => ok(noReplay),
  replay: async () => ok(noReplay),
  show: () => ({ rendering: 'b'.repeat(64), standings: [] }),
};
const noReplay = {
  sinceMs: startMs,
  complete: true,
  examined: 0,
  coveredCount: 0,
  covered: [],
  nearMisses: [],
};

/** An action of the reporter, allowed by policy. */
export const ownAction: Submission = {
  id: makeId('act', startMs, new Uint8Array(10).fill(9)),
  requester: makeReview().subject.requester,
  target: { name: 'billing', protocol: 'api', environment: 'production' },
  declared: {
    operation: 'invoice.refund',
    command: '{"arguments":{"invoice":7},"operation":"invoice.refund"}',
    datasets: [],
    statedTask: '',
    supersedes: null,
  },
  openedAtMs: startMs,
  deadlineMs: startMs + 60_000,
  keptUntilMs: startMs + 60_000,
  revision: 1,
  state: { status: 'allowed' },
};

const granted: Submission = {
  ...ownAction,
  state: {
    status: 'granted',
    action: ownAction.id,
    review: null,
    token: {
      id: makeId('gra', startMs, new Uint8Array(10)),
      atMs: startMs,
      expiresAtMs: startMs + 60_000,
      usedAtMs: null,
    },
  },
};

const viewed = (submission: Submission) => ok({ submission, review: null, issued: null });

export const fakeBreakGlass: BreakGlassDesk = {
  prepare: async () => ok(preparedUse()),
  prepared: () => undefined,
  offer: async () =>
    ok({ nonce: 'n'.repeat(43), expiresAtMs: startMs, rpId: 'localhost', challenge: 'c', usable: [] }),
  open: async () => ok({ use: openedUse(), submission: null }),
  grant: async () => ok({ grant: 'a.b.c', digest: 'a'.repeat(64), submission: granted }),
  report: async () => ok({ use: openedUse(), submission: granted }),
};

export const fakeActions: ActionDesk = {
  issuer: 'http://127.0.0.1:7080',
  keys: { keys: [] },
  submit: async () => viewed(ownAction),
  read: async () => viewed(ownAction),
  watch: () => () => undefined,
  grant: async () =>
    ok({ grant: 'a.b.c', digest: 'a'.repeat(64), submission: granted, review: null, issued: null }),
  report: async () => viewed(ownAction),
  withdraw: async () => viewed(ownAction),
  redeem: async () => ok({ submission: granted, review: null, atMs: startMs }),
};

/** Somebody decided once, too fast. */
export const fakeAttention: AttentionDesk = {
  shown: () => undefined,
  report: async (span) => ({
    ...span,
    pace: { wordsPerMinute: 600, minimumReadingMs: 1_000 },
    approvalsPerHour: null,
    complete: true,
    queuesComplete: true,
    pending: 3,
    standingsProposed: 0,
    reviewers: [
      {
        person: 'dora',
        queue: 2,
        figures: {
          identity: 'dora',
          person: 'dora',
          decided: 4,
          approved: 3,
          medianDecideMs: 60_000,
          medianReadMs: 800,
          hasty: 1,
          canaries: 1,
          canariesApproved: 1,
          lastAtMs: startMs,
        },
      },
      { person: 'omar', queue: 1, figures: null },
    ],
    agents: [{ agent: 'reporter', pending: 3, refused: 7 }],
  }),
};

const linked = {
  account: { platform: 'slack', tenant: 'T1', user: 'U1' },
  person: 'vera',
  identity: 'vera',
  linkedAtMs: startMs,
} as const;

export const fakeChatLinks: ChatLinks = {
  personOf: () => undefined,
  accountsOf: () => [],
  offer: () => '',
  describe: () => ok({ account: linked.account, shownAs: 'vera', expiresAtMs: startMs }),
  link: async () => ok(linked),
  linksOf: () => [linked],
  unlink: async () => ok(linked),
};
