/**
 * `key.exposed`: others can read the signing key; `key.malformed`: the file holds no Ed25519 key; `log.other_key`: the
 * published checkpoint is not by this key and origin; `log.inconsistent`: the published tiles are not those of the
 * published checkpoint, or the log holds other entries than it. With any of them the gateway does not start.
 */
export type LedgerErrorCode = 'key.exposed' | 'key.malformed' | 'log.other_key' | 'log.inconsistent';

export class LedgerError extends Error {
  readonly code: LedgerErrorCode;

  constructor(code: LedgerErrorCode, message: string) {
    super(`${code}: ${message}`);
    this.name = 'LedgerError';
    this.code = code;
  }
}
