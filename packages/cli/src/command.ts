import type { SallyportClient } from '@sallyport/sdk';
import type { Environment } from './environment.ts';
import type { Output } from './output.ts';
import type { System } from './system.ts';

/** Every option of every command: the same word means the same everywhere. */
export const options = {
  help: { type: 'boolean', short: 'h', value: '', about: 'show what a command does' },
  json: { type: 'boolean', short: '', value: '', about: 'print JSON instead of text, errors too' },
  url: { type: 'string', short: '', value: 'URL', about: 'address of the gateway’s API (or SALLYPORT_URL)' },
  'token-file': {
    type: 'string',
    short: '',
    value: 'FILE',
    about: 'file with your token (or SALLYPORT_TOKEN)',
  },
  insecure: {
    type: 'boolean',
    short: '',
    value: '',
    about: 'send the token over plain http: to another machine',
  },
  watch: { type: 'boolean', short: 'w', value: '', about: 'go on, and show reviews as they come and change' },
  lines: {
    type: 'boolean',
    short: '',
    value: '',
    about: 'a line for each change, in place of the full screen',
  },
  bell: { type: 'boolean', short: '', value: '', about: 'ring the terminal’s bell when a review opens' },
  status: {
    type: 'string',
    short: '',
    value: 'STATUS',
    about: 'only these; default pending; `all` for every one',
  },
  group: {
    type: 'boolean',
    short: '',
    value: '',
    about: 'what waits by what looks alike: same agent, same command but for its values',
  },
  shape: { type: 'string', short: '', value: 'HEX', about: 'only those that look like this one' },
  agent: { type: 'string', short: '', value: 'NAME', about: 'only of this agent' },
  digest: {
    type: 'string',
    short: '',
    value: 'HEX',
    about: 'what you were shown elsewhere: anything else is a conflict',
  },
  yes: { type: 'boolean', short: 'y', value: '', about: 'approve without asking, for scripts' },
  bundle: { type: 'string', short: '', value: 'SESSION', about: 'all that this session waits for' },
  text: { type: 'string', short: '', value: 'TEXT', about: 'what you ask, answer or found' },
  to: {
    type: 'string',
    short: '',
    value: 'WHOM',
    about: 'agent, or sponsor: the person for whom it acts; default agent',
  },
  reason: { type: 'string', short: '', value: 'TEXT', about: 'why; whoever it concerns is told it' },
  target: { type: 'string', short: '', value: 'NAME', about: 'the target; for break-glass of protocol api' },
  user: { type: 'string', short: '', value: 'NAME', about: 'only connections of this user of the target' },
  database: { type: 'string', short: '', value: 'NAME', about: 'only connections to this database' },
  operation: { type: 'string', short: '', value: 'NAME', about: 'what is done there: service.restart' },
  arguments: { type: 'string', short: '', value: 'JSON', about: 'exactly what it is done with; default {}' },
  datasets: {
    type: 'string',
    short: '',
    value: 'JSON',
    about: 'data that it touches: [{"dataset": "invoices", "access": ["write"]}]; default none',
  },
  send: {
    type: 'string',
    short: '',
    value: 'URL',
    about: 'post the arguments there with the grant, and report what came of it',
  },
  outcome: { type: 'string', short: '', value: 'HOW', about: 'succeeded, failed or unknown' },
  finding: { type: 'string', short: '', value: 'WHAT', about: 'justified or not_justified' },
  subject: { type: 'string', short: '', value: 'WHOM', about: 'agent:NAME, or person:NAME' },
  fields: {
    type: 'string',
    short: '',
    value: 'JSON',
    about: 'what the fields of a standing grant may be; default: what they are',
  },
  uses: { type: 'string', short: '', value: 'N', about: 'how often it may be used; default 1' },
  rows: { type: 'string', short: '', value: 'N', about: 'rows of all uses together' },
  for: { type: 'string', short: '', value: 'TIME', about: 'how long from now: 45m, 2h; default 2h' },
  dir: { type: 'string', short: '', value: 'DIR', about: 'a folder: of an exported ledger, or of policies' },
  key: {
    type: 'string',
    short: '',
    value: 'VKEY',
    about: 'the ledger’s verifier key, had from somewhere else',
  },
  kept: {
    type: 'string',
    short: '',
    value: 'FILE',
    about: 'a checkpoint that you kept: shows replaced and shortened logs',
  },
  policy: {
    type: 'string',
    short: '',
    value: 'FILE',
    about: 'logs and witnesses that you trust, as C2SP tlog-policy',
  },
  html: { type: 'string', short: '', value: 'FILE', about: 'write the verifier as a page for a browser' },
  since: {
    type: 'string',
    short: '',
    value: 'WHEN',
    about: 'RFC 3339, or back from now: 30m, 24h, 7d; default 24h for usage, all for an export',
  },
  until: { type: 'string', short: '', value: 'WHEN', about: 'the same; default: now' },
  out: { type: 'string', short: 'o', value: 'PATH', about: 'write to this file or folder' },
  draft: { type: 'string', short: '', value: 'DIR', about: 'a folder of policies that are not in force' },
  action: {
    type: 'string',
    short: '',
    value: 'FILE',
    about: 'an action as an agent would submit it, as JSON; `-` for standard input',
  },
  sql: { type: 'string', short: '', value: 'TEXT', about: 'a statement, as the agent would send it' },
  ledger: {
    type: 'string',
    short: '',
    value: 'DIR',
    about: 'a ledger that `ledger export` wrote, in place of the gateway’s',
  },
  config: { type: 'string', short: 'c', value: 'FILE', about: 'the configuration; default sallyport.yaml' },
  state: { type: 'string', short: '', value: 'DIR', about: 'folder for ledger, reviews and keys' },
  listen: { type: 'string', short: '', value: 'HOST:PORT', about: 'where to listen; default 127.0.0.1:7653' },
  name: { type: 'string', short: '', value: 'NAME', about: 'the name of the witness: a URL without scheme' },
  keys: { type: 'string', short: '', value: 'FILE', about: 'verifier keys of ledgers, one a line' },
} as const;
export type OptionName = keyof typeof options;

/** What a command was given. Strings of options that it doesn't list are never there. */
export interface Invocation {
  readonly arguments: readonly string[];
  text(name: OptionName): string | null;
  flag(name: OptionName): boolean;
}

export interface Context {
  readonly invocation: Invocation;
  readonly environment: Environment;
  readonly output: Output;
  readonly system: System;
  /** The client for the given URL and token; reads the token when it is called. */
  readonly client: () => SallyportClient;
  /** From the call on, the first Ctrl-C aborts the signal instead of ending the process. */
  readonly interruption: () => AbortSignal;
}

/** A row of the table of commands: what there is to know of it, and what it does. */
export interface Command {
  /** One word or two: `ledger verify`. */
  readonly name: string;
  /** `ID` is required, `[FILE]` is not; the last may be `[FILE…]`, any number of them. */
  readonly arguments: readonly string[];
  readonly summary: string;
  /** What a person wants to know beyond the summary. */
  readonly details: readonly string[];
  readonly options: readonly OptionName[];
  /** Whether it talks to the gateway, and so takes `--url` and the like. */
  readonly remote: boolean;
  /** Resolves with the exit code of a program that it ran, or with nothing. Rejects with a `Failure` or `SallyportError`. */
  run(context: Context): Promise<number | void>;
}

const everywhere: readonly OptionName[] = ['json', 'help'];
const remote: readonly OptionName[] = ['url', 'token-file', 'insecure'];

/** Its own options, then those that it shares with others. */
export function optionsOf(command: Command): readonly OptionName[] {
  return [...command.options, ...(command.remote ? remote : []), ...everywhere];
}
