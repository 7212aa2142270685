import type { Node, VariableSetStmt } from 'libpg-query';
import { formatSearchPath } from './names.ts';
import type { SettingChange } from './types.ts';
import { as, literalText } from './tree.ts';

/** Settings that change how values are shown or how long the client waits, not what a statement means or may do. */
const harmless = new Set([
  'application_name',
  'bytea_output',
  'client_min_messages',
  'cursor_tuple_fraction',
  'datestyle',
  'deadlock_timeout',
  'default_transaction_deferrable',
  'default_transaction_isolation',
  'effective_cache_size',
  'extra_float_digits',
  'geqo',
  'idle_in_transaction_session_timeout',
  'intervalstyle',
  'jit',
  'lc_messages',
  'lc_monetary',
  'lc_numeric',
  'lc_time',
  'lock_timeout',
  'plan_cache_mode',
  'statement_timeout',
  'synchronize_seqscans',
  'timezone',
  'transaction_deferrable',
  'transaction_isolation',
  'transaction_timeout',
  'xmloption',
]);

const special: Readonly<Record<string, string>> = {
  role: 'setRole',
  session_authorization: 'setSessionAuthorization',
  search_path: 'setSearchPath',
  default_transaction_read_only: 'setReadOnly',
  transaction_read_only: 'setReadOnly',
};

export interface SettingFacts {
  readonly settings: readonly SettingChange[];
  readonly flags: readonly string[];
}

/** SET and RESET in all their forms. */
export function describeSetting(statement: VariableSetStmt): SettingFacts {
  const name = (statement.name ?? '').toLowerCase();
  const local = statement.is_local ?? false;
  if (statement.kind === 'VAR_RESET_ALL') {
    // As a new connection has them, like DISCARD ALL; roles stay, which the target leaves out.
    return { settings: [{ name: '*', value: null, local }], flags: ['harmlessSetting'] };
  }
  if (statement.kind === 'VAR_SET_MULTI') return multiple(statement, local);
  const value = statement.kind === 'VAR_SET_VALUE' ? valueOf(name, statement.args) : null;
  return { settings: [{ name, value, local }], flags: [flagOf(name, value)] };
}

/** SET TRANSACTION and SET SESSION CHARACTERISTICS: options named as settings. */
function multiple(statement: VariableSetStmt, local: boolean): SettingFacts {
  const session = statement.name === 'SESSION CHARACTERISTICS';
  const options = (statement.args ?? []).flatMap((node) => as(node, 'DefElem') ?? []);
  if (options.length === 0) return { settings: [], flags: [`setConfig:${statement.name ?? ''}`] };
  const settings = options.map((option) => ({
    name: `${session ? 'default_' : ''}${option.defname ?? ''}`,
    value: literalText(option.arg) ?? null,
    local: local || !session,
  }));
  return { settings, flags: settings.map(({ name, value }) => flagOf(name, value)) };
}

/** BEGIN and START TRANSACTION take the same options. */
export function describeTransactionOptions(options: readonly Node[] | undefined): SettingFacts {
  return multiple({ name: 'TRANSACTION', args: [...(options ?? [])] }, true);
}

function valueOf(name: string, values: readonly Node[] | undefined): string | null {
  const texts = (values ?? []).map((value) => literalText(value));
  if (texts.some((text) => typeof text !== 'string')) return null;
  return name === 'search_path' ? formatSearchPath(texts as string[]) : texts.join(', ');
}

function flagOf(name: string, value: string | null): string {
  // Names with a dot are the gateway's own placeholders or an extension's; only the former are known.
  if (harmless.has(name) || name.startsWith('sallyport.')) return 'harmlessSetting';
  if (name === 'client_encoding' && value !== null && /^(utf-?8|unicode)$/i.test(value))
    return 'harmlessSetting';
  if (name === 'standard_conforming_strings' && value !== null && /^(on|true|yes|1)$/i.test(value)) {
    return 'harmlessSetting';
  }
  if (special[name] === 'setReadOnly' && /^(on|true|yes|1)$/i.test(value ?? '')) return 'harmlessSetting';
  return special[name] ?? `setConfig:${name}`;
}
