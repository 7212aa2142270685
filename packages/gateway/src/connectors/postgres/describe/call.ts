import type { FuncCall } from 'libpg-query';
import type { CatalogFunction } from '../catalog/types.ts';
import { anySetting, describeFunction } from './function-use.ts';
import { collectsRows, flagsOfFunction } from './functions.ts';
import { qualifiedName } from './names.ts';
import { describeType } from './operators.ts';
import type { Walk } from './scope.ts';
import { parse } from './parser.ts';
import { as, literalText } from './tree.ts';

/** Takes note of a call by its name; returns the functions that may be meant. */
export function describeCall(
  parts: readonly string[],
  walk: Walk,
  call?: FuncCall,
): readonly CatalogFunction[] {
  const { facts, resolver } = walk;
  const found = resolver.functions(parts);
  const written = qualifiedName(...parts);
  if (found.length === 0 && call?.args?.length === 1 && !resolver.stale && resolver.knowsType(parts)) {
    // `uuid('…')` is a cast where no function has that name (PostgreSQL manual, 10.3).
    describeType({ names: parts.map((sval) => ({ String: { sval } })) }, walk, true);
    return found;
  }
  if (found.length === 0) {
    facts.calls(written, 'effects');
    facts.unknown.add(
      resolver.stale
        ? `What the function ${written} does is not known: the schema was changed in this transaction.`
        : `The function ${written} is not known to the catalog.`,
    );
  }
  for (const candidate of found) describeFunction(candidate, walk);
  for (const flag of flagsOfFunction(parts.at(-1) ?? '')) {
    facts.flags.add(flag);
    if (flag === 'hiddenQuery') {
      facts.unknown.add(`What ${written} reads is named in a text that the gateway does not look into.`);
    }
  }
  if (call && parts.at(-1) === 'set_config') settingOf(call, walk);
  if (/^pg_input_(is_valid|error_info)$/.test(parts.at(-1) ?? '')) inputOf(call, walk);
  if (found.some((candidate) => collectsRows(candidate, call))) {
    facts.collect(null);
    facts.flags.add('collectsRows');
  }
  return found;
}

/** pg_input_is_valid(value, type) runs the checks of a type that is named in a text. */
function inputOf(call: FuncCall | undefined, walk: Walk): void {
  const type = literalText(call?.args?.[1]);
  const parsed =
    typeof type === 'string' && /^[\w ."(),[\]]+$/.test(type) ? parse(`select null::${type}`) : null;
  const [query] = parsed?.ok ? parsed.value : [];
  const target = as(as(query?.stmt, 'SelectStmt')?.targetList?.[0], 'ResTarget');
  const cast = as(target?.val, 'TypeCast');
  if (cast) describeType(cast.typeName, walk, true);
  else walk.facts.unknown.add('The type whose input is tried is not known to the gateway.');
}

/** SELECT set_config(name, value, is_local) is SET by another name. */
function settingOf(call: FuncCall, walk: Walk): void {
  const [name, value, local] = (call.args ?? []).map((argument) => literalText(argument));
  if (typeof name !== 'string' || (call.args ?? []).length !== 3) {
    walk.facts.flags.add('setConfig:*');
    anySetting(walk);
    return;
  }
  const setting = name.toLowerCase();
  walk.facts.flags.add(`setConfig:${setting}`);
  walk.facts.sessionState = true;
  const known = typeof value === 'string' && typeof local === 'string';
  walk.facts.sets({
    name: setting,
    value: known ? value : null,
    local: known && /^(t|true|y|yes|on|1)$/i.test(local),
  });
}
