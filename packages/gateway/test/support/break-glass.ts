import { webCryptoVerifier } from '@sallyport/verifier';
import { Authenticator } from '../../../verifier/test/authenticator.ts';
import { ApiConnector } from '../../src/connectors/api/connector.ts';
import { openUse, type BreakGlassUse, type PreparedUse } from '../../src/core/break-glass.ts';
import type { Person, Target } from '../../src/core/identity.ts';
import { makeId } from '../../src/core/ids.ts';
import { err, ok } from '../../src/core/result.ts';
import { limits } from '../../src/limits.ts';
import { PasskeyService } from '../../src/passkeys/service.ts';
import { Pipeline } from '../../src/pipeline.ts';
import type { BreakGlassAsk, GatewayEvent, PolicyRequest, SignedAssertion } from '../../src/ports.ts';
import { BreakGlassGate } from '../../src/review/break-glass/gate.ts';
import { BreakGlassReviews } from '../../src/review/break-glass/reviews.ts';
import { Desk } from '../../src/review/desk.ts';
import { createMemoryStore } from '../../src/stores/memory/store.ts';
import type { Store } from '../../src/stores/store.ts';
import { hashing } from '../../src/system.ts';
import { createFakeClock, createFakeRandom, type FakeClock } from './fake-clock.ts';
import { agent, person, requester } from './subjects.ts';

/** Everything real but the clock, the policy and the key that a person has in their hand. */

export const site = { origin: 'https://gate.example', rpId: 'gate.example' };
export const target: Target = { name: 'shop', protocol: 'api', environment: 'production' };
export const sam = person('sam', ['on-call']);
export const kim = person('kim', ['security']);
/** Another account of the one who runs. */
export const samAdmin: Person = { ...person('sam-admin', ['security']), identity: sam.identity };

const idBytes = new Uint8Array(10).fill(1);

/** Complete and valid; a test changes what it is about. */
export function preparedUse(more: Partial<PreparedUse> = {}): PreparedUse {
  return {
    id: makeId('bgl', 1_000, idBytes),
    person: sam.name,
    identity: sam.identity,
    subject: {
      action: makeId('act', 1_000, idBytes),
      digest: 'a'.repeat(64),
      commitment: 'c'.repeat(43),
      salt: 's'.repeat(22),
      requester: { ...requester, agent: 'sam', sponsor: 'sam', onBehalfOf: 'sam', parties: ['sam'] },
      target,
      declared: {
        operation: 'service.restart',
        command: '{"arguments":{},"operation":"service.restart"}',
        datasets: [],
        statedTask: '',
        supersedes: null,
      },
      preconditions: {},
      operation: 'call:perform',
      title: 'service.restart',
      datasets: [],
      unknown: ['The gateway does not see this call.'],
      risk: { score: 40, signals: [] },
      policies: ['on-call'],
    },
    reason: 'The shop is down, and nobody else answers.',
    rendering: 'e'.repeat(64),
    preparedAtMs: 1_000,
    expiresAtMs: 601_000,
    ...more,
  };
}

export function openedUse(more: Partial<BreakGlassUse> = {}): BreakGlassUse {
  const proof = { authenticatorData: 'AA', clientDataJSON: 'AA', signature: 'AA', nonce: 'n' };
  const opened = openUse(preparedUse(), {
    channel: 'browser',
    openedAtMs: 2_000,
    passkey: {
      ...proof,
      passkey: makeId('pky', 500, idBytes),
      publicKey: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' },
      expiresAtMs: 100_000,
    },
    grant: makeId('gra', 2_000, idBytes),
    lifeMs: 300_000,
  });
  return { ...opened, ...more };
}

export interface GlassHouse {
  readonly clock: FakeClock;
  readonly store: Store;
  readonly events: GatewayEvent[];
  readonly logged: string[];
  readonly passkeys: PasskeyService;
  readonly calls: ApiConnector;
  readonly reviews: BreakGlassReviews;
  readonly people: Person[];
  /** Who may run and who may review, by group; a test takes rights away. */
  readonly rights: { run: string | null; review: string | null };
  readonly keys: Map<string, Authenticator>;
  /** The same store and people, after the process has ended. */
  restart(): Promise<GlassHouse>;
}

interface Kept {
  readonly clock: FakeClock;
  readonly store: Store;
  readonly people: Person[];
  readonly rights: GlassHouse['rights'];
  readonly keys: Map<string, Authenticator>;
}

export async function openGlassHouse(store: Store = createMemoryStore()): Promise<GlassHouse> {
  const clock = createFakeClock(1_700_000_000_000);
  const people = [sam, kim, samAdmin, person('ana')];
  const rights = { run: 'on-call', review: 'security' };
  return assemble({ clock, store, people, rights, keys: new Map() });
}

let houses = 0;

async function assemble(kept: Kept): Promise<GlassHouse> {
  const { clock, store, people, rights } = kept;
  houses += 1;
  const random = createFakeRandom(`glass house ${houses.toString()}`);
  const publicUrl = site.origin;
  const logged: string[] = [];
  const note = (name: string) => (fields?: object) => void logged.push(`${name} ${JSON.stringify(fields)}`);
  const log = {
    breakGlassRefused: note('refused'),
    passkeyRegistered: note('passkey'),
    passkeyRevoked: note('passkey'),
    passkeyRefused: note('passkey'),
    reviewUndecidable: note('review'),
    voteTaken: note('vote'),
    voteRefused: note('vote'),
    failed: note('failed'),
  };
  const events: GatewayEvent[] = [];
  const listeners = new Set<(event: GatewayEvent) => void>();
  const bus = {
    publish: (event: GatewayEvent) => {
      events.push(event);
      for (const listener of listeners) listener(event);
    },
    subscribe: (listener: (event: GatewayEvent) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const policy = {
    version: '1',
    decide: () => ({ effect: 'deny', code: 'policy.not_permitted', policies: [], reasons: [] }) as const,
    mayApprove: () => false,
    mayCall: () => true,
    breakGlass: (who: Person, action: 'break_glass:run' | 'break_glass:review', _request: PolicyRequest) => {
      const group = action === 'break_glass:run' ? rights.run : rights.review;
      return group !== null && who.groups.includes(group) ? [`may-${action}`] : null;
    },
  };
  const directory = {
    agent: (name: string) => (name === agent.name ? agent : undefined),
    person: (name: string) => people.find((one) => one.name === name),
    people: () => people,
  };
  const calendars = { workingTime: (_: string, fromMs: number, durationMs: number) => fromMs + durationMs };
  const crypto = webCryptoVerifier();
  const passkeys = new PasskeyService({ clock, random, hashing, limits, store, crypto, publicUrl, log });
  const classifier = { classify: () => [] };
  const base = { clock, random, hashing, store, policy, directory, calendars, passkeys, limits, log };
  const shared = { ...base, events: bus, publicUrl, classifier };
  const breakGlass = new BreakGlassGate(shared);
  const reviews = new BreakGlassReviews(shared);
  await reviews.resume();
  const calls = await new ApiConnector({
    ...shared,
    breakGlass,
    gate: new Pipeline(shared, new Desk(shared)),
    targets: [target],
    issuer: { keys: {}, sign: async ({ id, breakGlass: use }) => `token-of-${id}-under-${use ?? ''}` },
    checks: {
      proof: async ({ proof }) => (proof === 'good' ? ok('thumbprint') : err('proof.signature')),
      grant: async ({ grant }) => ok({ id: grant.slice('token-of-'.length, 39), agent: '', action: '' }),
    },
  }).start();
  const restart = async (): Promise<GlassHouse> => {
    reviews.stop();
    return assemble(kept);
  };
  return { ...kept, events, logged, passkeys, calls, reviews, restart };
}

/** Gives the person a passkey. */
export async function giveKey({ keys, passkeys }: GlassHouse, who: Person): Promise<void> {
  const authenticator = new Authenticator('ES256', `of ${who.name}`);
  const offer = await passkeys.offerRegistration(who);
  if (!offer.ok) throw new Error(offer.error.code);
  const { nonce } = offer.value;
  const made = authenticator.register({ challenge: Buffer.from(nonce, 'base64url'), ...site });
  const credential = { credential: authenticator.credential, ...made, transports: [] };
  await passkeys.register({ person: who, nonce, label: '', credential, vouching: null });
  keys.set(who.name, authenticator);
}

export const ask = (more: Partial<BreakGlassAsk> = {}): BreakGlassAsk => ({
  person: sam,
  target: 'shop',
  operation: 'service.restart',
  arguments: { service: 'checkout' },
  datasets: [],
  reason: 'The shop is down, and nobody else answers.',
  client: '127.0.0.1:5000',
  ...more,
});

export async function prepare(
  { calls }: GlassHouse,
  more: Partial<BreakGlassAsk> = {},
): Promise<PreparedUse> {
  const prepared = await calls.breakGlass.prepare(ask(more));
  if (!prepared.ok) throw new Error(prepared.error.code);
  return prepared.value;
}

export const shownOf = ({ id, subject, rendering }: PreparedUse, who: Person = sam) => ({
  id,
  person: who,
  digest: subject.digest,
  rendering,
});

/** What the person's authenticator makes of the challenge, with the flags that it is told to set. */
export async function signed(
  { calls, keys }: GlassHouse,
  draft: PreparedUse,
  flags?: number,
): Promise<SignedAssertion> {
  const offer = await calls.breakGlass.offer(shownOf(draft));
  if (!offer.ok) throw new Error(offer.error.code);
  const key = keys.get(sam.name);
  if (key === undefined) throw new Error('no key');
  const challenge = Buffer.from(offer.value.challenge, 'base64url');
  const assertion = key.assert({ challenge, ...site, ...(flags === undefined ? {} : { flags }) });
  return { ...assertion, credential: key.credential, nonce: offer.value.nonce };
}

export async function breakIt(house: GlassHouse, more: Partial<BreakGlassAsk> = {}): Promise<BreakGlassUse> {
  const draft = await prepare(house, more);
  const assertion = await signed(house, draft);
  const opened = await house.calls.breakGlass.open({ ...shownOf(draft), channel: 'browser', assertion });
  if (!opened.ok) throw new Error(opened.error.code);
  return opened.value.use;
}

export const codeOf = async (
  answer: Promise<{ ok: true } | { ok: false; error: { code: string } }>,
): Promise<string> => {
  const result = await answer;
  return result.ok ? 'ok' : result.error.code;
};

/** Leaves of these kinds, in order. */
export async function leavesOf(
  store: Store,
  ...kinds: readonly string[]
): Promise<readonly Record<string, unknown>[]> {
  const rows = await store.read('entries', { from: 0, limit: 1_000 });
  return rows
    .filter(({ kind }) => kinds.includes(kind))
    .map(({ leaf }) => JSON.parse(leaf) as Record<string, unknown>);
}
