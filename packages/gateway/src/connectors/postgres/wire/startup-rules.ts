import { err, ok } from '../../../core/result.ts';
import type { Result } from '../../../core/result.ts';
import type { Report } from './backend.ts';
import { protocolVersion } from './messages.ts';
import type { StartupPacket } from './startup.ts';

/** What a startup packet asks for, after it was checked. */
export interface StartupRequest {
  readonly user: string;
  readonly database: string;
  /** Everything as sent, `user`, `database` and `options` too. */
  readonly parameters: ReadonlyMap<string, string>;
  /** The settings inside of `options`, in order; names in lower case, with underscores. */
  readonly settings: readonly (readonly [string, string])[];
  /** The minor protocol version that is spoken. */
  readonly minor: 0 | 2;
  /** The client asked for another minor, or for protocol options: it is told what is spoken before anything else. */
  readonly mustNegotiate: boolean;
  readonly unknownOptions: readonly string[];
}

type Startup = Extract<StartupPacket, { kind: 'startup' }>;

/** "StartupMessage": names with this prefix are protocol options, of which none is defined. */
const protocolOptionPrefix = '_pq_.';

export function checkStartup(startup: Startup): Result<StartupRequest, Report> {
  const { parameters } = startup;
  if (startup.major !== 3) return refuse('0A000', 'this gateway speaks protocol 3.0 and 3.2');
  const user = parameters.get('user') ?? '';
  if (user === '') return refuse('28000', 'the startup packet names no user');
  const settings = parseOptions(parameters.get('options') ?? '');
  if (settings === undefined) {
    return refuse('22023', 'connection options are taken as -c name=value or --name=value only');
  }
  const fault = faultOf([...parameters, ...settings]);
  if (fault !== undefined) return err(fault);
  const unknownOptions = [...parameters.keys()].filter((name) => name.startsWith(protocolOptionPrefix));
  const minor = startup.minor >= 2 ? 2 : 0;
  const mustNegotiate = unknownOptions.length > 0 || startup.minor !== minor;
  const database = parameters.get('database') ?? '';
  return ok({
    user,
    database: database === '' ? user : database,
    parameters,
    settings,
    minor,
    mustNegotiate,
    unknownOptions,
  });
}

export function versionOf(minor: 0 | 2): number {
  return minor === 2 ? protocolVersion.v32 : protocolVersion.v30;
}

function faultOf(named: readonly (readonly [string, string])[]): Report | undefined {
  for (const [name, value] of named) {
    const lower = name.toLowerCase();
    if (lower === 'replication') return report('0A000', 'replication connections are not offered');
    if (lower === 'client_encoding' && !isUtf8Name(value)) {
      return report('22023', 'the only client_encoding that is offered is UTF8');
    }
  }
  return undefined;
}

/** PostgreSQL compares encoding names by their letters and digits alone; `unicode` is its old name for UTF8. */
function isUtf8Name(value: string): boolean {
  return ['utf8', 'unicode'].includes(value.toLowerCase().replace(/[^a-z0-9]/g, ''));
}

/**
 * "StartupMessage", `options`: arguments separated by white space, in which a backslash takes the next character as it is.
 * Of the server's switches only settings are taken; undefined where there is anything else.
 */
export function parseOptions(options: string): readonly (readonly [string, string])[] | undefined {
  const words = options.match(/(?:\\[^]|[^\s\\]|\\$)+/g)?.map((word) => word.replace(/\\([^])/g, '$1')) ?? [];
  const settings: (readonly [string, string])[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const text = word === '-c' ? words[(at += 1)] : /^(?:-c|--)([^]+)$/.exec(word)?.[1];
    const [, name, value] = /^([^=]+)=([^]*)$/.exec(text ?? '') ?? [];
    if (name === undefined || value === undefined) return undefined;
    settings.push([name.toLowerCase().replaceAll('-', '_'), value]);
  }
  return settings;
}

function report(code: string, message: string): Report {
  return { severity: 'FATAL', code, message };
}

function refuse(code: string, message: string): Result<never, Report> {
  return err(report(code, message));
}
