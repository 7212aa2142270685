/** A vote on the held story, signed with a passkey. */
import { createHash } from 'node:crypto';
import { thumbprintOf, voteChallenge } from '../src/index.ts';
import type { PasskeyProof, PasskeyRecord, ProvedVote } from '../src/index.ts';
import { Authenticator, type Ceremony } from './authenticator.ts';
import { ORIGIN, PASSKEY, RENDERING, RP_ID } from './passkeys.ts';
import { heldStory, sha256 } from './support.ts';
import type { Draft } from './support.ts';

export const AT_MS = 1_760_000_002_010;
export const NONCE = 'bm9uY2U';

export const authenticator = new Authenticator();

const story = heldStory();
const formOf = (draft: Draft | undefined): string =>
  (JSON.parse(draft?.aside ?? '{}') as { form: string }).form;
export const vote: ProvedVote = {
  on: {
    kind: 'review',
    id: 'rev_01jd00000000000000000000b1',
    digest: createHash('sha256').update(formOf(story[0])).digest('hex'),
  },
  decision: 'approve',
  identity: 'p-17',
  person: 'dora',
  rendering: RENDERING,
  atMs: AT_MS,
};

export async function recordOf(of: Authenticator): Promise<PasskeyRecord> {
  const key = await thumbprintOf(of.publicKey, sha256);
  const who = { person: 'dora', identity: 'p-17', vouchedBy: null };
  return { event: 'registered', id: PASSKEY, key, origin: ORIGIN, rpId: RP_ID, ...who };
}

export async function prove(
  by = authenticator,
  changes: Partial<Ceremony> & { readonly expiresAtMs?: number } = {},
): Promise<PasskeyProof> {
  const { expiresAtMs = AT_MS + 60_000, ...ceremony } = changes;
  const challenge = await voteChallenge({ ...vote, nonce: NONCE, expiresAtMs }, sha256);
  const assertion = by.assert({ challenge, origin: ORIGIN, rpId: RP_ID, ...ceremony });
  return { ...assertion, passkey: PASSKEY, publicKey: by.publicKey, nonce: NONCE, expiresAtMs };
}
