import type {
  DelegationRequest,
  ForeseenActionRequest,
  PolicyChangeQuery,
  PolicyProposal,
  PolicyVote,
} from '@sallyport/sdk/contract';
import type { z } from 'zod';
import type { Principal } from '../core/identity.ts';
import { parseId } from '../core/ids.ts';
import type { ApiDeps } from './deps.ts';
import {
  presentApprovers,
  presentDelegation,
  presentForeseen,
  presentPolicyChange,
  presentPolicyChangeSummary,
  presentPolicySet,
} from './present-authority.ts';
import type { Call, Reply } from './route.ts';

interface IdParams {
  readonly id: string;
}

type Delegated = Awaited<ReturnType<ApiDeps['delegations']['make']>>;
type Changed = Awaited<ReturnType<ApiDeps['policies']['propose']>>;

const problem = ({
  code,
  message,
}: (Delegated & { ok: false })['error'] | (Changed & { ok: false })['error']): Reply => ({
  kind: 'problem',
  code,
  detail: message,
});

const noDelegation: Reply = {
  kind: 'problem',
  code: 'delegation.not_found',
  detail: 'There is no such delegation.',
};
const noChange: Reply = {
  kind: 'problem',
  code: 'policy_change.not_found',
  detail: 'There is no such change of policy.',
};

export async function readApprovers(
  { params }: Call<IdParams, unknown, unknown>,
  _principal: Principal,
  { store, desk, clock }: ApiDeps,
): Promise<Reply> {
  const id = parseId('rev', params.id);
  const review = id === undefined ? null : await store.read('review', { id });
  if (review === null)
    return { kind: 'problem', code: 'review.not_found', detail: 'There is no such review.' };
  const { standings } = desk.show(review);
  return { kind: 'json', body: presentApprovers(review, standings, desk.approvers(review), clock.nowMs()) };
}

export async function foreseeApprovers(
  { body }: Call<unknown, unknown, z.output<typeof ForeseenActionRequest>>,
  _principal: Principal,
  { foresight }: ApiDeps,
): Promise<Reply> {
  const { agent, action } = body;
  const { target, operation, arguments: given, datasets, onBehalfOf = null } = action;
  const found = foresight.forAction({ agent, target, operation, arguments: given, datasets, onBehalfOf });
  if (found.ok) return { kind: 'json', body: presentForeseen(body, found.value) };
  const { code, message } = found.error;
  return {
    kind: 'problem',
    code: code === 'target' ? 'target.not_found' : 'request.invalid',
    detail: message,
  };
}

export async function listDelegations(
  _call: unknown,
  _principal: Principal,
  { delegations, clock }: ApiDeps,
): Promise<Reply> {
  const nowMs = clock.nowMs();
  const all = delegations.list().map((each) => presentDelegation(each, nowMs));
  return { kind: 'json', body: { delegations: all } };
}

const delegated = (result: Delegated, { clock }: ApiDeps): Reply =>
  result.ok ? { kind: 'json', body: presentDelegation(result.value, clock.nowMs()) } : problem(result.error);

export async function makeDelegation(
  { body }: Call<unknown, unknown, z.output<typeof DelegationRequest>>,
  from: Principal,
  deps: ApiDeps,
): Promise<Reply> {
  const { to, since, until } = body;
  const fromMs = since === undefined ? null : Date.parse(since);
  return delegated(await deps.delegations.make({ from, to, fromMs, untilMs: Date.parse(until) }), deps);
}

export async function revokeDelegation(
  { params }: Call<IdParams, unknown, unknown>,
  by: Principal,
  deps: ApiDeps,
): Promise<Reply> {
  const id = parseId('dlg', params.id);
  return id === undefined ? noDelegation : delegated(await deps.delegations.revoke({ id, by }), deps);
}

export async function readPolicies(
  _call: unknown,
  _principal: Principal,
  { policies }: ApiDeps,
): Promise<Reply> {
  return { kind: 'json', body: presentPolicySet(await policies.inForce()) };
}

export async function listPolicyChanges(
  { query }: Call<unknown, z.output<typeof PolicyChangeQuery>, unknown>,
  _principal: Principal,
  { store, clock }: ApiDeps,
): Promise<Reply> {
  const { limit, before } = query;
  const cursor = before === undefined ? null : (parseId('pch', before) ?? null);
  const changes = await store.read('policyChanges', { limit, before: cursor });
  const next = changes.length === limit ? (changes.at(-1)?.id ?? null) : null;
  const nowMs = clock.nowMs();
  return {
    kind: 'json',
    body: { changes: changes.map((each) => presentPolicyChangeSummary(each, nowMs)), next },
  };
}

export async function readPolicyChange(
  { params }: Call<IdParams, unknown, unknown>,
  _principal: Principal,
  { store, clock }: ApiDeps,
): Promise<Reply> {
  const id = parseId('pch', params.id);
  const change = id === undefined ? null : await store.read('policyChange', { id });
  if (change === null) return noChange;
  return { kind: 'json', body: presentPolicyChange(change, clock.nowMs()) };
}

const changed = (result: Changed, { clock }: ApiDeps): Reply =>
  result.ok
    ? { kind: 'json', body: presentPolicyChange(result.value, clock.nowMs()) }
    : problem(result.error);

export async function proposePolicies(
  { body }: Call<unknown, unknown, z.output<typeof PolicyProposal>>,
  author: Principal,
  deps: ApiDeps,
): Promise<Reply> {
  return changed(await deps.policies.propose({ ...body, author }), deps);
}

export async function voteOnPolicies(
  { params, body }: Call<IdParams, unknown, z.output<typeof PolicyVote>>,
  voter: Principal,
  deps: ApiDeps,
): Promise<Reply> {
  const id = parseId('pch', params.id);
  return id === undefined ? noChange : changed(await deps.policies.vote({ ...body, id, voter }), deps);
}

export async function withdrawPolicies(
  { params }: Call<IdParams, unknown, unknown>,
  by: Principal,
  deps: ApiDeps,
): Promise<Reply> {
  const id = parseId('pch', params.id);
  return id === undefined ? noChange : changed(await deps.policies.withdraw({ id, by }), deps);
}
