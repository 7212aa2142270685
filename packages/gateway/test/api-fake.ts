import { createHash } from 'node:crypto';
import { webCryptoVerifier } from '@sallyport/verifier';
import type { ApiDeps, HourOfUsage, LeafRow, Records } from '../src/api/deps.ts';
import { type Action, canonicalAction } from '../src/core/action.ts';
import type { BreakGlassUse } from '../src/core/break-glass.ts';
import type { Agent, Person, Principal } from '../src/core/identity.ts';
import { type ActionId, makeId, type ReviewId } from '../src/core/ids.ts';
import { err, ok } from '../src/core/result.ts';
import type { Review, ReviewSubject } from '../src/core/review.ts';
import { limits } from '../src/limits.ts';
import type { Submission } from '../src/core/submission.ts';
import type {
  ActionDesk,
  AttentionDesk,
  BreakGlassDesk,
  Clock,
  Directory,
  GatewayEvent,
  Passkeys,
  PolicyEngine,
  ReviewDesk,
  StandingDesk,
  Store,
} from '../src/ports.ts';
import type { ChatLinks } from '../src/ports-chat.ts';
import { electorateOf } from '../src/review/approvals.ts';
import { PasskeyService } from '../src/passkeys/service.ts';
import { Judging } from '../src/review/judging.ts';
import { createMemoryStore } from '../src/stores/memory/store.ts';
import type { Change } from '../src/stores/store.ts';
import { hashing, random } from '../src/system.ts';
import { createLog } from '../src/telemetry/log.ts';
import { fakeDelegations, fakeForesight, fakePolicies, policyChange } from './support/authority-fakes.ts';
import { openedUse, preparedUse } from './support/break-glass.ts';
import { standingGrant } from './support/standing.ts';

const startMs = Date.UTC(2026, 10, 21, 9, 0, 0);

const person = (name: string, groups: readonly string[]): Person => ({
  kind: 'person',
  name,
  displayName: name,
  identity: name,
  groups,
  disabled: false,
});

/** Vera may do everything; Ned is known and may do nothing; Gone was disabled. */
export const people = {
  vera: person('vera', ['data-owners']),
  ned: person('ned', []),
  gone: { ...person('gone', ['data-owners']), disabled: true },
};
const agent = (name: string): Agent => ({
  kind: 'agent',
  name,
  groups: [],
  sponsor: 'sam',
  mayActFor: [],
  credentialOwner: 'sam',
});
export const agents = { reporter: agent('reporter'), other: agent('other') };

export const tokens = {
  vera: 'spt_vera',
  ned: 'spt_ned',
  gone: 'spt_gone',
  reporter: 'spt_reporter',
  other: 'spt_other',
} as const;
type TokenName = keyof typeof tokens;

const principals: Readonly<Record<TokenName, Principal>> = { ...people, ...agents };

/** The clock stands still; timers are real, so that a socket can be waited for. */
const clock: Clock = {
  nowMs: () => startMs,
  monotonicMs: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs).unref();
    return () => clearTimeout(timer);
  },
};

let counter = 0;
/** Ids that repeat from run to run. */
function nextId<P extends 'act' | 'rev' | 'gra'>(prefix: P): `${P}_${string}` {
  counter += 1;
  return makeId(prefix, startMs + counter, new Uint8Array(10).fill(counter));
}

export function makeReview(changes: Partial<ReviewSubject> = {}): Review {
  const action: Action = {
    id: changes.action ?? nextId('act'),
    requester: changes.requester ?? {
      agent: 'reporter',
      agentGroups: [],
      sponsor: 'sam',
      onBehalfOf: 'sam',
      onBehalfOfBasis: 'configured',
      parties: ['sam'],
      session: 'ses_1',
      client: '127.0.0.1:50000',
    },
    target: changes.target ?? { name: 'shop-db', protocol: 'postgres', environment: 'production' },
    command: changes.command ?? 'SELECT email FROM customers',
    parameters: changes.parameters ?? [],
    preconditions: changes.preconditions ?? {},
  };
  return {
    id: nextId('rev'),
    subject: {
      ...subjectDefaults,
      ...changes,
      action: action.id,
      digest: createHash('sha256').update(canonicalAction(action)).digest('hex'),
      requester: action.requester,
      target: action.target,
      command: action.command,
      parameters: action.parameters,
      preconditions: action.preconditions,
    },
    openedAtMs: startMs,
    announcedUntilMs: startMs,
    expiresAtMs: startMs + 30 * 60_000,
    schedule: subjectDefaults.demands.map((each) => ({
      expiresAtMs: startMs + each.expiresInMs,
      remindersAtMs: [],
      escalationsAtMs: [],
    })),
    // Every action is of a shape of its own, unless a test says otherwise.
    shape: createHash('sha256')
      .update(`shape ${canonicalAction(action)}`)
      .digest('hex'),
    votes: [],
    questions: [],
    preview: null,
    supersedes: null,
    revision: 0,
    state: { status: 'pending' },
  };
}

const subjectDefaults: Omit<
  ReviewSubject,
  'action' | 'digest' | 'requester' | 'target' | 'command' | 'parameters' | 'preconditions'
> = {
  commitment: 'Y29tbWl0bWVudA',
  salt: 'c2FsdHNhbHRzYWx0c2FsdA',
  operation: 'sql:select',
  title: 'SELECT',
  datasets: [
    {
      dataset: 'public.customers',
      access: ['read'],
      basis: 'parsed',
      classes: [],
      columns: [{ name: 'email', uses: ['read'], classes: ['pii'] }],
    },
  ],
  functions: [],
  rowLimit: null,
  unknown: [],
  risk: {
    score: 55,
    signals: [{ name: 'pii', weight: 55, explanation: 'reads personal data of every customer' }],
  },
  reasons: ['Personal data without a row limit.'],
  policies: ['classified-reads'],
  demands: [
    {
      policy: 'classified-reads',
      approvers: [{ kind: 'group', name: 'data-owners' }],
      escalation: [],
      quorum: 1,
      rejections: 1,
      expiresInMs: 30 * 60_000,
      remindersMs: [],
      calendar: null,
      passkeyFromRisk: null,
      excluded: [],
      reason: 'Personal data leaves the database.',
      controls: ['SOC2:CC6.1'],
    },
  ],
  statedTask: 'monthly newsletter',
  holding: ['the client waits, outside of a transaction'],
};

export interface FakeLedger {
  readonly rows: LeafRow[];
  checkpoint: { readonly size: number; readonly note: string } | null;
  receipts: Map<ActionId, string>;
  vkey: string;
  mirror: { readonly size: number; readonly failure: string | null } | null;
  /** Hashes of tiles, by `level/index`. */
  tiles: Map<string, Uint8Array>;
}

export interface Fake {
  readonly deps: ApiDeps;
  readonly reviews: Map<ReviewId, Review>;
  readonly usage: HourOfUsage[];
  /** Of break-glass, as they are listed. */
  readonly uses: BreakGlassUse[];
  readonly ledger: FakeLedger;
  /** Calls of agents that were recorded as refused, `NAME ACTION`. */
  readonly recorded: string[];
  readonly logLines: string[];
  /** API actions that are taken away from everyone who had them. */
  readonly revoked: Set<string>;
  add(review: Review): Review;
  publish(event: GatewayEvent): void;
  /** Whether the ledger takes entries. */
  ledgerWorks: boolean;
}

function recordsOf(fake: Pick<Fake, 'reviews' | 'usage' | 'uses' | 'ledger'>): Records {
  const answers: Record<string, (ask: Record<string, unknown>) => unknown> = {
    review: ({ id }) => fake.reviews.get(id as ReviewId) ?? null,
    reviews: ({ status, agent: name, session, target, minRisk, limit, before }) =>
      [...fake.reviews.values()]
        .toSorted((a, b) => (a.id < b.id ? 1 : -1))
        .filter((review) => status === null || review.state.status === status)
        .filter((review) => name === null || review.subject.requester.agent === name)
        .filter((review) => (session ?? null) === null || review.subject.requester.session === session)
        .filter((review) => (target ?? null) === null || review.subject.target.name === target)
        .filter((review) => review.subject.risk.score >= ((minRisk ?? 0) as number))
        .filter((review) => before === null || review.id < (before as string))
        .slice(0, limit as number),
    reviewGroups: ({ limit }) =>
      [...Map.groupBy(fake.reviews.values(), ({ shape }) => shape)]
        .map(([shape, members]) => ({
          shape,
          count: members.length,
          oldest: members[0]?.id,
          newest: members.at(-1),
        }))
        .slice(0, limit as number),
    grant: () => null,
    breakGlass: ({ id }) => (id === openedUse().id ? openedUse() : null),
    breakGlasses: () => fake.uses,
    submission: () => null,
    policyChange: ({ id }) => (id === policyChange.id ? policyChange : null),
    policyChanges: () => [policyChange],
    standing: ({ id }) => (id === standingGrant().id ? standingGrant() : null),
    standings: () => [standingGrant()],
    entries: ({ from, limit }) =>
      fake.ledger.rows.slice(from as number, (from as number) + (limit as number)),
    tile: ({ level, index }) => {
      const hashes = fake.ledger.tiles.get(`${String(level)}/${String(index)}`);
      return hashes === undefined ? null : { hashes };
    },
    checkpoint: () => fake.ledger.checkpoint,
    size: () => fake.ledger.rows.length,
    usage: ({ agent: name }) => fake.usage.filter((row) => name === null || row.shape.agent === name),
  };
  const read = async (kind: string, ask: Record<string, unknown>) => answers[kind]?.(ask);
  return { read } as Records;
}

const directory: Directory = {
  agent: (name) => Object.values(agents).find((known) => known.name === name),
  person: (name) => Object.values(people).find((known) => known.name === name),
  people: () => Object.values(people),
};

/** One standing grant, to which everything is done that is asked: its rules are tested where they are. */
const fakeStanding: StandingDesk = {
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

export function createFake(): Fake {
  const listeners = new Set<(event: GatewayEvent) => void>();
  const reviews = new Map<ReviewId, Review>();
  const state = {
    reviews,
    usage: [],
    uses: [],
    ledger: emptyLedger(),
    recorded: [],
    logLines: [] as string[],
  };
  const publish = (event: GatewayEvent) => listeners.forEach((listener) => listener(event));
  const revoked = new Set<string>();
  const policy: PolicyEngine = {
    version: '1',
    decide: () => ({ effect: 'deny', policies: [], reasons: [], code: 'policy.not_permitted' }),
    mayApprove: (voter) => voter.groups.includes('data-owners'),
    // Agents too, to show that the table of routes keeps them out where policy wouldn't.
    mayCall: (principal, action) => principal.name !== 'ned' && !revoked.has(action),
  };
  const passkeys = fakePasskeys();
  const fake: Fake = {
    ...state,
    revoked,
    ledgerWorks: true,
    add: (review) => {
      reviews.set(review.id, review);
      return review;
    },
    publish,
    deps: {
      scans: {
        scan: async (target) => ok({ target, atMs: 0, datasets: [], complete: true }),
      },
      // Their own tests are beside the ledger.
      custody: {
        erase: async () => ok({ index: 0, atMs: 0 }),
        rotate: async () => ok({ index: 0, previous: 'before', vkey: 'after' }),
      },
      deliveries: {
        overview: async () => ({ channels: ['webhook'], destinations: [] }),
        list: async () => [],
        check: async () => [],
        replay: async () => err('delivery.not_found'),
      },
      authenticate: async (token) => {
        const name = (Object.keys(tokens) as TokenName[]).find((known) => tokens[known] === token);
        return name === undefined ? undefined : principals[name];
      },
      recordRefusedCall: async (principal, action) => {
        if (!fake.ledgerWorks) throw new Error('the disk is full');
        fake.recorded.push(`${principal.name} ${action}`);
      },
      chatLinks: fakeChatLinks,
      platforms: new Map([['slack', async ({ body }) => ({ kind: 'taken', body: { bytes: body.length } })]]),
      directory,
      delegations: fakeDelegations,
      policies: fakePolicies,
      foresight: fakeForesight,
      policy,
      desk: fakeDesk(reviews, publish, policy, passkeys),
      passkeys,
      standing: fakeStanding,
      attention: fakeAttention,
      actions: fakeActions,
      breakGlass: fakeBreakGlass,
      breakGlassReviews: { close: async () => ok(openedUse()), reviewersOf: () => ['kim'] },
      hashing,
      store: recordsOf(state),
      events: {
        publish,
        subscribe: (listener) => {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
      },
      ledger: {
        get vkey() {
          return state.ledger.vkey;
        },
        origin: 'sallyport.test/log',
        get mirror() {
          return state.ledger.mirror;
        },
        publishNow: async () => {},
        receipt: async (action) => state.ledger.receipts.get(action) ?? null,
      },
      clock,
      publicUrl: 'http://127.0.0.1:7080',
      log: createLog({ level: 'debug', destination: { write: (line) => void state.logLines.push(line) } }),
    },
  };
  return fake;
}

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

/** One use, to which everything is done that is asked: its rules are tested where they are. */
const fakeBreakGlass: BreakGlassDesk = {
  prepare: async () => ok(preparedUse()),
  prepared: () => undefined,
  offer: async () =>
    ok({ nonce: 'n'.repeat(43), expiresAtMs: startMs, rpId: 'localhost', challenge: 'c', usable: [] }),
  open: async () => ok({ use: openedUse(), submission: null }),
  grant: async () => ok({ grant: 'a.b.c', digest: 'a'.repeat(64), submission: granted }),
  report: async () => ok({ use: openedUse(), submission: granted }),
};

/** Everybody's action is `ownAction`, and everything works. */
const fakeActions: ActionDesk = {
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
const fakeAttention: AttentionDesk = {
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

const emptyLedger = (): FakeLedger => ({
  rows: [],
  checkpoint: null,
  receipts: new Map(),
  vkey: 'vkey',
  mirror: null,
  tiles: new Map([['0/0', new Uint8Array(5 * 32).fill(7)]]),
});

/** The real service, over a store of its own. */
function fakePasskeys(): Passkeys {
  const silent = { passkeyRegistered: nothing, passkeyRevoked: nothing, passkeyRefused: nothing };
  const ports = { clock, random, hashing, limits, store: createMemoryStore(), log: silent };
  return new PasskeyService({ ...ports, crypto: webCryptoVerifier(), publicUrl: 'http://127.0.0.1:7080' });
}

const linked = {
  account: { platform: 'slack', tenant: 'T1', user: 'U1' },
  person: 'vera',
  identity: 'vera',
  linkedAtMs: startMs,
} as const;

/** Everything works; its rules are tested where they are. */
const fakeChatLinks: ChatLinks = {
  personOf: () => undefined,
  accountsOf: () => [],
  offer: () => '',
  describe: () => ok({ account: linked.account, shownAs: 'vera', expiresAtMs: startMs }),
  link: async () => ok(linked),
  linksOf: () => [linked],
  unlink: async () => ok(linked),
};

const nothing = (): void => undefined;

/** The real judging, over a map instead of a store. */
function fakeDesk(
  reviews: Map<ReviewId, Review>,
  publish: (event: GatewayEvent) => void,
  policy: PolicyEngine,
  passkeys: Passkeys,
): ReviewDesk {
  const read = async (_kind: string, { id }: { readonly id: ReviewId }) => reviews.get(id) ?? null;
  const commit = async ({ mutations }: Change) => {
    for (const mutation of mutations)
      if (mutation.kind === 'review.update') reviews.set(mutation.review.id, mutation.review);
    return ok({ firstIndex: 0 });
  };
  const append = () => ({ durable: true, done: Promise.resolve() });
  const judging = new Judging({
    clock,
    random,
    hashing,
    limits,
    policy,
    passkeys,
    store: { read, commit, append } as unknown as Store,
    electorate: electorateOf({ policy, directory }),
    log: { voteTaken: () => undefined, voteRefused: () => undefined },
    isWaitedFor: () => false,
    changed: (review) => publish({ kind: 'review.changed', review, atMs: startMs }),
  });
  return Object.assign(judging, { previewed: () => Promise.resolve() });
}
