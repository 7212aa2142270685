import { readFileSync } from 'node:fs';
import { schemaToJson, type EntityJson } from './cedar.ts';

/** The published schema that every policy is validated against. */
export const schemaText = readFileSync(
  new URL('../../policies/sallyport.cedarschema', import.meta.url),
  'utf8',
);

interface ActionShape {
  readonly memberOf?: readonly { readonly id: string }[] | undefined;
  /** Of a group: nobody, or absent. */
  readonly appliesTo?: { readonly principalTypes: readonly string[] } | undefined;
}

function readActions(): ReadonlyMap<string, ActionShape> {
  const answer = schemaToJson(schemaText);
  if (answer.type === 'failure') throw new Error(answer.errors.map((error) => error.message).join('; '));
  const shapes: Record<string, ActionShape> = answer.json['']?.actions ?? {};
  return new Map(Object.entries(shapes));
}

const shapes = readActions();

/** Actions that can be asked for; groups can only be named in policies. */
export const actions: ReadonlySet<string> = new Set(
  [...shapes].flatMap(([name, { appliesTo }]) =>
    appliesTo === undefined || appliesTo.principalTypes.length === 0 ? [] : [name],
  ),
);

const uid = (id: string): { readonly type: 'Action'; readonly id: string } => ({ type: 'Action', id });

/** The action and its groups, as the engine needs them to answer `action in Action::"data:read"`. */
export const actionEntities: ReadonlyMap<string, readonly EntityJson[]> = new Map(
  [...actions].map((name) => [name, lineage(name)]),
);

function lineage(name: string): readonly EntityJson[] {
  const parents = (shapes.get(name)?.memberOf ?? []).map((parent) => parent.id);
  return [{ uid: uid(name), attrs: {}, parents: parents.map(uid) }, ...parents.flatMap(lineage)];
}
