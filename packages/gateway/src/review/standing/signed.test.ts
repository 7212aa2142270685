/** Votes on proposals that people sign with their passkeys, and what becomes of them. */
import { decodeLeaf, webCryptoVerifier } from '@sallyport/verifier';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Rules } from '../../../../verifier/src/rules.ts';
import { Authenticator } from '../../../../verifier/test/authenticator.ts';
import { createFakeRandom } from '../../../test/support/fake-clock.ts';
import { attempt, makeWorld, type World } from '../../../test/support/standing-world.ts';
import { person, reviewed } from '../../../test/support/subjects.ts';
import type { Approval } from '../../connectors/connector.ts';
import { prepareParser } from '../../connectors/postgres/describe/index.ts';
import type { Person } from '../../core/identity.ts';
import type { StandingGrant } from '../../core/standing.ts';
import { limits } from '../../limits.ts';
import { PasskeyService } from '../../passkeys/service.ts';
import type { SignedAssertion, StandingVoteAsk, VotedOn } from '../../ports.ts';
import { hashing } from '../../system.ts';

const site = { origin: 'https://gate.example', rpId: 'gate.example' };
const kim = person('kim', ['stewards']);
const sam = person('sam', ['stewards']);
const nothing = (): void => undefined;

let world: World;
let passkeys: PasskeyService;
let authenticators: Map<string, Authenticator>;

beforeAll(() => prepareParser());
beforeEach(async () => {
  world = makeWorld((over) => {
    const random = createFakeRandom('passkeys');
    const log = { passkeyRegistered: nothing, passkeyRevoked: nothing, passkeyRefused: nothing };
    const crypto = webCryptoVerifier();
    passkeys = new PasskeyService({ ...over, random, hashing, limits, crypto, publicUrl: site.origin, log });
    return passkeys;
  });
  world.decision = reviewed({ passkeyFromRisk: 0 });
  authenticators = new Map();
  for (const who of [kim, sam]) await register(who);
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

async function proposed(): Promise<StandingGrant> {
  const held = await world.gate.hold(world.gate.judge(attempt()), []);
  if (!held.ok) throw new Error(held.error.code);
  const wish = { constraints: [], maxUses: 2, maxRowsPerUse: null, maxRows: null, validFromMs: null };
  const validUntilMs = world.clock.nowMs() + 7_200_000;
  const ask = { review: held.value.review, proposer: sam, wish: { ...wish, validUntilMs }, reason: 'often' };
  const made = await world.standing.propose(ask);
  if (!made.ok) throw new Error(made.error.code);
  return made.value;
}

const ballot = (grant: StandingGrant, voter: Person) => {
  const { rendering } = world.standing.show(grant);
  return { voter, kind: 'approve', digest: grant.digest, rendering } as const;
};

async function signed(
  grant: StandingGrant,
  voter: Person,
  on: VotedOn = { kind: 'standing', id: grant.id },
): Promise<SignedAssertion> {
  const offer = await passkeys.offerVote({ on, ...ballot(grant, voter) });
  const by = authenticators.get(voter.name);
  if (!offer.ok || by === undefined) throw new Error('no passkey');
  const { challenge, nonce } = offer.value;
  const assertion = by.assert({ challenge: Buffer.from(challenge, 'base64url'), ...site });
  return { credential: by.credential, nonce, ...assertion };
}

async function vote(
  grant: StandingGrant,
  voter: Person,
  given: Partial<StandingVoteAsk> = {},
): Promise<string> {
  const said = { ...ballot(grant, voter), reason: 'no', channel: 'browser', standing: grant.id };
  const voted = await world.standing.vote({ ...said, ...given });
  return voted.ok ? voted.value.state.status : voted.error.code;
}

async function live(): Promise<StandingGrant> {
  const grant = await proposed();
  expect(await vote(grant, kim, { passkey: await signed(grant, kim) })).toBe('live');
  return grant;
}

const revoke = async (who: Person): Promise<void> => {
  for (const { id } of await passkeys.list(who)) await passkeys.revoke(who, id);
};

async function covered(): Promise<Approval | null> {
  const held = await world.gate.hold(world.gate.judge(attempt()), []);
  if (!held.ok) throw new Error(held.error.code);
  if (held.value.standing === null) return null;
  const settled = await held.value.settled;
  return settled.ok ? settled.value : null;
}

async function use(approval: Approval | null): Promise<string> {
  if (approval === null) return 'not covered';
  const authorized = await world.gate.authorizeApproved(world.gate.judge(attempt()), approval);
  return authorized.ok ? 'ran' : authorized.error.code;
}

const rows = () => world.store.read('entries', { from: 0, limit: 1_000 });
async function findings(): Promise<string[]> {
  const found: string[] = [];
  const rules = new Rules(({ code }) => void found.push(code));
  for (const { index, leaf } of await rows()) {
    const decoded = decodeLeaf(leaf);
    if (decoded.ok) rules.observe(index, decoded.leaf);
    else found.push(decoded.detail);
  }
  return found;
}

describe('where a proposal has to be signed', () => {
  test('a token alone approves nothing; a signature does, the grant is used, and the ledger names the passkey', async () => {
    const grant = await proposed();
    expect(await vote(grant, kim)).toBe('vote.passkey_required');
    expect(await vote(grant, kim, { passkey: await signed(grant, kim) })).toBe('live');
    expect(await use(await covered())).toBe('ran');
    const cast = (await rows()).find(({ kind }) => kind === 'vote');
    const [passkey] = await passkeys.list(kim);
    expect(JSON.parse(cast?.leaf ?? '')).toMatchObject({ vote: { signed: true, passkey: passkey?.id } });
    expect(JSON.parse(cast?.aside ?? '')).toMatchObject({ passkey: { passkey: passkey?.id } });
    expect(cast?.leaf).not.toContain('clientDataJSON');
    expect(await findings()).toEqual([]);
  });

  test('a rejection needs none: no is the safe side', async () => {
    expect(await vote(await proposed(), kim, { kind: 'reject' })).toBe('rejected');
  });

  test('a quorum of two is two signatures', async () => {
    world.decision = reviewed({ passkeyFromRisk: 0, quorum: 2 });
    const grant = await proposed();
    expect(await vote(grant, kim, { passkey: await signed(grant, kim) })).toBe('proposed');
    expect(await vote(grant, sam)).toBe('vote.passkey_required');
    expect(await vote(grant, sam, { passkey: await signed(grant, sam) })).toBe('live');
    expect(await use(await covered())).toBe('ran');
  });
});

describe('a signature that does not hold', () => {
  test('of another person, or over the review that the proposal was made of, is none', async () => {
    const grant = await proposed();
    expect(await vote(grant, kim, { passkey: await signed(grant, sam) })).toBe('vote.passkey_invalid');
    const on = { kind: 'review', id: grant.review } as const;
    expect(await vote(grant, kim, { passkey: await signed(grant, kim, on) })).toBe('vote.passkey_invalid');
    expect(await covered()).toBeNull();
  });

  test('refuses the vote where none was needed too, and is used once', async () => {
    world.decision = reviewed({ quorum: 2 });
    const grant = await proposed();
    const passkey = await signed(grant, kim);
    const forged = { ...passkey, signature: 'MAYCAQECAQE' };
    expect(await vote(grant, kim, { passkey: forged })).toBe('vote.passkey_invalid');
    expect(await vote(grant, kim, { passkey })).toBe('vote.passkey_invalid');
    expect(await vote(grant, kim)).toBe('proposed');
  });

  test('is not looked at for an agent: it is an agent', async () => {
    const grant = await proposed();
    const [agent] = world.agents;
    const passkey = await signed(grant, kim);
    expect(await vote(grant, kim, { voter: agent!, passkey })).toBe('vote.not_a_person');
  });

  test('that can’t be looked up makes no unsigned vote', async () => {
    world.decision = reviewed();
    const grant = await proposed();
    const passkey = await signed(grant, kim);
    const read = world.store.read.bind(world.store);
    world.store.read = (kind, ask) =>
      kind === 'passkeys' ? Promise.reject(new Error('disk')) : read(kind, ask);
    expect(await vote(grant, kim, { passkey })).toBe('ledger.unavailable');
  });
});

describe('a passkey that is revoked (B6)', () => {
  test('takes its approval with it: people decide again', async () => {
    await live();
    expect(await covered()).not.toBeNull();
    await revoke(kim);
    expect(await covered()).toBeNull();
    expect(await findings()).toEqual([]);
  });

  test('between the look and the use: it doesn’t run', async () => {
    await live();
    const approval = await covered();
    await revoke(kim);
    expect(await use(approval)).toBe('standing.changed');
    expect(await findings()).toEqual([]);
  });

  test('in the very moment of the use: it doesn’t run', async () => {
    await live();
    const approval = await covered();
    const commit = world.store.commit.bind(world.store);
    world.store.commit = async (change) => {
      world.store.commit = commit;
      await revoke(kim);
      return commit(change);
    };
    expect(await use(approval)).toBe('standing.changed');
    expect((await rows()).filter(({ kind }) => kind === 'intent')).toEqual([]);
  });

  test('between the proof and the record of a vote counts for nothing', async () => {
    const grant = await proposed();
    const passkey = await signed(grant, kim);
    const commit = world.store.commit.bind(world.store);
    world.store.commit = async (change) => {
      world.store.commit = commit;
      await revoke(kim);
      return commit(change);
    };
    expect(await vote(grant, kim, { passkey })).toBe('vote.passkey_invalid');
    expect((await world.store.read('standing', { id: grant.id }))?.votes).toEqual([]);
  });
});
