import type {
  Assertion,
  RegistrationRequest,
  VoteChallengeRequest,
  VoteRequest,
} from '@sallyport/sdk/contract';
import type { z } from 'zod';
import type { Person, Principal } from '../core/identity.ts';
import { parseId } from '../core/ids.ts';
import type { Passkey, PasskeyRefusal } from '../core/passkey.ts';
import type { Result } from '../core/result.ts';
import type { PasskeyAssertion, SignedAssertion } from '../ports.ts';
import type { ApiDeps } from './deps.ts';
import { presentOffer, presentPasskey, presentSigning } from './present-passkeys.ts';
import type { Call, Reply } from './route.ts';

interface IdParams {
  readonly id: string;
}

/** These routes are for people alone, so that no agent gets here (access.ts). */
function personOf(principal: Principal): Person {
  if (principal.kind !== 'person') throw new Error('an agent among people');
  return principal;
}

/** @param present what is answered where it went well. */
function replyOf<T>(result: Result<T, PasskeyRefusal>, present: (value: T) => object): Reply {
  if (result.ok) return { kind: 'json', body: present(result.value) };
  return { kind: 'problem', code: result.error.code, detail: result.error.message };
}

function assertionOf({ id, response }: z.output<typeof Assertion>): PasskeyAssertion {
  const { authenticatorData, clientDataJSON, signature } = response;
  return { credential: id, authenticatorData, clientDataJSON, signature };
}

/** The signature of a vote as a surface hands it in; undefined for a vote that nobody signed. */
export const signedAssertionOf = (
  signed: z.output<typeof VoteRequest>['passkey'],
): SignedAssertion | undefined => signed && { ...assertionOf(signed.assertion), nonce: signed.nonce };

export async function listPasskeys(_call: unknown, principal: Principal, deps: ApiDeps): Promise<Reply> {
  const passkeys = await deps.passkeys.list(personOf(principal));
  return { kind: 'json', body: { passkeys: passkeys.map(presentPasskey) } };
}

export async function offerRegistration(_call: unknown, principal: Principal, deps: ApiDeps): Promise<Reply> {
  const person = personOf(principal);
  return replyOf(await deps.passkeys.offerRegistration(person), (offer) =>
    presentOffer(offer, person, deps.clock.nowMs()),
  );
}

export async function registerPasskey(
  { body }: Call<unknown, unknown, z.output<typeof RegistrationRequest>>,
  principal: Principal,
  { passkeys }: ApiDeps,
): Promise<Reply> {
  const { nonce, label, credential, vouching } = body;
  const registered: Result<Passkey, PasskeyRefusal> = await passkeys.register({
    person: personOf(principal),
    nonce,
    label,
    credential: { credential: credential.id, ...credential.response },
    vouching: vouching === null ? null : assertionOf(vouching),
  });
  return replyOf(registered, presentPasskey);
}

export async function revokePasskey(
  { params }: Call<IdParams, unknown, unknown>,
  principal: Principal,
  { passkeys }: ApiDeps,
): Promise<Reply> {
  const id = parseId('pky', params.id);
  if (id === undefined)
    return { kind: 'problem', code: 'passkey.not_found', detail: 'You have no such passkey.' };
  return replyOf(await passkeys.revoke(personOf(principal), id), presentPasskey);
}

export async function challengeVote(
  { params, body }: Call<IdParams, unknown, z.output<typeof VoteChallengeRequest>>,
  principal: Principal,
  { passkeys, clock }: ApiDeps,
): Promise<Reply> {
  const review = parseId('rev', params.id);
  if (review === undefined)
    return { kind: 'problem', code: 'review.not_found', detail: 'There is no such review.' };
  const voter = personOf(principal);
  const on = { kind: 'review', id: review } as const;
  return replyOf(await passkeys.offerVote({ on, voter, ...body }), (offer) => ({
    review,
    ...presentSigning(offer, voter, clock.nowMs()),
  }));
}

export async function challengeStandingVote(
  { params, body }: Call<IdParams, unknown, z.output<typeof VoteChallengeRequest>>,
  principal: Principal,
  { passkeys, clock }: ApiDeps,
): Promise<Reply> {
  const standing = parseId('std', params.id);
  if (standing === undefined)
    return { kind: 'problem', code: 'standing.not_found', detail: 'There is no such standing grant.' };
  const voter = personOf(principal);
  const on = { kind: 'standing', id: standing } as const;
  return replyOf(await passkeys.offerVote({ on, voter, ...body }), (offer) => ({
    standing,
    ...presentSigning(offer, voter, clock.nowMs()),
  }));
}
