import type {
  ProposalRequest,
  ReplayRequest,
  RevocationRequest,
  StandingQuery,
  VoteRequest,
} from '@sallyport/sdk/contract';
import type { z } from 'zod';
import type { Principal } from '../core/identity.ts';
import { parseId, type StandingId } from '../core/ids.ts';
import type { StandingGrant } from '../core/standing.ts';
import type { StandingWish } from '../ports.ts';
import type { ApiDeps } from './deps.ts';
import { signedAssertionOf } from './passkey-handlers.ts';
import { presentReplay, presentStanding, presentStandingSummary } from './present-standing.ts';
import type { Call, Reply } from './route.ts';

interface IdParams {
  readonly id: string;
}

type Terms = Omit<z.output<typeof ProposalRequest>, 'reason'>;

const notFound: Reply = {
  kind: 'problem',
  code: 'standing.not_found',
  detail: 'There is no such standing grant.',
};
const noReview: Reply = { kind: 'problem', code: 'review.not_found', detail: 'There is no such review.' };

/** `null` where it isn't said. */
function wishOf(terms: Terms): StandingWish {
  return {
    constraints: terms.constraints.map(({ field, constraint }) => ({ name: field, constraint })),
    maxUses: terms.maxUses,
    maxRowsPerUse: terms.maxRowsPerUse ?? null,
    maxRows: terms.maxRows ?? null,
    validFromMs: terms.validFrom === undefined ? null : Date.parse(terms.validFrom),
    validUntilMs: Date.parse(terms.validUntil),
  };
}

function show(grant: StandingGrant, { standing, clock }: ApiDeps): Reply {
  const shown = { ...standing.show(grant), readAtMs: clock.nowMs() };
  return { kind: 'json', body: presentStanding(grant, shown) };
}

type Stood = Awaited<ReturnType<ApiDeps['standing']['vote']>>;

/** What the desk says, as an answer: the grant after it, or why not. */
function stood(result: Stood, deps: ApiDeps): Reply {
  if (result.ok) return show(result.value, deps);
  return { kind: 'problem', code: result.error.code, detail: result.error.message };
}

export async function proposeStanding(
  { params, body }: Call<IdParams, unknown, z.output<typeof ProposalRequest>>,
  proposer: Principal,
  deps: ApiDeps,
): Promise<Reply> {
  const review = parseId('rev', params.id);
  if (review === undefined) return noReview;
  const { reason, ...terms } = body;
  return stood(await deps.standing.propose({ review, proposer, reason, wish: wishOf(terms) }), deps);
}

export async function previewStanding(
  { body }: Call<unknown, unknown, z.output<typeof ReplayRequest>>,
  proposer: Principal,
  { standing }: ApiDeps,
): Promise<Reply> {
  const replayed = await replayOf(body, proposer, standing);
  if (replayed === undefined) return noReview;
  if (replayed.ok) return { kind: 'json', body: presentReplay(replayed.value) };
  return { kind: 'problem', code: replayed.error.code, detail: replayed.error.message };
}

async function replayOf(
  body: z.output<typeof ReplayRequest>,
  proposer: Principal,
  standing: ApiDeps['standing'],
) {
  // The contract has checked the form of both ids.
  if ('standing' in body) return standing.replay(body.standing as StandingId);
  const { review: id, ...terms } = body;
  const review = parseId('rev', id);
  return review === undefined ? undefined : standing.preview({ review, proposer, wish: wishOf(terms) });
}

export async function listStanding(
  { query }: Call<unknown, z.output<typeof StandingQuery>, unknown>,
  _principal: Principal,
  { store, clock }: ApiDeps,
): Promise<Reply> {
  const atMs = clock.nowMs();
  const { status, agent, limit, before } = query;
  const grants = await store.read('standings', {
    status: status ?? null,
    agent: agent ?? null,
    atMs,
    limit,
    before: before === undefined ? null : (parseId('std', before) ?? null),
  });
  const next = grants.length === limit ? (grants.at(-1)?.id ?? null) : null;
  const standingGrants = grants.map((grant) => presentStandingSummary(grant, atMs));
  return { kind: 'json', body: { standingGrants, next } };
}

export async function readStanding(
  { params }: Call<IdParams, unknown, unknown>,
  _principal: Principal,
  deps: ApiDeps,
): Promise<Reply> {
  const id = parseId('std', params.id);
  const grant = id === undefined ? null : await deps.store.read('standing', { id });
  return grant === null ? notFound : show(grant, deps);
}

export async function voteOnStanding(
  { params, body }: Call<IdParams, unknown, z.output<typeof VoteRequest>>,
  voter: Principal,
  deps: ApiDeps,
): Promise<Reply> {
  const standing = parseId('std', params.id);
  if (standing === undefined) return notFound;
  const { passkey: signed, ...vote } = body;
  const passkey = signedAssertionOf(signed);
  const result = await deps.standing.vote({ standing, voter, ...vote, passkey });
  if (result.ok || result.error.code !== 'vote.passkey_required') return stood(result, deps);
  const detail = `${result.error.message} Open ${deps.publicUrl}/standing-grants/${standing}/sign`;
  return { kind: 'problem', code: result.error.code, detail };
}

export async function revokeStanding(
  { params, body }: Call<IdParams, unknown, z.output<typeof RevocationRequest>>,
  revoker: Principal,
  deps: ApiDeps,
): Promise<Reply> {
  const standing = parseId('std', params.id);
  if (standing === undefined) return notFound;
  return stood(await deps.standing.revoke({ standing, revoker, ...body }), deps);
}
