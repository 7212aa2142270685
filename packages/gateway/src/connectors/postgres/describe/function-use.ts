import type { CatalogFunction } from '../catalog/types.ts';
import { effectOf } from './functions.ts';
import { qualifiedName } from './names.ts';
import type { Walk } from './scope.ts';

/** Takes note of a function that runs, called by its name or hidden behind an operator, a cast, a check. */
export function describeFunction(found: CatalogFunction, walk: Walk): void {
  const { facts } = walk;
  const name = qualifiedName(found.schema, found.name);
  const effect = effectOf(found);
  facts.calls(name, effect);
  if (!found.userDefined) {
    if (/^pg_(try_)?advisory_(?!xact)/.test(found.name)) facts.sessionState = true;
    return;
  }
  facts.unknown.add(
    `What the function ${name} (${found.language}, ${found.volatility}) touches is not visible to the gateway.`,
  );
  if (found.securityDefiner) facts.flags.add('securityDefiner');
  // Its body may change any setting of the session.
  if (effect === 'effects') anySetting(walk);
}

export function anySetting(walk: Walk): void {
  walk.facts.sets({ name: '*', value: null, local: false });
  walk.facts.sessionState = true;
}
