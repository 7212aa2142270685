import type { Database, Statement } from 'better-sqlite3';
import type { Passkey } from '../../core/passkey.ts';
import { StoreError } from '../store.ts';
import type { PasskeyRow, StoreRefusal } from '../store.ts';

interface Stored {
  readonly registration: number;
  readonly passkey: string;
}

// What is stored as JSON was a value of the type when it was written, here.
const rowOf = ({ registration, passkey }: Stored): PasskeyRow => ({
  passkey: JSON.parse(passkey) as Passkey,
  registration,
});

/** Passkeys, which are never deleted: a revoked one stays what its votes were signed with. */
export class Passkeys {
  readonly #read: Statement<[string], Stored>;
  readonly #ofIdentity: Statement<[string], Stored>;
  readonly #ofCredential: Statement<[string], Stored>;
  readonly #insert: Statement<[string, string, string, number, string]>;
  readonly #update: Statement<[string, string]>;

  constructor(database: Database) {
    this.#read = database.prepare('SELECT registration, passkey FROM passkeys WHERE id = ?');
    this.#ofIdentity = database.prepare(
      'SELECT registration, passkey FROM passkeys WHERE identity = ? ORDER BY id',
    );
    this.#ofCredential = database.prepare('SELECT registration, passkey FROM passkeys WHERE credential = ?');
    this.#insert = database.prepare(
      'INSERT INTO passkeys (id, identity, credential, registration, passkey) VALUES (?, ?, ?, ?, ?)',
    );
    this.#update = database.prepare('UPDATE passkeys SET passkey = ? WHERE id = ?');
  }

  read(id: string): PasskeyRow | null {
    const stored = this.#read.get(id);
    return stored === undefined ? null : rowOf(stored);
  }

  ofIdentity(identity: string): PasskeyRow[] {
    return this.#ofIdentity.all(identity).map(rowOf);
  }

  register(passkey: Passkey, registration: number): StoreRefusal | null {
    const { id, identity, credential, vouchedBy } = passkey;
    if (this.#ofCredential.get(credential) !== undefined) return { code: 'passkey.known' };
    const refusal = vouchedBy === null ? this.#whyNotFirst(identity) : this.whyNotLive(vouchedBy, identity);
    if (refusal !== null) return refusal;
    if (this.read(id) !== null) throw new StoreError('store.invalid', `the passkey ${id} exists`);
    this.#insert.run(id, identity, credential, registration, JSON.stringify(passkey));
    return null;
  }

  #whyNotFirst(identity: string): StoreRefusal | null {
    return this.#ofIdentity.get(identity) === undefined ? null : { code: 'passkey.unvouched' };
  }

  revoke(id: string, atMs: number): StoreRefusal | null {
    const row = this.read(id);
    const refusal = this.whyNotLive(id);
    if (row === null || refusal !== null) return refusal;
    this.#update.run(JSON.stringify({ ...row.passkey, revokedAtMs: atMs }), id);
    return null;
  }

  /** Null where it is live and, if that is asked, of this identity. */
  whyNotLive(id: string, identity?: string): StoreRefusal | null {
    const passkey = this.read(id)?.passkey;
    if (passkey === undefined || (identity !== undefined && passkey.identity !== identity))
      return { code: 'passkey.missing' };
    return passkey.revokedAtMs === null ? null : { code: 'passkey.revoked' };
  }
}
