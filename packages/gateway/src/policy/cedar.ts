import {
  checkParseSchema,
  getValidRequestEnvsPolicy,
  policyToJson,
  policyToText,
  preparsePolicySet,
  schemaToJson,
  statefulIsAuthorized,
  validate,
  type DetailedError,
  type EntityJson,
  type PolicyJson,
  type TypeAndId,
} from '@cedar-policy/cedar-wasm/nodejs';

export { checkParseSchema, getValidRequestEnvsPolicy, policyToJson, policyToText, schemaToJson, validate };
/** For benches, which measure against them; everybody else asks through `ask`. */
export { preparsePolicySet, statefulIsAuthorized };
export type { DetailedError, EntityJson, PolicyJson, TypeAndId };

/** Policy texts by id. `gate`: permits and plain forbids. `review`: forbids with `@review`. */
export interface PolicySets {
  readonly gate: Readonly<Record<string, string>>;
  readonly review: Readonly<Record<string, string>>;
  /** Sets that are asked side by side have a slot each; absent: 0. There are few: none is ever given back. */
  readonly slot?: number;
}

export interface Question {
  readonly principal: TypeAndId;
  readonly action: TypeAndId;
  readonly resource: TypeAndId;
  readonly context: Readonly<Record<string, string | number | boolean | string[]>>;
  readonly entities: EntityJson[];
}

export interface Answer {
  readonly allowed: boolean;
  /** Sorted ids of the policies that made it so: the matching forbids, or else the matching permits. */
  readonly policies: readonly string[];
  /** Sorted ids of the policies that could not be evaluated. */
  readonly failed: readonly string[];
}

const idOf = (which: 'gate' | 'review', slot: number): string => `sallyport.${which}.${slot.toString()}`;

/**
 * Which sets the engine holds under the fixed ids of each slot. It never forgets an id, so that an id for each version
 * would leak; one thread has one engine, and whoever asks with other sets than the slot's last one pays for parsing them.
 */
const resident = new Map<number, PolicySets>();

/** @throws Error where the engine refuses the sets. */
export function load(sets: PolicySets): void {
  const { slot = 0 } = sets;
  resident.delete(slot);
  for (const which of ['gate', 'review'] as const) {
    const answer = preparsePolicySet(idOf(which, slot), { staticPolicies: { ...sets[which] } });
    if (answer.type === 'failure') throw new Error(answer.errors.map((error) => error.message).join('; '));
  }
  resident.set(slot, sets);
}

/** @throws Error where the engine can't answer; callers refuse then. */
export function ask(sets: PolicySets, which: 'gate' | 'review', question: Question): Answer {
  const { slot = 0 } = sets;
  if (resident.get(slot) !== sets) load(sets);
  const answer = statefulIsAuthorized({ ...question, preparsedPolicySetId: idOf(which, slot) });
  if (answer.type === 'failure') throw new Error(answer.errors.map((error) => error.message).join('; '));
  const { decision, diagnostics } = answer.response;
  return {
    allowed: decision === 'allow',
    policies: diagnostics.reason.toSorted(),
    failed: diagnostics.errors.map((error) => error.policyId).toSorted(),
  };
}
