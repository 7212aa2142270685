/**
 * CBOR (RFC 8949) as authenticators write it (CTAP2 canonical form): definite lengths, integers and lengths in their
 * shortest form, map keys that are integers or text. Strict and bounded: whatever is left out here is refused.
 */
export type Cbor = number | string | boolean | null | Uint8Array | readonly Cbor[] | CborMap;
export type CborMap = ReadonlyMap<number | string, Cbor>;

/** An attestation object nests four deep: CTAP2 allows no more. */
const MAX_DEPTH = 4;
const MAJOR = { unsigned: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5, simple: 7 } as const;
const SIMPLE: Readonly<Record<number, boolean | null>> = { 20: false, 21: true, 22: null };
/** The least value that needs so many bytes behind the head. */
const LEAST: Readonly<Record<number, number>> = { 1: 24, 2: 0x100, 4: 0x10000 };

/** Thrown within this file only. */
class Malformed extends Error {}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  #take(count: number): Uint8Array {
    if (count > this.#bytes.length - this.at) throw new Malformed();
    this.at += count;
    return new Uint8Array(this.#bytes.subarray(this.at - count, this.at));
  }

  /** The argument of a head (RFC 8949 §3): its five bits, or the 1, 2 or 4 bytes that they announce. */
  #argument(info: number): number {
    if (info < 24) return info;
    const size = info === 24 ? 1 : info === 25 ? 2 : info === 26 ? 4 : 0;
    const at = this.at;
    if (this.#take(size).length === 0) throw new Malformed();
    const value =
      size === 1 ? this.#view.getUint8(at) : size === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
    if (value < (LEAST[size] ?? 0)) throw new Malformed();
    return value;
  }

  item(depth = 0): Cbor {
    const [head = 0] = this.#take(1);
    const major = head >> 5;
    const info = head & 0x1f;
    if (major === MAJOR.simple) return this.#simple(info);
    const argument = this.#argument(info);
    switch (major) {
      case MAJOR.unsigned:
        return argument;
      case MAJOR.negative:
        return -1 - argument;
      case MAJOR.bytes:
        return this.#take(argument);
      case MAJOR.text:
        return this.#text(argument);
      case MAJOR.array:
        return this.#array(argument, depth + 1);
      case MAJOR.map:
        return this.#map(argument, depth + 1);
      default:
        throw new Malformed();
    }
  }

  #simple(info: number): boolean | null {
    const value = SIMPLE[info];
    if (value === undefined) throw new Malformed();
    return value;
  }

  #text(length: number): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.#take(length));
    } catch {
      throw new Malformed();
    }
  }

  /** Every item has a byte at least, so that a length that lies ends at the end of the bytes. */
  #array(length: number, depth: number): readonly Cbor[] {
    if (depth > MAX_DEPTH || length > this.#bytes.length) throw new Malformed();
    return Array.from({ length }, () => this.item(depth));
  }

  #map(length: number, depth: number): CborMap {
    if (depth > MAX_DEPTH || length > this.#bytes.length) throw new Malformed();
    const map = new Map<number | string, Cbor>();
    for (let count = 0; count < length; count++) {
      const key = this.item(depth);
      if ((typeof key !== 'number' && typeof key !== 'string') || map.has(key)) throw new Malformed();
      map.set(key, this.item(depth));
    }
    return map;
  }
}

/** The first item of `bytes` and how many bytes it has; undefined where that is not such CBOR. */
export function readCbor(bytes: Uint8Array): { readonly value: Cbor; readonly length: number } | undefined {
  const reader = new Reader(bytes);
  try {
    return { value: reader.item(), length: reader.at };
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

export const isMap = (value: Cbor | undefined): value is CborMap => value instanceof Map;
