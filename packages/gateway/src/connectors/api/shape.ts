import { canonicalize } from '@sallyport/verifier';

type Json = Parameters<typeof canonicalize>[0];

/**
 * By what submitted calls are alike that differ in the values of their arguments alone: the operation, and the names
 * and kinds of what is in the arguments. A list is as its first member.
 */
export function groupingTemplate(command: string): string {
  return canonicalize(kindsOf(JSON.parse(command) as Json, 0));
}

function kindsOf(value: Json, depth: number): Json {
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value;
  if (Array.isArray(value)) return value.length === 0 ? [] : [kindsOf(value[0] as Json, depth + 1)];
  const members = Object.entries(value as Readonly<Record<string, Json>>);
  return Object.fromEntries(
    members.map(([name, member]) => [
      name,
      // What is done is no value of it.
      depth === 0 && name === 'operation' ? member : kindsOf(member, depth + 1),
    ]),
  );
}
