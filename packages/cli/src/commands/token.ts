import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '../command.ts';
import { reasonOf } from '../connection.ts';
import { Failure } from '../failure.ts';
import type { System } from '../system.ts';

/** 256 bits: nothing that was guessed or slowed down would matter beside them. */
const tokenBytes = 32;
const saltBytes = 16;
/** What PostgreSQL itself uses (scram_iterations); a token of 256 bits needs no more. */
const iterations = 4_096;

const kinds = {
  agent: {
    prefix: 'sp_agent_',
    file: (name: string) => `${name}.scram`,
    verifier: scramVerifier,
    option: 'scram',
  },
  person: {
    prefix: 'sp_person_',
    file: (name: string) => `${name}.sha256`,
    verifier: (token: string) => createHash('sha256').update(token).digest('hex'),
    option: 'tokenSha256',
  },
} as const;

export const tokenCreate: Command = {
  name: 'token create',
  arguments: ['agent|person', 'NAME'],
  summary: 'make a token; only its verifier is stored',
  details: [
    'Prints the token once. The verifier goes to a file that nobody else may read, for `sallyport.yaml` to name.',
    'An agent’s token is its password for PostgreSQL, and what it shows to the API.',
  ],
  options: ['out'],
  remote: false,
  run: async ({ invocation, output, system }) => {
    const [kindName = '', name = ''] = invocation.arguments;
    if (kindName !== 'agent' && kindName !== 'person') {
      throw new Failure('usage', 'token.kind', 'A token is for an `agent` or for a `person`.');
    }
    // The name becomes the name of a file.
    if (!/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$/.test(name)) {
      throw new Failure('usage', 'token.name', 'A name has letters, digits, dots, dashes and underscores.');
    }
    const kind = kinds[kindName];
    const token = kind.prefix + Buffer.from(system.random(tokenBytes)).toString('base64url');
    const file = join(invocation.text('out') ?? '.', kind.file(name));
    store(file, kind.verifier(token, system));
    output.result({ kind: kindName, name, token, verifierFile: file }, (style) =>
      [
        `${style.bold('Token')} of ${kindName} ${name}, shown this once: ${style.bold(token)}`,
        `Its verifier is in ${file}; in sallyport.yaml:`,
        '',
        `  ${kindName === 'agent' ? 'agents' : 'people'}:`,
        `    - name: ${name}`,
        `      credential: { ${kind.option}: { file: ${file} } }`,
      ].join('\n'),
    );
  },
};

/** Never overwrites: a verifier that is in use would lock its owner out. */
function store(file: string, verifier: string): void {
  try {
    writeFileSync(file, `${verifier}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === 'EEXIST') {
      throw new Failure('conflict', 'file.exists', `${file} exists; remove it to make a token anew.`);
    }
    throw new Failure('not_found', 'file.unwritable', `${file} can't be written: ${reason}`);
  }
}

/** RFC 5803 and PostgreSQL's pg_authid: `SCRAM-SHA-256$ITERATIONS:SALT$StoredKey:ServerKey` (RFC 5802 §3). */
function scramVerifier(token: string, { random }: System): string {
  const salt = random(saltBytes);
  const salted = pbkdf2Sync(token, salt, iterations, 32, 'sha256');
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64');
  const serverKey = hmac('Server Key').toString('base64');
  return `SCRAM-SHA-256$${iterations}:${Buffer.from(salt).toString('base64')}$${storedKey}:${serverKey}`;
}
