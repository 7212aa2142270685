import { isUtf8 } from 'node:buffer';
import { err, ok } from '../../../core/result.ts';
import type { Result } from '../../../core/result.ts';

/** Why a message is refused. Closed: the owner maps each to SQLSTATE 08P01, except `invalid_utf8`, which is 22021. */
export type WireFault =
  | 'truncated'
  | 'trailing_bytes'
  | 'missing_terminator'
  | 'invalid_utf8'
  | 'invalid_count'
  | 'invalid_value'
  | 'nul_in_text'
  | 'duplicate_parameter';

/** Longer text is checked and decoded natively; for shorter text the loop below costs less than two calls. */
const shortTextBytes = 128;

/** UTF-8, strictly: bytes and text determine each other, or the answer is undefined. */
export function strictText(bytes: Buffer, start: number, end: number): string | undefined {
  if (end - start <= shortTextBytes && isAsciiRange(bytes, start, end))
    return bytes.toString('latin1', start, end);
  return isUtf8(bytes.subarray(start, end)) ? bytes.toString('utf8', start, end) : undefined;
}

function isAsciiRange(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (bytes.readUInt8(at) > 0x7f) return false;
  return true;
}

/**
 * Reads the fields of one message in order. The first fault sticks and later reads give empty values, so a parser reads
 * everything and asks once, with `finish`.
 */
export class BodyReader {
  readonly #bytes: Buffer;
  #at: number;
  #fault: WireFault | null = null;

  constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes;
    this.#at = start;
  }

  get fault(): WireFault | null {
    return this.#fault;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  fail(fault: WireFault): void {
    this.#fault ??= fault;
  }

  uint8(): number {
    const at = this.#advance(1);
    return at < 0 ? 0 : this.#bytes.readUInt8(at);
  }

  uint16(): number {
    const at = this.#advance(2);
    return at < 0 ? 0 : this.#bytes.readUInt16BE(at);
  }

  int32(): number {
    const at = this.#advance(4);
    return at < 0 ? 0 : this.#bytes.readInt32BE(at);
  }

  /** OIDs and process numbers. */
  uint32(): number {
    return this.int32() >>> 0;
  }

  /** A view of the message. */
  bytes(count: number): Buffer {
    const at = this.#advance(count);
    return at < 0 ? this.#bytes.subarray(0, 0) : this.#bytes.subarray(at, at + count);
  }

  /** The protocol's String: UTF-8 up to a NUL. */
  text(): string {
    return this.#terminated(strictText);
  }

  /** A String of a server whose encoding isn't known yet: what isn't UTF-8 is replaced. */
  lenientText(): string {
    return this.#terminated((bytes, start, end) => bytes.toString('utf8', start, end));
  }

  /** A count of items that take `itemBytes` each at least: one that the message can't hold is a lie. */
  count(itemBytes: number): number {
    const count = this.uint16();
    if (count * itemBytes <= this.remaining) return count;
    this.fail('invalid_count');
    return 0;
  }

  /** The value, unless something was wrong or something is left over. */
  finish<T>(value: T): Result<T, WireFault> {
    if (this.#fault === null && this.remaining > 0) this.#fault = 'trailing_bytes';
    return this.#fault === null ? ok(value) : err(this.#fault);
  }

  #terminated(decode: (bytes: Buffer, start: number, end: number) => string | undefined): string {
    if (this.#fault !== null) return '';
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) {
      this.fail('missing_terminator');
      return '';
    }
    const text = decode(this.#bytes, this.#at, end);
    if (text === undefined) this.fail('invalid_utf8');
    this.#at = end + 1;
    return text ?? '';
  }

  /** Where the next `count` bytes begin, or -1. */
  #advance(count: number): number {
    if (this.#fault !== null) return -1;
    if (count < 0 || count > this.remaining) {
      this.fail('truncated');
      return -1;
    }
    const at = this.#at;
    this.#at += count;
    return at;
  }
}
