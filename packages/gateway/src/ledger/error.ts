/**
 * `key.exposed`: others can read the signing key; `key.malformed`: its file holds no Ed25519 key; `key.unavailable`: what
 * holds it doesn't answer, or not as itself; `log.other_key`: the published checkpoint is not by this key;
 * `log.other_origin`: it is of a log of another name; `log.inconsistent`: the published tiles are not those of the
 * published checkpoint, or the log holds other entries than it; `log.future`: it was published later than it is now;
 * `witness.malformed`: the configured key of a witness is none; `witness.away`: too few witnesses answer, and nothing is
 * published; `witness.refused`: a witness knows another log of this name, or a longer one. `mirror.*`: the folder
 * that the log is published in lies in the state folder or around it (`in_state`), or holds a checkpoint that is none
 * (`malformed`), of another log (`other_origin`), by another key (`other_key`), over more entries than are published
 * (`ahead`) or over others (`forked`). With any of them the gateway does not start, and repairs nothing.
 */
export type LedgerErrorCode =
  | 'key.exposed'
  | 'key.malformed'
  | 'key.unavailable'
  | 'log.other_key'
  | 'log.other_origin'
  | 'log.inconsistent'
  | 'log.future'
  | 'witness.malformed'
  | 'witness.away'
  | 'witness.refused'
  | 'mirror.in_state'
  | 'mirror.malformed'
  | 'mirror.other_origin'
  | 'mirror.other_key'
  | 'mirror.ahead'
  | 'mirror.forked';

export class LedgerError extends Error {
  readonly code: LedgerErrorCode;

  constructor(code: LedgerErrorCode, message: string) {
    super(`${code}: ${message}`);
    this.name = 'LedgerError';
    this.code = code;
  }
}
