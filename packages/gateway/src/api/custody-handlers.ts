import type { ErasureRequest } from '@sallyport/sdk/contract';
import type { z } from 'zod';
import type { Person, Principal } from '../core/identity.ts';
import type { ApiDeps } from './deps.ts';
import { timestamp } from './present.ts';
import type { Call, Reply } from './route.ts';

/** These routes are for people alone, so that no agent gets here (access.ts). */
function personOf(principal: Principal): Person {
  if (principal.kind !== 'person') throw new Error('an agent among people');
  return principal;
}

const DETAILS = {
  'erasure.reason_required': 'Say why: the reason is recorded.',
  'erasure.unknown_subject': 'Nothing is held under this name, or all of it is erased.',
  'key.not_rotatable': 'The key was not handed over: it signs as before. The gateway’s log says why.',
  'ledger.unavailable': 'The ledger can’t record it, so nothing was done.',
} as const;

const refused = (code: keyof typeof DETAILS): Reply => ({ kind: 'problem', code, detail: DETAILS[code] });

export async function eraseValues(
  { body }: Call<unknown, unknown, z.output<typeof ErasureRequest>>,
  principal: Principal,
  { custody }: ApiDeps,
): Promise<Reply> {
  const erased = await custody.erase({ ...body, by: personOf(principal) });
  if (erased.ok) {
    const { index, atMs } = erased.value;
    return { kind: 'json', body: { index, at: timestamp(atMs) } };
  }
  const { error } = erased;
  if (error.code !== 'erasure.in_use') return refused(error.code);
  const detail = `Not over yet: ${error.by.join(', ')}. Decide, withdraw or revoke them, or wait for their end.`;
  return { kind: 'problem', code: error.code, detail };
}

export async function rotateKey(_call: unknown, principal: Principal, { custody }: ApiDeps): Promise<Reply> {
  const rotated = await custody.rotate(personOf(principal));
  return rotated.ok ? { kind: 'json', body: rotated.value } : refused(rotated.error);
}
