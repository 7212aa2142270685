import type { Agent } from '../../../core/identity.ts';
import { err, ok, type Result } from '../../../core/result.ts';
import type { AcceptedClient } from '../wire/accept.ts';
import { fatal } from './refusals.ts';

export interface Startup {
  /** Settings for the connection to the target. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly statedTask: string;
  readonly onBehalfOf: string;
  readonly supersedes: string;
}

/** Of the packet itself, not of the session. */
const OWN = new Set(['user', 'database', 'options', 'client_encoding']);

/** Settings that change how values are shown or how long a statement may take, never what it touches. */
const PASSED_ON = new Set([
  'application_name',
  'bytea_output',
  'client_min_messages',
  'datestyle',
  'default_transaction_isolation',
  'default_transaction_read_only',
  'extra_float_digits',
  'fallback_application_name',
  'geqo',
  'idle_in_transaction_session_timeout',
  'idle_session_timeout',
  'intervalstyle',
  'jit',
  'lock_timeout',
  'search_path',
  'statement_timeout',
  'timezone',
  'transaction_timeout',
  'work_mem',
]);

/** What the client's startup packet asks for. Anything that isn't understood is refused, never dropped. */
export function readStartup(client: AcceptedClient, agent: Agent): Result<Startup, Buffer> {
  const parameters: Record<string, string> = { client_encoding: 'UTF8' };
  let statedTask = '';
  let onBehalfOf = agent.sponsor;
  let supersedes = '';
  for (const [name, value] of [...client.parameters, ...client.settings]) {
    const setting = name.toLowerCase();
    if (OWN.has(setting) || setting.startsWith('_pq_.')) continue;
    if (setting === 'sallyport.task') statedTask = value;
    else if (setting === 'sallyport.on_behalf_of') onBehalfOf = value;
    else if (setting === 'sallyport.supersedes') supersedes = value;
    else if (PASSED_ON.has(setting)) parameters[setting] = value;
    else return err(unknownSetting(name));
  }
  if (onBehalfOf !== agent.sponsor && !agent.mayActFor.includes(onBehalfOf)) return err(notEntitled);
  return ok({ parameters, statedTask, onBehalfOf, supersedes });
}

const unknownSetting = (name: string): Buffer =>
  fatal(
    '22023',
    `The connection option "${name.slice(0, 64)}" is not taken.`,
    'Leave it out, or set it with SET, which policy decides.',
  );

const notEntitled = fatal(
  '42501',
  'This agent is not entitled to say on whose behalf it acts, or not for that person.',
  'Add the person to the agent’s mayActFor in the configuration.',
);
