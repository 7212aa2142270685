/** Whether a policy can match in a situation of which only a part is known. */
import type { PolicyJson } from '../cedar.ts';
import { all, isIn, not, truthOf, type Entity, type Situation } from './ternary.ts';

type Scope = PolicyJson['principal' | 'resource' | 'action'];
type Uid = { readonly type: string; readonly id: string };

const uidOf = (json: unknown): Uid | undefined => {
  const { type, id } = (json ?? {}) as Partial<Uid>;
  return typeof type === 'string' && typeof id === 'string' ? { type, id } : undefined;
};

function equals(entity: Entity, uid: Uid | undefined): boolean | undefined {
  if (uid === undefined || entity.uid === undefined) return undefined;
  return entity.uid.type === uid.type && entity.uid.id === uid.id;
}

function inAny(entity: Entity, uids: readonly (Uid | undefined)[]): boolean | undefined {
  const found = uids.map((uid) => (uid === undefined ? undefined : isIn(entity, uid)));
  return not(all(found.map(not)));
}

function scopeMatches(scope: Scope, entity: Entity): boolean | undefined {
  const parts = scope as {
    readonly op: string;
    readonly entity?: unknown;
    readonly entities?: readonly unknown[];
    readonly entity_type?: string;
    readonly in?: { readonly entity?: unknown };
  };
  if (parts.op === 'All') return true;
  if (parts.op === '==') return equals(entity, uidOf(parts.entity));
  if (parts.op === 'in') return inAny(entity, (parts.entities ?? [parts.entity]).map(uidOf));
  if (parts.entity_type !== entity.type) return false;
  return parts.in === undefined ? true : inAny(entity, [uidOf(parts.in.entity)]);
}

/** True: it matches every request like this; false: none; undefined: that depends on what isn't known. */
export function matches(policy: PolicyJson, situation: Situation): boolean | undefined {
  const { principal, action, resource } = situation;
  const conditions = policy.conditions.map(({ kind, body }) => {
    const truth = truthOf(body, situation);
    return kind === 'when' ? truth : not(truth);
  });
  return all([
    scopeMatches(policy.principal, principal),
    scopeMatches(policy.action, action),
    scopeMatches(policy.resource, resource),
    ...conditions,
  ]);
}
