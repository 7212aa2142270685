import { webCryptoVerifier } from '@sallyport/verifier';
import type { ApiDeps, HourOfUsage } from '../src/api/deps.ts';
import type { BreakGlassUse } from '../src/core/break-glass.ts';
import type { ReviewId } from '../src/core/ids.ts';
import { err, ok } from '../src/core/result.ts';
import type { Review } from '../src/core/review.ts';
import { limits } from '../src/limits.ts';
import { PasskeyService } from '../src/passkeys/service.ts';
import type { Clock, GatewayEvent, Passkeys, PolicyEngine, ReviewDesk, Store } from '../src/ports.ts';
import { electorateOf } from '../src/review/approvals.ts';
import { Judging } from '../src/review/judging.ts';
import { createMemoryStore } from '../src/stores/memory/store.ts';
import type { Change } from '../src/stores/store.ts';
import { hashing, random } from '../src/system.ts';
import { createLog } from '../src/telemetry/log.ts';
import { authenticate, directory } from './support/api-callers.ts';
import { fakeDelegations, fakeForesight, fakePolicies } from './support/authority-fakes.ts';
import { openedUse } from './support/break-glass.ts';
import {
  fakeActions,
  fakeAttention,
  fakeBreakGlass,
  fakeChatLinks,
  fakeStanding,
} from './support/desk-fakes.ts';
import { emptyLedger, type FakeLedger, recordsOf } from './support/fake-records.ts';
import { startMs } from './support/made-review.ts';

/** The clock stands still; timers are real, so that a socket can be waited for. */
const clock: Clock = {
  nowMs: () => startMs,
  monotonicMs: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs).unref();
    return () => clearTimeout(timer);
  },
};

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

/** A gateway as its API sees it, whose records and answers a test chooses. */
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
      authenticate,
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

/** The real service, over a store of its own. */
function fakePasskeys(): Passkeys {
  const nothing = (): void => undefined;
  const silent = { passkeyRegistered: nothing, passkeyRevoked: nothing, passkeyRefused: nothing };
  const ports = { clock, random, hashing, limits, store: createMemoryStore(), log: silent };
  return new PasskeyService({ ...ports, crypto: webCryptoVerifier(), publicUrl: 'http://127.0.0.1:7080' });
}

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
