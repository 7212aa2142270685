import { webCryptoVerifier } from '@sallyport/verifier';
import { beforeEach, describe, expect, test } from 'vitest';
import { Authenticator } from '../../../verifier/test/authenticator.ts';
import { createFakeClock, createFakeRandom, type FakeClock } from '../../test/support/fake-clock.ts';
import { agent, demand, person, requester, target } from '../../test/support/subjects.ts';
import type { Hold } from '../connectors/connector.ts';
import type { Demand } from '../core/decide.ts';
import type { Person } from '../core/identity.ts';
import type { Review } from '../core/review.ts';
import { limits } from '../limits.ts';
import { PasskeyService } from '../passkeys/service.ts';
import { Pipeline } from '../pipeline.ts';
import type { SignedAssertion, VoteAsk } from '../ports.ts';
import { createMemoryStore } from '../stores/memory/store.ts';
import type { Store } from '../stores/store.ts';
import { hashing } from '../system.ts';
import { Desk } from './desk.ts';

const site = { origin: 'https://gate.example', rpId: 'gate.example' };
const kim = person('kim', ['stewards']);
const lea = person('lea', ['stewards']);
const nothing = (): void => undefined;

let clock: FakeClock;
let store: Store;
let passkeys: PasskeyService;
let desk: Desk;
let gate: Pipeline;
let authenticators: Map<string, Authenticator>;
let demands: readonly Demand[];

beforeEach(async () => {
  clock = createFakeClock(1_700_000_000_000);
  store = createMemoryStore();
  demands = [demand({ passkeyFromRisk: 0 })];
  const random = createFakeRandom('signed votes');
  const crypto = webCryptoVerifier();
  const publicUrl = 'https://gate.example';
  const silent = { passkeyRegistered: nothing, passkeyRevoked: nothing, passkeyRefused: nothing };
  passkeys = new PasskeyService({ clock, random, hashing, limits, store, crypto, publicUrl, log: silent });
  const policy = {
    version: '1',
    decide: () => ({ effect: 'review', policies: ['p'], reasons: ['r'], demands }) as const,
    mayApprove: () => true,
    mayCall: () => true,
  };
  const people = [kim, lea, person('ana', ['stewards'])];
  const directory = {
    agent: (name: string) => (name === agent.name ? agent : undefined),
    person: (name: string) => people.find((one) => one.name === name),
    people: () => people,
  };
  const calendars = { workingTime: (_: string, fromMs: number, durationMs: number) => fromMs + durationMs };
  const shared = { clock, random, hashing, store, policy, directory, calendars, passkeys };
  const events = { publish: nothing, subscribe: () => nothing };
  const log = { reviewUndecidable: nothing, voteTaken: nothing, voteRefused: nothing };
  desk = new Desk({ ...shared, events, publicUrl, limits, log });
  gate = new Pipeline({ ...shared, classifier: { classify: () => [] } }, desk);
  authenticators = new Map();
  for (const who of [kim, lea]) await register(who);
});

async function register(who: Person): Promise<void> {
  const authenticator = new Authenticator('ES256', `of ${who.name}`);
  const offer = await passkeys.offerRegistration(who);
  if (!offer.ok) throw new Error(offer.error.code);
  const { nonce } = offer.value;
  const made = authenticator.register({ challenge: Buffer.from(nonce, 'base64url'), ...site });
  const credential = { credential: authenticator.credential, ...made, transports: [] };
  await passkeys.register({ person: who, nonce, label: '', credential, vouching: null });
  authenticators.set(who.name, authenticator);
}

const attempt = {
  requester,
  target,
  command: 'DROP TABLE customers',
  parameters: [],
  preconditions: {},
  description: {
    operation: 'sql:ddl',
    title: 'DROP TABLE',
    datasets: [],
    functions: [],
    reach: 'transaction',
    rowLimit: null,
    filtered: false,
    unknown: [],
    flags: [],
  },
  statedTask: '',
  supersedes: null,
} as const;

async function hold(): Promise<Hold> {
  const held = await gate.hold(gate.judge(attempt), []);
  if (!held.ok) throw new Error(held.error.code);
  return held.value;
}

async function read({ review }: Pick<Hold, 'review'>): Promise<Review> {
  const stored = await store.read('review', { id: review });
  if (stored === null) throw new Error('no review');
  return stored;
}

async function ballot(held: Hold, voter: Person, kind: VoteAsk['kind'] = 'approve') {
  const stored = await read(held);
  const { rendering } = desk.show(stored);
  return { review: held.review, voter, kind, digest: stored.subject.digest, rendering };
}

async function signed(
  held: Hold,
  voter: Person,
  kind: VoteAsk['kind'] = 'approve',
): Promise<SignedAssertion> {
  const { review: id, ...cast } = await ballot(held, voter, kind);
  const offer = await passkeys.offerVote({ on: { kind: 'review', id }, ...cast });
  const by = authenticators.get(voter.name);
  if (!offer.ok || by === undefined) throw new Error('no passkey');
  const { challenge, nonce } = offer.value;
  const assertion = by.assert({ challenge: Buffer.from(challenge, 'base64url'), ...site });
  return { credential: by.credential, nonce, ...assertion };
}

async function vote(held: Hold, voter: Person, given: Partial<VoteAsk> = {}): Promise<string> {
  const cast = { ...(await ballot(held, voter)), reason: 'no', channel: 'browser', ...given };
  const voted = await desk.vote(cast);
  return voted.ok ? voted.value.state.status : voted.error.code;
}

async function run(held: Hold): Promise<string> {
  const settled = await held.settled;
  if (!settled.ok) return settled.error.code;
  const authorized = await gate.authorizeApproved(gate.judge(attempt), settled.value);
  return authorized.ok ? 'ran' : authorized.error.code;
}

const revoke = async (who: Person): Promise<void> => {
  for (const { id } of await passkeys.list(who)) await passkeys.revoke(who, id);
};
const notices = async (): Promise<readonly string[]> =>
  (await store.read('entries', { from: 0, limit: 1_000 }))
    .filter(({ kind }) => kind === 'notice')
    .map(({ leaf }) => (JSON.parse(leaf) as { notice: { reason?: string } }).notice.reason ?? '');

describe('where a signature is demanded', () => {
  test('a click is no approval; a signature is, and the ledger names the passkey', async () => {
    const held = await hold();
    expect(await vote(held, kim)).toBe('vote.passkey_required');
    expect(await vote(held, kim, { passkey: await signed(held, kim) })).toBe('approved');
    expect(await run(held)).toBe('ran');
    const entries = await store.read('entries', { from: 0, limit: 100 });
    const cast = entries.find(({ kind }) => kind === 'vote');
    const [passkey] = await passkeys.list(kim);
    expect(JSON.parse(cast?.leaf ?? '')).toMatchObject({ vote: { signed: true, passkey: passkey?.id } });
    expect(JSON.parse(cast?.aside ?? '')).toMatchObject({ passkey: { passkey: passkey?.id } });
    // The proof itself, and whom it is of beyond names, is beside the leaf.
    expect(cast?.leaf).not.toContain('clientDataJSON');
  });

  test('a rejection needs none: no is the safe side', async () => {
    expect(await vote(await hold(), kim, { kind: 'reject' })).toBe('rejected');
  });

  test('a risk below that of the demand asks for none', async () => {
    demands = [demand({ passkeyFromRisk: 90 })];
    expect(await vote(await hold(), kim)).toBe('approved');
  });

  test('a quorum of two is two signatures', async () => {
    demands = [demand({ passkeyFromRisk: 0, quorum: 2 })];
    const held = await hold();
    expect(await vote(held, kim, { passkey: await signed(held, kim) })).toBe('pending');
    expect(await vote(held, lea)).toBe('vote.passkey_required');
    expect(await vote(held, lea, { passkey: await signed(held, lea) })).toBe('approved');
  });
});

describe('a signature that does not hold', () => {
  test('refuses the vote where none was needed too, and that is recorded', async () => {
    demands = [demand()];
    const held = await hold();
    const passkey = { ...(await signed(held, kim)), signature: 'MAYCAQECAQE' };
    expect(await vote(held, kim, { passkey })).toBe('vote.passkey_invalid');
    expect((await read(held)).votes).toEqual([]);
    expect(await notices()).toEqual(['vote.passkey_invalid']);
  });

  test('of another kind of vote, another voter or another review is none', async () => {
    const held = await hold();
    expect(await vote(held, kim, { passkey: await signed(held, kim, 'reject') })).toBe(
      'vote.passkey_invalid',
    );
    expect(await vote(held, kim, { passkey: await signed(held, lea) })).toBe('vote.passkey_invalid');
    expect((await read(held)).votes).toEqual([]);
  });

  test('handed in again after its vote was taken back is none', async () => {
    demands = [demand({ passkeyFromRisk: 0, quorum: 2 })];
    const held = await hold();
    const passkey = await signed(held, kim);
    expect(await vote(held, kim, { passkey })).toBe('pending');
    await desk.retract({ review: held.review, voter: kim, channel: 'browser' });
    expect(await vote(held, kim, { passkey })).toBe('vote.passkey_invalid');
  });

  test('says less than what else is wrong: an agent is an agent, and one’s own request is one’s own', async () => {
    const held = await hold();
    const passkey = await signed(held, kim);
    const asAgent = await desk.vote({
      ...(await ballot(held, kim)),
      voter: agent,
      reason: '',
      channel: 'api',
      passkey,
    });
    expect(asAgent.ok ? '' : asAgent.error.code).toBe('vote.not_a_person');
    expect(await vote(held, person('ana', ['stewards']), { passkey })).toBe('vote.own_request');
  });

  test('A4: what changed after the look is a conflict, signed or not', async () => {
    const held = await hold();
    const before = await ballot(held, kim);
    const passkey = await signed(held, kim);
    await desk.question({ review: held.review, asker: lea, to: 'agent', text: 'Why?', channel: 'api' });
    const cast = { ...before, reason: '', channel: 'browser', passkey };
    const voted = await desk.vote(cast);
    expect(voted.ok ? '' : voted.error.code).toBe('vote.rendering_mismatch');
  });
});

describe('a passkey that is revoked', () => {
  test('B6: between the vote and the execution takes its approval with it', async () => {
    const held = await hold();
    expect(await vote(held, kim, { passkey: await signed(held, kim) })).toBe('approved');
    await revoke(kim);
    expect(await run(held)).toBe('review.changed');
  });

  test('between the proof and the record of a vote counts for nothing', async () => {
    const held = await hold();
    const passkey = await signed(held, kim);
    const commit = store.commit.bind(store);
    store.commit = async (change) => {
      store.commit = commit;
      await revoke(kim);
      return commit(change);
    };
    expect(await vote(held, kim, { passkey })).toBe('vote.passkey_invalid');
    expect((await read(held)).state.status).toBe('pending');
    expect(await notices()).toEqual(['vote.passkey_invalid']);
  });
});

test('a store that can’t answer makes no unsigned vote of a signed one', async () => {
  demands = [demand()];
  const held = await hold();
  const passkey = await signed(held, kim);
  const read = store.read.bind(store);
  store.read = (kind, ask) => (kind === 'passkeys' ? Promise.reject(new Error('disk')) : read(kind, ask));
  expect(await vote(held, kim, { passkey })).toBe('ledger.unavailable');
});
