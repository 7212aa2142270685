/** Passkeys of people: registered, revoked, and asked to sign votes (spec/vote.md). */
import {
  refuseAssertion,
  refuseVoteProof,
  thumbprintOf,
  voteChallenge,
  type PasskeyCrypto,
  type PasskeyProof,
} from '@sallyport/verifier';
import { noticeEntry } from '../core/entry.ts';
import type { Person } from '../core/identity.ts';
import { makeId, type PasskeyId } from '../core/ids.ts';
import { isLive, passkeyEntry, type Passkey, type PasskeyRefusal } from '../core/passkey.ts';
import type { VoteRefusal } from '../core/reasons.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Limits } from '../limits.ts';
import type {
  Clock,
  Hashing,
  PasskeyAssertion,
  Passkeys,
  Random,
  Registration,
  RegistrationOffer,
  Store,
  VoteOffer,
  VoteToProve,
  VoteToSign,
} from '../ports.ts';
import type { Log } from '../telemetry/log.ts';
import { Ceremonies, type Ceremony } from './ceremonies.ts';
import { algorithms } from './cose.ts';
import { refusalOf } from './refusals.ts';
import { readRegistration } from './registration.ts';
import { relyingPartyOf, type RelyingParty } from './relying-party.ts';
import { vouchingForm } from './vouching.ts';

export interface PasskeyPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly hashing: Hashing;
  readonly store: Store;
  readonly limits: Limits;
  readonly crypto: PasskeyCrypto;
  /** Where people reach the API. */
  readonly publicUrl: string;
  readonly log: Pick<Log, 'passkeyRegistered' | 'passkeyRevoked' | 'passkeyRefused'>;
}

type Refusable<T> = Promise<Result<T, PasskeyRefusal>>;

export class PasskeyService implements Passkeys {
  readonly #ports: PasskeyPorts;
  readonly #party: RelyingParty | null;
  readonly #ceremonies: Ceremonies;

  constructor(ports: PasskeyPorts) {
    this.#ports = ports;
    this.#party = relyingPartyOf(ports.publicUrl);
    this.#ceremonies = new Ceremonies(ports);
  }

  async list({ identity }: Person): Promise<readonly Passkey[]> {
    const rows = await this.#ports.store.read('passkeys', { identity });
    return rows.map(({ passkey }) => passkey);
  }

  /** Those that a browser can use at the gateway's present address. */
  #usable(passkeys: readonly Passkey[], { origin, rpId }: RelyingParty): readonly Passkey[] {
    return passkeys.filter((each) => isLive(each) && each.origin === origin && each.rpId === rpId);
  }

  async offerRegistration(person: Person): Refusable<RegistrationOffer> {
    const party = this.#party;
    if (party === null) return refusalOf('passkey.unavailable');
    const known = await this.list(person);
    const live = known.filter(isLive);
    if (live.length >= this.#ports.limits.passkeysPerPerson) return refusalOf('passkey.too_many');
    const { nonce, expiresAtMs } = this.#ceremonies.begin('registration', person);
    const user = this.#ports.hashing.sha256Base64url(`sallyport/person/v1 ${person.identity}`);
    const vouching = known.length === 0 ? null : this.#usable(known, party);
    return ok({ ...party, nonce, expiresAtMs, user, algorithms, known: live, vouching });
  }

  async register(registration: Registration): Refusable<Passkey> {
    const { person } = registration;
    const made = await this.#make(registration);
    const registered = made.ok ? await this.#commit(made.value) : made;
    const { clock, log, store } = this.#ports;
    if (registered.ok) {
      log.passkeyRegistered({ person: person.name, passkey: registered.value.id });
      return registered;
    }
    // An attempt to add a passkey may be somebody with a stolen token: it is recorded (law 7).
    const details = { principal: person.name, reason: registered.error.code };
    log.passkeyRefused({ person: person.name, code: registered.error.code });
    await store.append(noticeEntry('passkey.refused', details, clock.nowMs())).done;
    return registered;
  }

  async #make({ person, nonce, label, credential, vouching }: Registration): Refusable<Passkey> {
    const { clock, hashing, random } = this.#ports;
    const party = this.#party;
    if (party === null) return refusalOf('passkey.unavailable');
    const ceremony = this.#ceremonies.take('registration', nonce, person);
    if (ceremony === undefined) return refusalOf('passkey.challenge_unknown');
    const read = readRegistration(credential, nonce, party, hashing);
    if (!read.ok) return refusalOf('passkey.invalid', read.error);
    const attestation = hashing.sha256Base64url(credential.attestationObject);
    const vouched = await this.#vouch(person, ceremony, attestation, vouching);
    if (!vouched.ok) return vouched;
    const nowMs = clock.nowMs();
    return ok({
      id: makeId('pky', nowMs, random.bytes(10)),
      person: person.name,
      identity: person.identity,
      label,
      ...read.value,
      key: await thumbprintOf(read.value.publicKey, this.#ports.crypto.hash),
      ...party,
      transports: credential.transports,
      registeredAtMs: nowMs,
      vouchedBy: vouched.value,
      revokedAtMs: null,
    });
  }

  /** A person's first passkey needs their token alone; every other needs one that they have. */
  async #vouch(
    person: Person,
    { nonce, expiresAtMs }: Ceremony,
    attestation: string,
    vouching: PasskeyAssertion | null,
  ): Refusable<PasskeyId | null> {
    const known = await this.list(person);
    if (known.length === 0) return ok(null);
    const by = this.#usable(known, this.#party ?? NOWHERE).find(
      (each) => each.credential === vouching?.credential,
    );
    if (vouching === null || by === undefined) return refusalOf('passkey.unvouched');
    const { identity, name } = person;
    const { hashing, crypto } = this.#ports;
    const form = vouchingForm({ attestation, expiresAtMs, identity, nonce, person: name });
    const { publicKey: key, origin, rpId } = by;
    const terms = { key, challenge: hashing.sha256(form), origin, rpId };
    const refused = await refuseAssertion(vouching, terms, crypto);
    return refused === null ? ok(by.id) : refusalOf('passkey.unvouched');
  }

  async #commit(passkey: Passkey): Refusable<Passkey> {
    const committed = await this.#ports.store.commit({
      mutations: [{ kind: 'passkey.register', passkey }],
      entries: [passkeyEntry(passkey, 'registered', passkey.registeredAtMs)],
    });
    if (committed.ok) return ok(passkey);
    // Another registration, or a revocation, came in between.
    return refusalOf(committed.error.code === 'passkey.known' ? 'passkey.known' : 'passkey.unvouched');
  }

  async revoke(person: Person, id: PasskeyId): Refusable<Passkey> {
    const passkey = (await this.list(person)).find((each) => each.id === id);
    if (passkey === undefined) return refusalOf('passkey.not_found');
    const atMs = this.#ports.clock.nowMs();
    const committed = await this.#ports.store.commit({
      mutations: [{ kind: 'passkey.revoke', id, atMs }],
      entries: [passkeyEntry(passkey, 'revoked', atMs)],
    });
    if (!committed.ok) return refusalOf('passkey.revoked');
    this.#ports.log.passkeyRevoked({ person: person.name, passkey: id });
    return ok({ ...passkey, revokedAtMs: atMs });
  }

  async offerVote(ask: VoteToSign): Refusable<VoteOffer> {
    const { voter } = ask;
    const party = this.#party;
    if (party === null) return refusalOf('passkey.unavailable');
    const usable = this.#usable(await this.list(voter), party);
    if (usable.length === 0) return refusalOf('passkey.none');
    const { nonce, expiresAtMs } = this.#ceremonies.begin('vote', voter);
    const { hash } = this.#ports.crypto;
    const challenge = await voteChallenge({ ...signedBy(ask), nonce, expiresAtMs }, hash);
    return ok({ ...party, nonce, expiresAtMs, challenge: this.#ports.hashing.base64url(challenge), usable });
  }

  async proveVote(ask: VoteToProve): Promise<Result<PasskeyProof, VoteRefusal>> {
    const { assertion, voter } = ask;
    const ceremony = this.#ceremonies.take('vote', assertion.nonce, voter);
    if (ceremony === undefined || this.#party === null)
      return invalid('What you signed was asked too long ago, was used already, or is another person’s.');
    const usable = this.#usable(await this.list(voter), this.#party);
    const passkey = usable.find((each) => each.credential === assertion.credential);
    if (passkey === undefined) return invalid('This passkey is not registered for you, or was revoked.');
    const { authenticatorData, clientDataJSON, signature, nonce } = assertion;
    const signed = { authenticatorData, clientDataJSON, signature, nonce };
    const { expiresAtMs } = ceremony;
    const proof = { ...signed, passkey: passkey.id, publicKey: passkey.publicKey, expiresAtMs };
    const vote = { ...signedBy(ask), atMs: this.#ports.clock.nowMs() };
    const record = { ...passkey, event: 'registered' } as const;
    const refused = await refuseVoteProof(proof, vote, record, this.#ports.crypto);
    return refused === null
      ? ok(proof)
      : invalid(`Your passkey did not sign exactly this vote (${refused}).`);
  }
}

const NOWHERE: RelyingParty = { origin: '', rpId: '' };

const invalid = (message: string): Result<never, VoteRefusal> =>
  err({ code: 'vote.passkey_invalid', message });

const signedBy = ({ on, voter, kind, digest, rendering }: VoteToSign) => ({
  on: { ...on, digest },
  decision: kind,
  identity: voter.identity,
  person: voter.name,
  rendering,
});
