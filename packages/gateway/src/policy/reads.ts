import type { PolicyJson } from './cedar.ts';

/** What a policy looks at besides the action; what it does not look at can't change its answer. */
export interface Reads {
  readonly principal: boolean;
  readonly resource: boolean;
  /** Names of the attributes of `context`, or all of them where the policy handles it whole. */
  readonly context: readonly string[] | 'all';
}

interface Finding {
  principal: boolean;
  resource: boolean;
  whole: boolean;
  readonly attributes: Set<string>;
}

type Node = Readonly<Record<string, unknown>>;

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;
const variable = (value: unknown): unknown => (isNode(value) ? value['Var'] : undefined);
const fields = (value: unknown): Node => (isNode(value) ? value : {});

/** `context.a` and `context has a.b` read the attribute `a`; undefined for any other expression. */
function contextAttribute(expression: Node): string | undefined {
  for (const operator of ['.', 'has']) {
    const { left, attr } = fields(expression[operator]) as { left?: unknown; attr?: unknown };
    const name: unknown = Array.isArray(attr) ? attr[0] : attr;
    if (variable(left) === 'context' && typeof name === 'string') return name;
  }
  return undefined;
}

/** A type test reads nothing of the entity: what is asked for fixes the type of principal and resource. */
function isTypeTest(expression: Node): boolean {
  const test = fields(expression['is']);
  return variable(test['left']) !== undefined && test['in'] === undefined;
}

function visit(expression: unknown, found: Finding): void {
  if (Array.isArray(expression)) {
    for (const each of expression) visit(each, found);
    return;
  }
  if (!isNode(expression) || isTypeTest(expression)) return;
  const attribute = contextAttribute(expression);
  if (attribute !== undefined) {
    found.attributes.add(attribute);
    return;
  }
  const name = variable(expression);
  if (name === 'principal') found.principal = true;
  if (name === 'resource') found.resource = true;
  if (name === 'context') found.whole = true;
  for (const each of Object.values(expression)) visit(each, found);
}

const isTyped = (scope: PolicyJson['principal' | 'resource']): boolean =>
  scope.op === 'All' || (scope.op === 'is' && scope.in === undefined);

export function readsOf(policy: PolicyJson): Reads {
  const found: Finding = {
    principal: !isTyped(policy.principal),
    resource: !isTyped(policy.resource),
    whole: false,
    attributes: new Set(),
  };
  visit(policy.conditions, found);
  return {
    principal: found.principal,
    resource: found.resource,
    context: found.whole ? 'all' : [...found.attributes].sort(),
  };
}

export function mergeReads(all: readonly Reads[]): Reads {
  return {
    principal: all.some((reads) => reads.principal),
    resource: all.some((reads) => reads.resource),
    context: all.some((reads) => reads.context === 'all')
      ? 'all'
      : [...new Set(all.flatMap((reads) => reads.context))].sort(),
  };
}
