import type { TypeName } from 'libpg-query';
import { describeFunction } from './function-use.ts';
import { qualifiedName } from './names.ts';
import type { Walk } from './scope.ts';
import { nameParts } from './tree.ts';

/** The operators that a construct stands for, where it has another name. */
const constructs: Readonly<Record<string, readonly string[]>> = {
  BETWEEN: ['>=', '<='],
  'NOT BETWEEN': ['<', '>'],
  'BETWEEN SYMMETRIC': ['>=', '<='],
  'NOT BETWEEN SYMMETRIC': ['<', '>'],
};

/** Takes note of user-defined operators; built-in ones compute only. */
export function describeOperator(parts: readonly string[], walk: Walk): void {
  if (walk.resolver.stale || parts.length === 0) return;
  const name = parts.at(-1) ?? '';
  const meant = constructs[name]?.map((operator) => [operator]) ?? [parts];
  for (const operator of meant) {
    for (const found of walk.resolver.operators(operator)) {
      for (const implementation of found.functions) describeFunction(implementation, walk);
    }
    if (!walk.resolver.knowsOperator(operator)) {
      walk.facts.unknown.add(`The operator ${operator.join('.')} is not known to the catalog.`);
      walk.facts.calls(`operator ${operator.join('.')}`, 'effects');
    }
  }
}

/** Takes note of what a cast to a type runs: user-defined casts, checks of domains. */
export function describeType(type: TypeName | undefined, walk: Walk, cast: boolean): void {
  const parts = nameParts(type?.names);
  if (parts.length === 0 || walk.resolver.stale) return;
  if (type?.pct_type) return;
  if (!walk.resolver.knowsType(parts)) {
    walk.facts.unknown.add(`The type ${qualifiedName(...parts)} is not known to the catalog.`);
    return;
  }
  const types = walk.resolver.types(parts);
  for (const found of types) {
    for (const check of found.functions) describeFunction(check, walk);
  }
  if (!cast) return;
  const names = new Set([parts.at(-1) ?? '', ...types.map((found) => `${found.schema}.${found.name}`)]);
  for (const found of walk.resolver.catalog.casts) {
    if (names.has(found.target)) describeFunction(found.function, walk);
  }
}
