import type {
  ActionQuery,
  ActionRequest,
  OutcomeReport,
  RedeemRequest,
  WithdrawRequest,
} from '@sallyport/sdk/contract';
import type { z } from 'zod';
import type { Agent, Principal } from '../core/identity.ts';
import { parseId, type ActionId } from '../core/ids.ts';
import { limits } from '../limits.ts';
import type { OwnAction, SubmissionView } from '../ports.ts';
import { etagOf, names } from './conditional.ts';
import type { Serving } from './deps.ts';
import { presentAction, presentGrant } from './present-action.ts';
import { timestamp } from './present.ts';
import { actionProblem } from './problems.ts';
import type { Call, Reply } from './route.ts';

interface IdParams {
  readonly id: string;
}

const notFound: Reply = {
  kind: 'problem',
  code: 'action.not_found',
  detail: 'There is no such action of yours.',
};

/** Visible ASCII: it is compared, never shown. */
const idempotencyKey = /^[\x21-\x7e]{1,200}$/;

/** Undefined: the header is not a key. Null: there is none. */
export function keyOf(headers: Headers): string | null | undefined {
  const key = headers.get('idempotency-key');
  if (key === null) return null;
  return idempotencyKey.test(key) ? key : undefined;
}

export const malformedKey: Reply = {
  kind: 'problem',
  code: 'idempotency.malformed',
  detail: 'An Idempotency-Key has 1 to 200 visible characters of ASCII.',
};

/** The table lets only agents here. */
function agentOf(principal: Principal): Agent {
  if (principal.kind !== 'agent') throw new Error('a person where only agents get');
  return principal;
}

const ownOf = (id: string, principal: Principal): OwnAction | undefined => {
  const action: ActionId | undefined = parseId('act', id);
  return action === undefined ? undefined : { agent: agentOf(principal), id: action };
};

const instanceOf = (id: string): string => `/v1/actions/${id}`;

export async function submitAction(
  { body, headers, client }: Call<unknown, unknown, z.output<typeof ActionRequest>>,
  principal: Principal,
  { actions, publicUrl }: Serving,
): Promise<Reply> {
  const key = keyOf(headers);
  if (key === undefined) return malformedKey;
  const { title, statedTask, onBehalfOf = null, supersedes = null, session = null, ...said } = body;
  const words = [title, statedTask].filter((text) => text !== '').join('\n');
  const asked = { ...said, statedTask: words, onBehalfOf, supersedes, session };
  const submitted = await actions.submit({ ...asked, agent: agentOf(principal), client, key });
  if (!submitted.ok) return actionProblem(submitted.error, null);
  const { submission } = submitted.value;
  if (submission.state.status === 'refused')
    return actionProblem(submission.state.refusal, instanceOf(submission.id));
  const state = presentAction(submitted.value, publicUrl);
  return { kind: 'json', body: state, status: state.status === 'pending' ? 202 : 200 };
}

/** With `wait` it answers when there is something else to say than the caller knows, or when the time is over. */
export async function readAction(
  { params, query, headers }: Call<IdParams, z.output<typeof ActionQuery>, unknown>,
  principal: Principal,
  serving: Serving,
): Promise<Reply> {
  const own = ownOf(params.id, principal);
  if (own === undefined) return notFound;
  const known = headers.get('if-none-match');
  const isNews = (state: ReturnType<typeof presentAction>, etag: string): boolean =>
    known === null ? state.status !== 'pending' : !names(known, etag);
  const deadlineMs = serving.clock.monotonicMs() + query.wait * 1_000;
  for (;;) {
    const view = await serving.actions.read(own);
    if (!view.ok) return actionProblem(view.error, null);
    const state = presentAction(view.value, serving.publicUrl);
    const etag = etagOf(state, serving.hashing);
    const leftMs = Math.min(deadlineMs - serving.clock.monotonicMs(), limits.actionWaitMs);
    if (isNews(state, etag)) return { kind: 'json', body: state, etag };
    if (leftMs <= 0)
      return names(known, etag) ? { kind: 'unchanged', etag } : { kind: 'json', body: state, etag };
    await changeOf({ view: view.value, etag, own }, leftMs, serving);
  }
}

interface Seen {
  readonly view: SubmissionView;
  readonly etag: string;
  readonly own: OwnAction;
}

/** Resolves when the action may have changed, or after that time. */
async function changeOf({ view, etag, own }: Seen, timeMs: number, serving: Serving): Promise<void> {
  const { actions, clock, publicUrl, hashing } = serving;
  const { promise, resolve } = Promise.withResolvers<void>();
  const unwatch = actions.watch(view, resolve);
  const cancel = clock.after(timeMs, resolve);
  try {
    // What changed between the look and the watch would be heard by nobody.
    const now = await actions.read(own);
    const isSame = now.ok && etagOf(presentAction(now.value, publicUrl), hashing) === etag;
    if (isSame) await promise;
  } finally {
    unwatch();
    cancel();
  }
}

export async function grantAction(
  { params, headers }: Call<IdParams, unknown, unknown>,
  principal: Principal,
  { actions }: Serving,
): Promise<Reply> {
  const own = ownOf(params.id, principal);
  if (own === undefined) return notFound;
  const granted = await actions.grant({ ...own, proof: headers.get('dpop') ?? '' });
  if (!granted.ok) return actionProblem(granted.error, instanceOf(own.id));
  return { kind: 'json', body: presentGrant(granted.value, actions.issuer) };
}

export async function reportOutcome(
  { params, body }: Call<IdParams, unknown, z.output<typeof OutcomeReport>>,
  principal: Principal,
  { actions, publicUrl }: Serving,
): Promise<Reply> {
  const own = ownOf(params.id, principal);
  if (own === undefined) return notFound;
  const reported = await actions.report({ ...own, outcome: body });
  if (!reported.ok) return actionProblem(reported.error, instanceOf(own.id));
  return { kind: 'json', body: presentAction(reported.value, publicUrl) };
}

export async function withdrawAction(
  { params, body }: Call<IdParams, unknown, z.output<typeof WithdrawRequest>>,
  principal: Principal,
  { actions, publicUrl }: Serving,
): Promise<Reply> {
  const own = ownOf(params.id, principal);
  if (own === undefined) return notFound;
  const withdrawn = await actions.withdraw({ ...own, reason: body.reason });
  if (!withdrawn.ok) return actionProblem(withdrawn.error, instanceOf(own.id));
  return { kind: 'json', body: presentAction(withdrawn.value, publicUrl) };
}

/** Whoever shows a grant, with a proof by its key for this very request, is the one whom it was handed out for. */
export async function redeemGrant(
  call: Call<unknown, unknown, unknown>,
  _nobody: null,
  { actions }: Serving,
): Promise<Reply> {
  const body = call.body as z.output<typeof RedeemRequest>;
  const redeemed = await actions.redeem(body);
  if (!redeemed.ok) return actionProblem(redeemed.error, null);
  const { submission, review, atMs } = redeemed.value;
  const { agent, onBehalfOf } = submission.requester;
  const action = submission.state.status === 'granted' ? submission.state.action : submission.id;
  return { kind: 'json', body: { action, review, agent, onBehalfOf, redeemedAt: timestamp(atMs) } };
}

export async function readKeys(_call: unknown, _nobody: null, { actions }: Serving): Promise<Reply> {
  return { kind: 'json', body: actions.keys };
}
