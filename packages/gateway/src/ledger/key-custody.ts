/** A key of the log that somebody holds. What it signs with never comes here. */
export interface HeldKey {
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Ed25519 over the message as it is: 64 bytes. Rejects with `key.unavailable` where its holder doesn't answer. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/**
 * Where the log's private keys are. One caller at a time. Whatever resolves is durable. There is one key in use, and
 * during a hand-over the next one; a crash in between leaves both, and the start finds out which of them the log names.
 */
export interface KeyCustody {
  /** The key in use, made if there has never been one. Rejects with a `LedgerError`. */
  current(): Promise<HeldKey>;
  /** The key that an unfinished hand-over made; null: there is none. */
  next(): Promise<HeldKey | null>;
  /** Makes the next key. There must be none. */
  makeNext(): Promise<HeldKey>;
  /** The next key becomes the one in use, and the one before is destroyed. Once more after a crash does no harm. */
  adoptNext(): Promise<void>;
  /** Destroys a next key that the log doesn't name. */
  discardNext(): Promise<void>;
}
