/** Names that stand in a policy as plain text, where nothing checks them. */
import type { PolicyJson } from '../cedar.ts';

type Node = Readonly<Record<string, unknown>>;

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;
const COMPARISONS = ['contains', 'containsAll', 'containsAny', '=='];

function* nodesIn(value: unknown): Generator<Node> {
  if (!isNode(value)) return;
  yield value;
  for (const each of Object.values(value)) yield* nodesIn(each);
}

/** Identifiers of `Environment::"…"`. */
export function environmentsIn({ principal, action, resource, conditions }: PolicyJson): readonly string[] {
  const found = [...nodesIn([principal, action, resource, conditions])].flatMap(({ type, id }) =>
    type === 'Environment' && typeof id === 'string' ? [id] : [],
  );
  return [...new Set(found)];
}

/** Whether it is an attribute of `context` or `resource` with such a name. */
function isAttribute(expression: unknown, name: RegExp): boolean {
  if (!isNode(expression) || !isNode(expression['.'])) return false;
  const { left, attr } = expression['.'] as { readonly left?: unknown; readonly attr?: unknown };
  const of = isNode(left) ? left['Var'] : undefined;
  return (of === 'context' || of === 'resource') && name.test(String(attr));
}

const textsIn = (expression: unknown): readonly string[] =>
  [...nodesIn(expression)].flatMap(({ Value: value }) => (typeof value === 'string' ? [value] : []));

/** Texts that are compared with classes of data, and are none. */
export const unknownClasses = ({ conditions }: PolicyJson, classes: readonly string[]): readonly string[] =>
  comparedWith(/^classes/, conditions).filter((name) => !classes.includes(name));

/** Texts that are compared with calendars. */
export const calendarsIn = ({ conditions }: PolicyJson): readonly string[] =>
  comparedWith(/^calendars$/, conditions);

function comparedWith(attribute: RegExp, conditions: PolicyJson['conditions']): readonly string[] {
  const compared = [...nodesIn(conditions)].flatMap((each) =>
    COMPARISONS.flatMap((operator) => {
      const { left, right } = (each[operator] ?? {}) as { readonly left?: unknown; readonly right?: unknown };
      if (isAttribute(left, attribute)) return textsIn(right);
      return isAttribute(right, attribute) ? textsIn(left) : [];
    }),
  );
  return [...new Set(compared)];
}
