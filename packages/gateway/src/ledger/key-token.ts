import { execFile } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Random } from '../ports.ts';
import { LedgerError } from './error.ts';
import type { HeldKey, KeyCustody } from './key-custody.ts';

const FILE_NAME = 'ledger-key.pkcs11';
const PRIVATE_MODE = 0o600;
/** A token on a network answers within a second or not at all; a checkpoint waits for it. */
const ANSWER_MS = 10_000;
const SIGNATURE_BYTES = 64;
const ID_BYTES = 8;

export interface TokenOptions {
  /** The state directory, in which stands which of the token's keys is whose. */
  readonly directory: string;
  /** The PKCS #11 module, a shared library. */
  readonly module: string;
  /** The token's label. */
  readonly token: string;
  readonly pin: string;
  readonly random: Random;
}

interface Named {
  /** CKA_ID in hexadecimal digits. */
  readonly current: string;
  readonly next: string | null;
}

/**
 * Keys in a PKCS #11 token, made there and never out of it. Each signature is one run of OpenSC's `pkcs11-tool`: once or
 * twice a second, so that what a process costs doesn't matter, and a module that crashes takes nothing with it. The PIN
 * goes to it in its environment, never in its arguments.
 */
export class KeyToken implements KeyCustody {
  readonly #options: TokenOptions;
  readonly #file: string;

  constructor(options: TokenOptions) {
    this.#options = options;
    this.#file = join(options.directory, FILE_NAME);
  }

  async current(): Promise<HeldKey> {
    const named = this.#read();
    if (named !== null) return this.#held(named.current);
    const current = await this.#make();
    this.#write({ current, next: null });
    return this.#held(current);
  }

  async next(): Promise<HeldKey | null> {
    const next = this.#read()?.next ?? null;
    return next === null ? null : this.#held(next);
  }

  async makeNext(): Promise<HeldKey> {
    const { current } = this.#readMade();
    const next = await this.#make();
    this.#write({ current, next });
    return this.#held(next);
  }

  async adoptNext(): Promise<void> {
    const { current, next } = this.#readMade();
    if (next === null) return;
    this.#write({ current: next, next: null });
    await this.#destroy(current);
  }

  async discardNext(): Promise<void> {
    const { current, next } = this.#readMade();
    if (next === null) return;
    this.#write({ current, next: null });
    await this.#destroy(next);
  }

  async #make(): Promise<string> {
    const id = Buffer.from(this.#options.random.bytes(ID_BYTES)).toString('hex');
    const label = 'sallyport ledger';
    await this.#run([
      '--login',
      '--keypairgen',
      '--key-type',
      'EC:edwards25519',
      '--id',
      id,
      '--label',
      label,
    ]);
    return id;
  }

  async #destroy(id: string): Promise<void> {
    for (const type of ['privkey', 'pubkey'])
      await this.#run(['--login', '--delete-object', '--type', type, '--id', id]);
  }

  async #held(id: string): Promise<HeldKey> {
    const pem = await this.#withFile(null, (file) =>
      this.#run(['--read-object', '--type', 'pubkey', '--id', id, '--output-file', file]),
    );
    return { publicKey: this.#publicKeyOf(pem, id), sign: (message) => this.#sign(id, message) };
  }

  #publicKeyOf(pem: Buffer, id: string): Uint8Array {
    try {
      // RFC 8037 §2: `x` is the public key.
      const { x = '', crv } = createPublicKey(pem).export({ format: 'jwk' });
      if (crv === 'Ed25519') return new Uint8Array(Buffer.from(x, 'base64url'));
    } catch {
      // Fails closed, below.
    }
    throw new LedgerError(
      'key.malformed',
      `the token ${this.#options.token} holds no Ed25519 key ${id}: ${this.#file} names it; restore what belongs to it`,
    );
  }

  async #sign(id: string, message: Uint8Array): Promise<Uint8Array> {
    const signature = await this.#withFile(message, (file) => {
      const files = ['--input-file', file, '--output-file', `${file}.out`];
      return this.#run(['--login', '--sign', '--mechanism', 'EDDSA', '--id', id, ...files]);
    });
    if (signature.length !== SIGNATURE_BYTES)
      throw new LedgerError('key.unavailable', `the token ${this.#options.token} gave no Ed25519 signature`);
    return new Uint8Array(signature);
  }

  /** What `run` writes: to the file itself where there is no input, else to one beside it. */
  async #withFile(input: Uint8Array | null, run: (file: string) => Promise<void>): Promise<Buffer> {
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-token-'));
    const file = join(folder, 'message');
    try {
      if (input !== null) await writeFile(file, input, { mode: PRIVATE_MODE });
      await run(file);
      return await readFile(input === null ? file : `${file}.out`);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  #run(args: readonly string[]): Promise<void> {
    const { module, token, pin } = this.#options;
    const all = ['--module', module, '--token-label', token, ...args];
    if (args.includes('--login')) all.push('--pin', 'env:SALLYPORT_TOKEN_PIN');
    const { PATH, SOFTHSM2_CONF } = inherited();
    const env = { PATH, SOFTHSM2_CONF, SALLYPORT_TOKEN_PIN: pin };
    return new Promise((resolve, reject) => {
      execFile('pkcs11-tool', all, { env, timeout: ANSWER_MS }, (error) => {
        if (error === null) return resolve();
        // Its own words may quote what it was given.
        const why = error.code === 'ENOENT' ? 'pkcs11-tool is not installed (Debian: opensc)' : 'it refused';
        const message = `the token ${token} of ${module} did not answer (${args.find((arg) => arg !== '--login') ?? ''}): ${why}`;
        reject(new LedgerError('key.unavailable', message));
      });
    });
  }

  #readMade(): Named {
    const named = this.#read();
    if (named === null) throw new LedgerError('key.malformed', `${this.#file} is missing: restore it`);
    return named;
  }

  #read(): Named | null {
    if (statSync(this.#file, { throwIfNoEntry: false }) === undefined) return null;
    const [current = '', next = '', ...more] = readFileSync(this.#file, 'latin1').split('\n');
    const isWhole = /^[0-9a-f]{16}$/.test(current) && /^([0-9a-f]{16})?$/.test(next) && more.join('') === '';
    if (!isWhole) throw new LedgerError('key.malformed', `${this.#file} names no key: restore it`);
    return { current, next: next === '' ? null : next };
  }

  /** Durable before it is used: a checkpoint by a key that nobody finds again could never be followed by another. */
  #write({ current, next }: Named): void {
    const descriptor = openSync(`${this.#file}.new`, 'w', PRIVATE_MODE);
    writeSync(descriptor, `${current}\n${next ?? ''}\n`);
    fsyncSync(descriptor);
    closeSync(descriptor);
    renameSync(`${this.#file}.new`, this.#file);
    const folder = openSync(this.#options.directory, 'r');
    fsyncSync(folder);
    closeSync(folder);
  }
}

/** What the tool and its modules find their own files by. */
function inherited(): { readonly PATH: string | undefined; readonly SOFTHSM2_CONF: string | undefined } {
  // eslint-disable-next-line sallyport/environment -- handed to another program, never read here
  const { PATH, SOFTHSM2_CONF } = process.env;
  return { PATH, SOFTHSM2_CONF };
}
