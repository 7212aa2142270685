import type { ProblemCode } from '@sallyport/sdk/contract';
import type { Principal } from '../core/identity.ts';
import { err, ok, type Result } from '../core/result.ts';
import { limits } from '../limits.ts';
import type { ApiDeps } from './deps.ts';
import type { Access } from './route.ts';

export interface AccessRefusal {
  readonly code: ProblemCode;
  readonly detail: string;
}

type GuardedAccess = Exclude<Access, { to: 'public' }>;

const unauthenticated: AccessRefusal = {
  code: 'access.unauthenticated',
  detail: 'This needs a valid token, as `Authorization: Bearer TOKEN`.',
};

/** Who calls, if they may call this; every way out of here but the last is a refusal. */
export async function admit(
  authorization: string | undefined,
  access: GuardedAccess,
  deps: ApiDeps,
): Promise<Result<Principal, AccessRefusal>> {
  const principal = await identify(authorization, deps);
  if (principal === undefined) return err(unauthenticated);
  if (access.to === 'people' && principal.kind === 'agent') {
    const detail = 'This is for people; an agent’s credential can never do it.';
    return refuse(principal, access, { code: access.agentCode, detail }, deps);
  }
  if (access.to === 'agents' && principal.kind === 'person') {
    const detail = 'This is for agents: people decide on actions, and perform none here.';
    return refuse(principal, access, { code: 'access.agents_only', detail }, deps);
  }
  if (!deps.policy.mayCall(principal, access.action)) {
    const detail = `No policy permits you Action::"${access.action}".`;
    return refuse(principal, access, { code: 'access.forbidden', detail }, deps);
  }
  return ok(principal);
}

async function identify(authorization: string | undefined, deps: ApiDeps): Promise<Principal | undefined> {
  const [, token] = /^Bearer ([\x21-\x7e]+)$/i.exec(authorization ?? '') ?? [];
  if (token === undefined || token.length > limits.apiTokenCharacters) return undefined;
  const principal = await deps.authenticate(token);
  return principal?.kind === 'person' && principal.disabled ? undefined : principal;
}

/** An agent's attempt is in the ledger before it is answered (law 7, threat B12); where that fails, it's refused too. */
async function refuse(
  principal: Principal,
  access: GuardedAccess,
  refusal: AccessRefusal,
  deps: ApiDeps,
): Promise<Result<Principal, AccessRefusal>> {
  deps.log.callRefused({ principal: principal.name, action: access.action, code: refusal.code });
  if (principal.kind === 'person') return err(refusal);
  try {
    await deps.recordRefusedCall(principal, access.action);
    return err(refusal);
  } catch (error) {
    deps.log.ledgerFailed({ error });
    return err({
      code: 'ledger.unavailable',
      detail: 'The ledger takes no entries, so nothing is answered.',
    });
  }
}
