import { canonicalString, canonicalize } from '@sallyport/verifier';
import type { ActionId } from './ids.ts';
import type { Requester, Target } from './identity.ts';

/** One bound value, as it came over the wire. */
export interface Parameter {
  /** The protocol's own name or number of the type; for PostgreSQL the type's OID, 0 where the client left it open. */
  readonly type: number | string;
  readonly format: 'text' | 'binary';
  /** Text as it is; binary as base64url without padding; null is SQL NULL. */
  readonly value: string | null;
}

/** What must still hold when the action runs; part of the digest. Keys are the connector's own, values are text. */
export type Preconditions = Readonly<Record<string, string>>;

/**
 * One operation that an agent attempts on one target. `command` is exactly what will be sent: the connector refuses
 * bytes that are not UTF-8, so that text and bytes determine each other.
 */
export interface Action {
  readonly id: ActionId;
  readonly requester: Requester;
  readonly target: Target;
  readonly command: string;
  readonly parameters: readonly Parameter[];
  readonly preconditions: Preconditions;
}

type Bound = Omit<Action, 'id'>;

const canonicalParameters = (parameters: readonly Parameter[]): string =>
  parameters.length === 0
    ? '[]'
    : canonicalize(parameters.map((p) => ({ format: p.format, type: p.type, value: p.value })));

/** A session's statements share one object until something changes, and then get another. */
const preconditionForms = new WeakMap<Preconditions, string>();

function canonicalPreconditions(preconditions: Preconditions): string {
  const known = preconditionForms.get(preconditions);
  if (known !== undefined) return known;
  const form = canonicalize(preconditions);
  preconditionForms.set(preconditions, form);
  return form;
}

/**
 * The canonical form (spec/action.md): RFC 8785 JSON. Equal forms mean equal bytes, and the other way round.
 * Written out member by member, in RFC 8785's order, because every action passes here.
 */
export function canonicalAction(action: Bound): string {
  const { requester, target } = action;
  return (
    `{"agent":${canonicalString(requester.agent)}` +
    `,"command":${canonicalString(action.command)}` +
    `,"environment":${canonicalString(target.environment)}` +
    `,"onBehalfOf":${canonicalString(requester.onBehalfOf)}` +
    `,"parameters":${canonicalParameters(action.parameters)}` +
    `,"preconditions":${canonicalPreconditions(action.preconditions)}` +
    `,"protocol":${canonicalString(target.protocol)}` +
    `,"target":${canonicalString(target.name)}` +
    `,"version":"sallyport/action/v1"}`
  );
}
