import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Agent, Person } from '../core/identity.ts';
import type { Random } from '../ports.ts';
import { Authenticator } from './authenticator.ts';
import { StaticDirectory } from './directory.ts';
import { makeAgentCredential, makePersonCredential, makeToken, tokenKind } from './tokens.ts';
import { deriveVerifier, formatVerifier, parseVerifier } from './verifier.ts';

/** Bytes that repeat from run to run. */
class CountingRandom implements Random {
  #count = 0;

  bytes(count: number): Uint8Array {
    const seed = createHash('sha512').update(String(this.#count++)).digest();
    return new Uint8Array(seed.subarray(0, count));
  }
}

const random = new CountingRandom();
const sealed = (value: string) => ({ reveal: () => value });
const agent = (name: string): Agent => ({
  kind: 'agent',
  name,
  groups: [],
  sponsor: 'sam',
  mayActFor: [],
  credentialOwner: 'sam',
});
const person = (name: string, disabled = false): Person => ({
  kind: 'person',
  name,
  displayName: name,
  identity: name,
  groups: [],
  disabled,
});

const tokens = {
  reporter: makeToken('agent', random),
  cleaner: makeToken('agent', random),
  sam: makeToken('person', random),
  gone: makeToken('person', random),
};

let credentials: ConstructorParameters<typeof Authenticator>[0];
let verifier: string;

beforeAll(async () => {
  verifier = await makeAgentCredential(tokens.reporter, random);
  credentials = {
    agents: [
      { agent: agent('reporter'), verifier: sealed(verifier) },
      { agent: agent('cleaner'), verifier: sealed(await makeAgentCredential(tokens.cleaner, random)) },
    ],
    people: [
      { person: person('sam'), tokenSha256: sealed(makePersonCredential(tokens.sam)) },
      { person: person('gone', true), tokenSha256: sealed(makePersonCredential(tokens.gone)) },
      { person: person('absent'), tokenSha256: null },
    ],
  };
});

const authenticator = (
  directory = new StaticDirectory(
    [agent('reporter'), agent('cleaner')],
    [person('sam'), person('gone', true)],
  ),
) => new Authenticator(credentials, directory);

describe('a bearer token', () => {
  test('tells which agent and which person it belongs to', async () => {
    const door = authenticator();
    for (let round = 0; round < 2; round++) {
      expect(await door.authenticateBearer(tokens.cleaner)).toMatchObject({ kind: 'agent', name: 'cleaner' });
      expect(await door.authenticateBearer(tokens.reporter)).toMatchObject({
        kind: 'agent',
        name: 'reporter',
      });
      expect(await door.authenticateBearer(tokens.sam)).toMatchObject({ kind: 'person', name: 'sam' });
    }
  });

  test('of nobody, of another kind, cut short or prolonged opens nothing', async () => {
    const door = authenticator();
    const wrong = [
      '',
      'sp_agent_',
      makeToken('agent', random),
      makeToken('person', random),
      tokens.sam.replace('person', 'agent'),
      tokens.reporter.replace('agent', 'person'),
      tokens.reporter.slice(0, -1),
      `${tokens.reporter}A`,
      `${tokens.reporter}\n`,
      makePersonCredential(tokens.sam),
      verifier,
    ];
    for (const token of [...wrong, ...wrong]) expect(await door.authenticateBearer(token)).toBeUndefined();
  });

  test('of a disabled person opens nothing', async () => {
    expect(await authenticator().authenticateBearer(tokens.gone)).toBeUndefined();
  });

  test('opens nothing any more once its owner is gone, though it was remembered', async () => {
    const agents = [agent('reporter')];
    const directory = {
      agent: (name: string) => agents.find((each) => each.name === name),
      person: () => undefined,
      people: () => [],
    };
    const door = authenticator(directory as never);
    expect(await door.authenticateBearer(tokens.reporter)).toMatchObject({ name: 'reporter' });
    agents.length = 0;
    expect(await door.authenticateBearer(tokens.reporter)).toBeUndefined();
    expect(door.agentVerifier('reporter')).toBeUndefined();
  });

  test('a flood of invented tokens is refused beyond the bound, and known ones go on working', async () => {
    const door = authenticator();
    await door.authenticateBearer(tokens.reporter);
    const flood = Array.from({ length: 80 }, () => door.authenticateBearer(makeToken('agent', random)));
    expect(await door.authenticateBearer(tokens.reporter)).toMatchObject({ name: 'reporter' });
    // Its owner was not seen before: nobody waits behind 64 derivations.
    expect(await door.authenticateBearer(tokens.cleaner)).toBeUndefined();
    expect(await Promise.all(flood)).toEqual(flood.map(() => undefined));
    expect(await door.authenticateBearer(tokens.cleaner)).toMatchObject({ name: 'cleaner' });
  });
});

describe('credentials', () => {
  test('the wire gets the verifier of an agent and of nobody else', () => {
    expect(authenticator().agentVerifier('reporter')).toBe(verifier);
    expect(authenticator().agentVerifier('sam')).toBeUndefined();
    expect(authenticator().agentVerifier('__proto__')).toBeUndefined();
  });

  test('a verifier that does not parse stops the start', () => {
    const broken = { agents: [{ agent: agent('reporter'), verifier: sealed('md5abc') }], people: [] };
    expect(() => new Authenticator(broken, new StaticDirectory([], []))).toThrow('reporter');
  });

  test('tokens have 256 bits, and say what they are', () => {
    expect(tokens.reporter).toMatch(/^sp_agent_[A-Za-z0-9_-]{43}$/);
    expect([tokens.sam, tokens.reporter, 'sp_admin_x'].map(tokenKind)).toEqual([
      'person',
      'agent',
      undefined,
    ]);
  });
});

describe('the verifier', () => {
  // The exchange of RFC 7677, section 3: password "pencil", its salt and rounds; the keys are derived from them.
  test('has the keys that the example of RFC 7677 leads to', async () => {
    const derived = await deriveVerifier('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'), 4_096);
    expect(formatVerifier(derived)).toBe(
      'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
    );
  });

  test('is read as it was written', () => {
    const parsed = parseVerifier(verifier);
    expect(parsed === undefined ? '' : formatVerifier(parsed)).toBe(verifier);
  });

  test.each(['', 'md5abc', 'SCRAM-SHA-256$4096:AAAA$AAAA:AAAA', 'SCRAM-SHA-1$4096:AAAA$AAAA:AAAA'])(
    '%j is none',
    (text) => {
      expect(parseVerifier(text)).toBeUndefined();
    },
  );
});
