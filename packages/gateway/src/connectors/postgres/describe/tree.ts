import type { Node } from 'libpg-query';

type KeysOf<T> = T extends unknown ? keyof T : never;
/** A node of PostgreSQL's parse tree is an object with one key, its kind. */
export type Tag = KeysOf<Node>;
export type Body<K extends Tag> = Extract<Node, Record<K, unknown>>[K];

export function tagOf(node: Node): Tag {
  for (const tag in node) return tag as Tag;
  throw new Error('a parse tree node without a kind');
}

/** The node's content if it is of this kind. */
export function as<K extends Tag>(node: Node | undefined, tag: K): Body<K> | undefined {
  return node === undefined ? undefined : (node as unknown as Partial<Record<K, Body<K>>>)[tag];
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether an object met on a walk is a node (one key, capitalised) rather than a node's content. */
export function isNode(value: unknown): value is Node & Record<string, unknown> {
  if (!isRecord(value)) return false;
  let count = 0;
  for (const key in value) {
    if (++count > 1 || key < 'A' || key > 'Z[') return false;
  }
  return count === 1;
}

/** The names of a possibly qualified name; a star or anything else that is no name is left out. */
export function nameParts(nodes: readonly Node[] | undefined): string[] {
  const parts: string[] = [];
  for (const node of nodes ?? []) {
    const name = as(node, 'String');
    if (name) parts.push(name.sval ?? '');
  }
  return parts;
}

/** Calls `visit` for every node below (and not for `root` itself unless it is a node); stops descending on false. */
export function walk(root: unknown, visit: (node: Node) => boolean): void {
  if (Array.isArray(root)) {
    for (const item of root) walk(item, visit);
    return;
  }
  if (!isRecord(root)) return;
  if (isNode(root) && !visit(root)) return;
  for (const key in root) walk(root[key], visit);
}

/** Members that say where in the text something stands. */
const positions = ['location', 'rexpr_list_start', 'rexpr_list_end', 'list_start', 'list_end'] as const;

/** Whether two parts of a tree are the same but for positions and, unless asked for, the values of literals. */
export function sameShape(a: unknown, b: unknown, literals = false): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => sameShape(item, b[i], literals));
  }
  if (!isRecord(a) || !isRecord(b)) return false;
  if (!literals && 'A_Const' in a && 'A_Const' in b) return true;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  for (const position of positions) keys.delete(position);
  return [...keys].every((key) => sameShape(a[key], b[key], literals));
}

/** Types to which a literal is cast without becoming another number or text. */
const keepingTypes = new Set(['int2', 'int4', 'int8', 'numeric', 'text', 'bool']);

function keepsText({ typeName }: Body<'TypeCast'>): boolean {
  const names = nameParts(typeName?.names);
  const builtIn = names.length === 1 || (names.length === 2 && names[0] === 'pg_catalog');
  return builtIn && keepingTypes.has(names.at(-1) ?? '') && !typeName?.typmods && !typeName?.arrayBounds;
}

/**
 * The value of a literal as text; null for NULL, undefined for anything else than a literal. A cast that may make another
 * value of it (`'10'::bit(32)::bigint` is 2147483648, `'rolex'::varchar(4)` is a role) is something else.
 */
export function literalText(node: Node | undefined): string | null | undefined {
  const cast = as(node, 'TypeCast');
  if (cast) return keepsText(cast) ? literalText(cast.arg) : undefined;
  const literal = as(node, 'A_Const');
  if (!literal) return undefined;
  if (literal.isnull) return null;
  if (literal.ival) return String(literal.ival.ival ?? 0);
  if (literal.fval) return literal.fval.fval ?? '0';
  if (literal.boolval) return literal.boolval.boolval ? 'true' : 'false';
  return literal.sval ? (literal.sval.sval ?? '') : undefined;
}
