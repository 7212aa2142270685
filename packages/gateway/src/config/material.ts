import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { err, ok, type Result } from '../core/result.ts';
import { limits } from '../limits.ts';
import type { Environment } from './environment.ts';
import { readDirectory, readTextFile, type FileProblem, type TextFile } from './files.ts';
import { valuesAt } from './paths.ts';
import { formatPath, type Finding, type Path } from './problem.ts';
import type { SecretReference } from './schema.ts';
import { Secret } from './secret.ts';

interface SecretKind {
  readonly at: string;
  readonly form: RegExp;
  readonly expected: string;
}

const BASE64_OF_32 = '[A-Za-z0-9+/]{43}=';
/** Weaker verifiers than PostgreSQL itself makes are refused; more than this many rounds would stall sign-ins. */
const ROUNDS = '(?:409[6-9]|4[1-9]\\d\\d|[5-9]\\d{3}|\\d{5,6})';

/** Every secret of the configuration, and the form that it must have. */
const secretKinds: readonly SecretKind[] = [
  { at: 'targets.*.password', form: /^[^\0\r\n]+$/, expected: 'one line' },
  {
    at: 'agents.*.credential.scram',
    form: new RegExp(
      `^SCRAM-SHA-256\\$${ROUNDS}:[A-Za-z0-9+/]{16,}={0,2}\\$${BASE64_OF_32}:${BASE64_OF_32}$`,
    ),
    expected: 'SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey with 4096 iterations or more',
  },
  {
    at: 'people.*.credential.tokenSha256',
    form: /^[0-9a-f]{64}$/,
    expected: '64 lower-case hexadecimal digits',
  },
  { at: 'ledger.key.pkcs11.pin', form: /^[^\0\r\n]+$/, expected: 'one line' },
  {
    at: 'channels.webhooks.*.secrets.*',
    form: /^[\x21-\x7e]{16,512}$/,
    expected: 'one word of 16 characters or more',
  },
  { at: 'channels.slack.botToken', form: /^xoxb-[\x21-\x7e]{8,400}$/, expected: 'xoxb-…' },
  { at: 'channels.slack.appToken', form: /^xapp-[\x21-\x7e]{8,400}$/, expected: 'xapp-…' },
  { at: 'channels.slack.signingSecrets.*', form: /^[\x21-\x7e]{16,200}$/, expected: 'one word' },
  { at: 'channels.teams.appSecret', form: /^[\x21-\x7e]{8,400}$/, expected: 'one word' },
  { at: 'channels.email.server.password', form: /^[^\0\r\n]+$/, expected: 'one line' },
  {
    at: 'listen.postgres.tls.privateKey',
    form: /^-----BEGIN [A-Z ]*PRIVATE KEY-----/,
    expected: 'a PEM private key',
  },
];

const textFiles = ['targets.*.caFile', 'listen.postgres.tls.certificateFile'];

const SECRET_FILE = { mostBytes: limits.secretFileBytes, forbiddenForOthers: 0o7 } as const;
export const TRUSTED_FILE = { mostBytes: limits.configurationBytes, forbiddenForOthers: 0o2 } as const;
export const packDirectory = fileURLToPath(new URL('../../policies', import.meta.url));

/** What the configuration points to, read. Keys are formatted paths. */
export interface Material {
  readonly secrets: ReadonlyMap<string, Secret>;
  readonly texts: ReadonlyMap<string, string>;
  readonly policyDirectory: string;
  readonly policies: readonly TextFile[];
}

export interface Surroundings {
  /** Relative paths start here: the folder of the configuration file. */
  readonly folder: string;
  readonly environment: Environment;
}

/** A reference in the right form; any other is the structure's to refuse. */
function asReference(value: unknown): SecretReference | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { env, file } = value as { env?: unknown; file?: unknown };
  if (typeof env === 'string' && env !== '' && file === undefined) return { env };
  return typeof file === 'string' && file !== '' && env === undefined ? { file } : undefined;
}

const missing = (what: string, hint: string): { readonly ok: false; readonly error: FileProblem } =>
  err({ code: 'secret.missing', message: what, hint });

async function readReference(
  reference: SecretReference,
  around: Surroundings,
): Promise<Result<string, FileProblem>> {
  if ('env' in reference) {
    const value = around.environment[reference.env];
    if (value !== undefined && value !== '') return ok(value);
    return missing(
      `the environment variable ${reference.env} is not set or empty`,
      'set it before starting the gateway',
    );
  }
  const file = resolve(around.folder, reference.file);
  const read = await readTextFile(file, SECRET_FILE);
  if (!read.ok)
    return read.error.code === 'file.missing' ? missing(read.error.message, read.error.hint) : read;
  const value = read.value.replace(/\r?\n$/, '');
  return value === '' ? missing(`${file} is empty`, 'write the secret into it') : ok(value);
}

class Reader {
  readonly findings: Finding[] = [];
  readonly secrets = new Map<string, Secret>();
  readonly texts = new Map<string, string>();
  readonly #around: Surroundings;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  async secret(kind: SecretKind, path: Path, value: unknown): Promise<void> {
    const reference = asReference(value);
    if (reference === undefined) return;
    const read = await readReference(reference, this.#around);
    if (!read.ok) this.findings.push({ ...read.error, path });
    else if (kind.form.test(read.value)) this.secrets.set(formatPath(path), new Secret(read.value));
    else {
      const message = 'the secret does not have the form that it must have';
      this.findings.push({ code: 'secret.invalid', path, message, hint: `expected ${kind.expected}` });
    }
  }

  async text(path: Path, value: unknown): Promise<void> {
    if (typeof value !== 'string' || value === '') return;
    const read = await readTextFile(resolve(this.#around.folder, value), TRUSTED_FILE);
    if (read.ok) this.texts.set(formatPath(path), read.value);
    else this.findings.push({ ...read.error, path });
  }

  async policies(directory: string): Promise<readonly TextFile[]> {
    const read = await readDirectory(directory, '.cedar', TRUSTED_FILE);
    if (read.ok) return read.value;
    this.findings.push(...read.error.map((error) => ({ ...error, path: ['policies', 'directory'] })));
    return [];
  }
}

/** Reads every secret and file that the data names; all problems at once. */
export async function readMaterial(
  data: unknown,
  around: Surroundings,
): Promise<Result<Material, readonly Finding[]>> {
  const reader = new Reader(around);
  for (const kind of secretKinds) {
    for (const { path, value } of valuesAt(data, kind.at)) await reader.secret(kind, path, value);
  }
  for (const { path, value } of textFiles.flatMap((at) => valuesAt(data, at))) await reader.text(path, value);
  const [own] = valuesAt(data, 'policies.directory');
  const policyDirectory = typeof own?.value === 'string' ? resolve(around.folder, own.value) : packDirectory;
  const policies = await reader.policies(policyDirectory);
  if (reader.findings.length > 0) return err(reader.findings);
  return ok({ secrets: reader.secrets, texts: reader.texts, policyDirectory, policies });
}
