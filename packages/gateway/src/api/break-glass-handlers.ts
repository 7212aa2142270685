import type {
  BreakGlassChallengeRequest,
  BreakGlassClosing,
  BreakGlassQuery,
  BreakGlassRequest,
  BreakGlassSignature,
  OutcomeReport,
} from '@sallyport/sdk/contract';
import type { z } from 'zod';
import type { PreparedUse } from '../core/break-glass.ts';
import type { Person, Principal } from '../core/identity.ts';
import { parseId, type BreakGlassId } from '../core/ids.ts';
import type { UseView } from '../ports.ts';
import type { ApiDeps } from './deps.ts';
import { presentGrant } from './present-action.ts';
import { presentPrepared, presentUse, presentUseSummary } from './present-break-glass.ts';
import { presentSigning } from './present-passkeys.ts';
import { signedAssertionOf } from './passkey-handlers.ts';
import { actionProblem } from './problems.ts';
import type { Call, Reply } from './route.ts';

interface IdParams {
  readonly id: string;
}

/** These routes are for people alone, so that no agent gets here (access.ts). */
function personOf(principal: Principal): Person {
  if (principal.kind !== 'person') throw new Error('an agent among people');
  return principal;
}

const notFound: Reply = {
  kind: 'problem',
  code: 'break_glass.not_found',
  detail: 'There is no such use of break-glass.',
};

type Refused =
  Parameters<typeof actionProblem>[0] | { readonly code: BreakGlassCode; readonly message: string };
type BreakGlassCode = Extract<Reply, { kind: 'problem' }>['code'];

/** What the desk refuses, as an answer. */
const refuse = (error: Refused): Reply =>
  'hint' in error ? actionProblem(error, null) : { kind: 'problem', code: error.code, detail: error.message };

const showingOf = (use: UseView['use'] | PreparedUse, deps: ApiDeps) => ({
  readAtMs: deps.clock.nowMs(),
  publicUrl: deps.publicUrl,
  reviewers: deps.breakGlassReviews.reviewersOf(use),
});

const showDraft = (draft: PreparedUse, deps: ApiDeps): Reply => ({
  kind: 'json',
  body: presentPrepared(draft, showingOf(draft, deps)),
});

const show = ({ use, submission }: UseView, deps: ApiDeps): Reply => ({
  kind: 'json',
  body: presentUse(use, submission, showingOf(use, deps)),
});

const ownOf = ({ id }: IdParams, principal: Principal) => {
  const known: BreakGlassId | undefined = parseId('bgl', id);
  return known === undefined ? undefined : { id: known, person: personOf(principal) };
};

export async function prepareBreakGlass(
  { body, client }: Call<unknown, unknown, z.output<typeof BreakGlassRequest>>,
  principal: Principal,
  deps: ApiDeps,
): Promise<Reply> {
  const prepared = await deps.breakGlass.prepare({ ...body, person: personOf(principal), client });
  return prepared.ok ? showDraft(prepared.value, deps) : refuse(prepared.error);
}

export async function challengeBreakGlass(
  { params, body }: Call<IdParams, unknown, z.output<typeof BreakGlassChallengeRequest>>,
  principal: Principal,
  { breakGlass, clock }: ApiDeps,
): Promise<Reply> {
  const own = ownOf(params, principal);
  if (own === undefined) return notFound;
  const offered = await breakGlass.offer({ ...own, ...body });
  if (!offered.ok) return refuse(offered.error);
  const signing = presentSigning(offered.value, own.person, clock.nowMs());
  return { kind: 'json', body: { breakGlass: own.id, ...signing } };
}

export async function signBreakGlass(
  { params, body }: Call<IdParams, unknown, z.output<typeof BreakGlassSignature>>,
  principal: Principal,
  deps: ApiDeps,
): Promise<Reply> {
  const own = ownOf(params, principal);
  if (own === undefined) return notFound;
  const { passkey, ...shown } = body;
  const opened = await deps.breakGlass.open({ ...own, ...shown, assertion: signedAssertionOf(passkey) });
  return opened.ok ? show(opened.value, deps) : refuse(opened.error);
}

export async function listBreakGlass(
  { query }: Call<unknown, z.output<typeof BreakGlassQuery>, unknown>,
  _principal: Principal,
  { store }: ApiDeps,
): Promise<Reply> {
  const { state, limit, before } = query;
  const uses = await store.read('breakGlasses', {
    open: state === undefined ? null : state === 'open',
    limit,
    before: before === undefined ? null : (parseId('bgl', before) ?? null),
  });
  const next = uses.length === limit ? (uses.at(-1)?.id ?? null) : null;
  return { kind: 'json', body: { uses: uses.map(presentUseSummary), next } };
}

/** What nobody has signed is its own person's alone. */
export async function readBreakGlass(
  { params }: Call<IdParams, unknown, unknown>,
  principal: Principal,
  deps: ApiDeps,
): Promise<Reply> {
  const own = ownOf(params, principal);
  if (own === undefined) return notFound;
  const use = await deps.store.read('breakGlass', { id: own.id });
  if (use !== null)
    return show({ use, submission: await deps.store.read('submission', { id: use.subject.action }) }, deps);
  const draft = deps.breakGlass.prepared(own);
  return draft === undefined ? notFound : showDraft(draft, deps);
}

export async function grantBreakGlass(
  { params, headers }: Call<IdParams, unknown, unknown>,
  principal: Principal,
  { actions, breakGlass }: ApiDeps,
): Promise<Reply> {
  const own = ownOf(params, principal);
  if (own === undefined) return notFound;
  const granted = await breakGlass.grant({ ...own, proof: headers.get('dpop') ?? '' });
  if (!granted.ok) return refuse(granted.error);
  return { kind: 'json', body: presentGrant(granted.value, actions.issuer) };
}

export async function reportBreakGlass(
  { params, body }: Call<IdParams, unknown, z.output<typeof OutcomeReport>>,
  principal: Principal,
  deps: ApiDeps,
): Promise<Reply> {
  const own = ownOf(params, principal);
  if (own === undefined) return notFound;
  const reported = await deps.breakGlass.report({ ...own, outcome: body });
  return reported.ok ? show(reported.value, deps) : refuse(reported.error);
}

export async function closeBreakGlass(
  { params, body }: Call<IdParams, unknown, z.output<typeof BreakGlassClosing>>,
  principal: Principal,
  deps: ApiDeps,
): Promise<Reply> {
  const own = ownOf(params, principal);
  if (own === undefined) return notFound;
  const closed = await deps.breakGlassReviews.close({ ...body, id: own.id, reviewer: own.person });
  if (!closed.ok) return refuse(closed.error);
  const { action: id } = closed.value.subject;
  return show({ use: closed.value, submission: await deps.store.read('submission', { id }) }, deps);
}
