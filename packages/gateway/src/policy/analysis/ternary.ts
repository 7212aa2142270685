/**
 * What a condition comes to when only a part of what it reads is known: a value, or that it could be several. Sound and
 * not complete: what it says to be a value is that value for every request, and what it can't tell it says so.
 */
import type { TypeAndId } from '../cedar.ts';

export type Known = string | number | boolean | readonly Known[] | TypeAndId;

/** Could be any of these (strings), or a set of some of these; `undefined`: could be anything. */
export type Value =
  | { readonly is: Known }
  | { readonly oneOf: readonly string[] }
  | { readonly subsetOf: readonly string[] }
  | undefined;

/** An entity as far as it is known. `ancestors` undefined: anything. */
export interface Entity {
  readonly uid: TypeAndId | undefined;
  readonly type: string;
  readonly ancestors: readonly TypeAndId[] | undefined;
  readonly attributes: Readonly<Record<string, Value>>;
}

export interface Situation {
  readonly principal: Entity;
  readonly action: Entity;
  readonly resource: Entity;
  readonly context: Readonly<Record<string, Value>>;
}

type Node = Readonly<Record<string, unknown>>;
type Variable = 'principal' | 'action' | 'resource';

const VARIABLES: readonly string[] = ['principal', 'action', 'resource'];
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;
const node = (value: unknown): Node => (isNode(value) ? value : {});
const known = (is: Known): Value => ({ is });
const isUid = (value: Known): value is TypeAndId => isNode(value) && 'type' in value;
const sameUid = (a: TypeAndId, b: TypeAndId): boolean => a.type === b.type && a.id === b.id;
const asTruth = (value: Value): boolean | undefined =>
  value !== undefined && 'is' in value && typeof value.is === 'boolean' ? value.is : undefined;
const fromTruth = (truth: boolean | undefined): Value => (truth === undefined ? undefined : known(truth));

export const not = (truth: boolean | undefined): boolean | undefined =>
  truth === undefined ? undefined : !truth;

/** False as soon as one is false, whatever the others are. */
export function all(truths: readonly (boolean | undefined)[]): boolean | undefined {
  if (truths.includes(false)) return false;
  return truths.includes(undefined) ? undefined : true;
}

const any = (truths: readonly (boolean | undefined)[]): boolean | undefined => not(all(truths.map(not)));

function literal(value: unknown): Known | undefined {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  const entity = node(node(value)['__entity']);
  const { type, id } = entity;
  return typeof type === 'string' && typeof id === 'string' ? { type, id } : undefined;
}

function equal(left: Value, right: Value): boolean | undefined {
  if (left === undefined || right === undefined) return undefined;
  if ('is' in left && 'is' in right) {
    if (isUid(left.is) && isUid(right.is)) return sameUid(left.is, right.is);
    return Array.isArray(left.is) || Array.isArray(right.is) ? undefined : left.is === right.is;
  }
  const [open, fixed] = 'is' in left ? [right, left] : [left, right];
  if (!('oneOf' in open) || !('is' in fixed) || typeof fixed.is !== 'string') return undefined;
  return open.oneOf.includes(fixed.is) ? undefined : false;
}

const elements = (value: Value): readonly Known[] | undefined =>
  value !== undefined && 'is' in value && Array.isArray(value.is) ? value.is : undefined;

function contains(set: Value, element: Known): boolean | undefined {
  const members = elements(set);
  if (members !== undefined) return any(members.map((each) => equal(known(each), known(element))));
  if (typeof element !== 'string') return undefined;
  const isOutside = set !== undefined && 'subsetOf' in set && !set.subsetOf.includes(element);
  return isOutside ? false : undefined;
}

/** Whether every element of `inner` is in `outer`. */
function containsAll(outer: Value, inner: Value): boolean | undefined {
  const wanted = elements(inner);
  if (wanted !== undefined) return all(wanted.map((each) => contains(outer, each)));
  const isWithin =
    inner !== undefined &&
    'subsetOf' in inner &&
    inner.subsetOf.every((each) => contains(outer, each) === true);
  return isWithin ? true : undefined;
}

function isWithin(entity: Entity, where: Value): boolean | undefined {
  const places = elements(where) ?? (where !== undefined && 'is' in where ? [where.is] : undefined);
  if (places === undefined) return undefined;
  return any(places.map((place) => (isUid(place) ? isIn(entity, place) : undefined)));
}

export function isIn({ uid, ancestors }: Entity, place: TypeAndId): boolean | undefined {
  const itself = uid === undefined ? undefined : sameUid(uid, place);
  const above = ancestors?.some((each) => sameUid(each, place));
  return any([itself, above]);
}

class Evaluation {
  readonly #situation: Situation;

  constructor(situation: Situation) {
    this.#situation = situation;
  }

  truth(expression: unknown): boolean | undefined {
    return asTruth(this.value(expression));
  }

  value(expression: unknown): Value {
    const [operator = ''] = Object.keys(node(expression));
    const parts = node(node(expression)[operator]);
    return this.#table[operator]?.(parts, expression);
  }

  readonly #table: Readonly<Record<string, (parts: Node, expression: unknown) => Value>> = {
    Value: (_, expression) => {
      const found = literal(node(expression)['Value']);
      return found === undefined ? undefined : known(found);
    },
    Var: (_, expression) => this.#uidOf(node(expression)['Var']),
    Set: (_, expression) => this.#set(node(expression)['Set']),
    '&&': ({ left, right }) => fromTruth(all([this.truth(left), this.truth(right)])),
    '||': ({ left, right }) => fromTruth(any([this.truth(left), this.truth(right)])),
    '!': ({ arg }) => fromTruth(not(this.truth(arg))),
    '==': ({ left, right }) => fromTruth(equal(this.value(left), this.value(right))),
    '!=': ({ left, right }) => fromTruth(not(equal(this.value(left), this.value(right)))),
    '.': ({ left, attr }) => this.#attribute(left, String(attr)),
    in: ({ left, right }) => fromTruth(this.#within(left, this.value(right))),
    is: (parts) => fromTruth(this.#is(parts)),
    contains: ({ left, right }) => fromTruth(this.#contains(left, right)),
    containsAll: ({ left, right }) => fromTruth(containsAll(this.value(left), this.value(right))),
    containsAny: ({ left, right }) => fromTruth(this.#containsAny(left, right)),
    'if-then-else': (parts) => this.#choice(parts),
  };

  #entity(expression: unknown): Entity | undefined {
    const name = node(expression)['Var'];
    return typeof name === 'string' && VARIABLES.includes(name)
      ? this.#situation[name as Variable]
      : undefined;
  }

  #uidOf(name: unknown): Value {
    const uid = this.#entity({ Var: name })?.uid;
    return uid === undefined ? undefined : known(uid);
  }

  #set(members: unknown): Value {
    const values = Array.isArray(members) ? members.map((each) => this.value(each)) : [undefined];
    const isKnown = values.every((value) => value !== undefined && 'is' in value);
    return isKnown ? known(values.map((value) => value.is)) : undefined;
  }

  #attribute(left: unknown, name: string): Value {
    if (node(left)['Var'] === 'context') return this.#situation.context[name];
    return this.#entity(left)?.attributes[name];
  }

  #within(left: unknown, where: Value): boolean | undefined {
    const entity = this.#entity(left);
    return entity === undefined ? undefined : isWithin(entity, where);
  }

  #is({ left, entity_type: type, in: where }: Node): boolean | undefined {
    const entity = this.#entity(left);
    if (entity === undefined) return undefined;
    if (entity.type !== type) return false;
    return where === undefined ? true : this.#within(left, this.value(where));
  }

  #contains(set: unknown, element: unknown): boolean | undefined {
    const wanted = this.value(element);
    return wanted !== undefined && 'is' in wanted ? contains(this.value(set), wanted.is) : undefined;
  }

  #containsAny(left: unknown, right: unknown): boolean | undefined {
    const [a, b] = [this.value(left), this.value(right)];
    const [set, wanted] = elements(b) === undefined ? [b, elements(a)] : [a, elements(b)];
    return wanted === undefined ? undefined : any(wanted.map((each) => contains(set, each)));
  }

  #choice(parts: Node): Value {
    const chosen = this.truth(parts['if']);
    if (chosen !== undefined) return this.value(parts[chosen ? 'then' : 'else']);
    const [yes, no] = [this.truth(parts['then']), this.truth(parts['else'])];
    return yes === no ? fromTruth(yes) : undefined;
  }
}

/** An expression of a policy's JSON form, in a situation: true, false, or undefined where it could be either. */
export const truthOf = (expression: unknown, situation: Situation): boolean | undefined =>
  new Evaluation(situation).truth(expression);
