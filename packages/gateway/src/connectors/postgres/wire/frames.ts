import { backend, frontend, typeTable } from './messages.ts';

/** Why a stream of frames can't be followed any further. Everything behind it is unreadable: close the connection. */
export interface FrameError {
  readonly reason: 'unknown_type' | 'length_too_small' | 'over_limit';
  readonly type: number;
  /** The length word as it was sent; 0 for an unknown type, whose length means nothing. */
  readonly length: number;
}

/** Type byte and length word; the length counts itself but not the type byte. */
const headerBytes = 5;
const lengthWordBytes = 4;
/** A split frame starts with this much memory and doubles as bytes arrive, so a length that lies costs nothing. */
const firstCarryBytes = 1_024;

const frontendTypes = typeTable(Object.values(frontend));
const backendTypes = typeTable(Object.values(backend));
const rowTypes = typeTable([backend.dataRow, backend.copyData]);

/** The bytes of one frame that arrived in pieces; holds at most twice what has arrived. */
class Carry {
  #bytes = Buffer.allocUnsafe(0);
  #used = 0;

  get used(): number {
    return this.#used;
  }

  get type(): number {
    return this.#bytes.readUInt8(0);
  }

  get length(): number {
    return this.#bytes.readInt32BE(1);
  }

  /** Copies from `chunk[from]` until `wanted` bytes are held or the chunk ends; returns where the copying stopped. */
  fill(chunk: Buffer, from: number, wanted: number): number {
    const count = Math.min(wanted - this.#used, chunk.length - from);
    this.#reserve(this.#used + count, wanted);
    chunk.copy(this.#bytes, this.#used, from, from + count);
    this.#used += count;
    return from + count;
  }

  /** Hands over what is held and starts empty. */
  take(): Buffer {
    const frame = this.#bytes.subarray(0, this.#used);
    this.#bytes = Buffer.allocUnsafe(0);
    this.#used = 0;
    return frame;
  }

  #reserve(needed: number, wanted: number): void {
    if (needed <= this.#bytes.length) return;
    // Unpooled: a frame may be kept for long, and must not keep a shared slab.
    const grown = Buffer.allocUnsafeSlow(
      Math.max(needed, Math.min(wanted, Math.max(firstCarryBytes, this.#bytes.length * 2))),
    );
    this.#bytes.copy(grown, 0, 0, this.#used);
    this.#bytes = grown;
  }
}

export interface FrameRules {
  /** The largest whole frame of this type, header included. Asked once a frame, before its body is kept. */
  maxBytes(type: number): number;
}

/**
 * Cuts what a client sends into whole frames, header included, in order. Frames that lie within one chunk are views of
 * it and are valid as long as it is; others are copies of their own. What comes out doesn't depend on the chunking.
 * After an error it stays in error.
 */
export class FrameSplitter {
  readonly #rules: FrameRules;
  readonly #carry = new Carry();
  #error: FrameError | null = null;

  constructor(rules: FrameRules) {
    this.#rules = rules;
  }

  /** Bytes of an unfinished frame that are held. */
  get heldBytes(): number {
    return this.#carry.used;
  }

  push(chunk: Buffer, onFrame: (type: number, frame: Buffer) => void): FrameError | null {
    if (this.#error !== null) return this.#error;
    let at = this.#carry.used > 0 ? this.#finishCarried(chunk, onFrame) : 0;
    const end = chunk.length;
    while (this.#error === null && end - at >= headerBytes) {
      const type = chunk.readUInt8(at);
      const length = chunk.readInt32BE(at + 1);
      if (!this.#accepts(type, length)) break;
      const next = at + 1 + length;
      if (next > end) break;
      onFrame(type, chunk.subarray(at, next));
      at = next;
    }
    if (this.#error === null && at < end) this.#begin(chunk, at);
    return this.#error;
  }

  #accepts(type: number, length: number): boolean {
    if (frontendTypes[type] !== 1) this.#error = { reason: 'unknown_type', type, length: 0 };
    else if (length < lengthWordBytes) this.#error = { reason: 'length_too_small', type, length };
    else if (length + 1 > this.#rules.maxBytes(type)) this.#error = { reason: 'over_limit', type, length };
    return this.#error === null;
  }

  #begin(chunk: Buffer, at: number): void {
    const type = chunk.readUInt8(at);
    if (frontendTypes[type] !== 1) this.#error = { reason: 'unknown_type', type, length: 0 };
    else if (chunk.length - at < headerBytes) this.#carry.fill(chunk, at, headerBytes);
    else this.#carry.fill(chunk, at, 1 + chunk.readInt32BE(at + 1));
  }

  #finishCarried(chunk: Buffer, onFrame: (type: number, frame: Buffer) => void): number {
    const carry = this.#carry;
    let at = 0;
    if (carry.used < headerBytes) {
      at = carry.fill(chunk, at, headerBytes);
      if (carry.used < headerBytes || !this.#accepts(carry.type, carry.length)) return at;
    }
    const total = 1 + carry.length;
    at = carry.fill(chunk, at, total);
    if (carry.used === total) onFrame(carry.type, carry.take());
    return at;
  }
}

export interface BackendSink {
  /**
   * `chunk[start, end)` is to be passed on as it is: whole frames, and parts of frames, of types that aren't control.
   * The bytes are valid during the call only, unless the owner of the chunk says otherwise.
   */
  passthrough(chunk: Buffer, start: number, end: number): void;
  /** One whole frame of a control type, header included; a view of the chunk where it lies within one. */
  control(type: number, frame: Buffer): void;
}

export interface ScannerOptions {
  readonly sink: BackendSink;
  /** 256 entries: 1 for types that come out whole through `control`. */
  readonly controlTypes: Uint8Array;
  /** The largest control frame, header included. */
  readonly maxControlBytes: number;
}

/**
 * Follows what a server sends without copying or keeping rows: runs of bytes that need no attention, and control frames,
 * in exact order. Frames that aren't control stream through in bounded memory however large they are. After an error it
 * stays in error.
 */
export class BackendScanner {
  /** DataRow and CopyData frames begun; the owner resets it. */
  rows = 0;
  /** Bytes of the bodies of those frames, counted whole when they begin; the owner resets it. */
  rowBytes = 0;
  readonly #sink: BackendSink;
  readonly #control: Uint8Array;
  readonly #maxControlBytes: number;
  readonly #carry = new Carry();
  /** Bytes still to come of a frame that is passed through. */
  #remaining = 0;
  #error: FrameError | null = null;

  constructor(options: ScannerOptions) {
    this.#sink = options.sink;
    this.#control = options.controlTypes;
    this.#maxControlBytes = options.maxControlBytes;
  }

  /** Whether what has been passed on so far ends inside of a frame: nothing else may be sent there. */
  get midFrame(): boolean {
    return this.#remaining > 0;
  }

  /** Bytes of an unfinished control frame, or of an unfinished header, that are held. */
  get heldBytes(): number {
    return this.#carry.used;
  }

  push(chunk: Buffer): FrameError | null {
    if (this.#error !== null) return this.#error;
    let at = this.#carry.used > 0 ? this.#finishCarried(chunk) : 0;
    if (this.#error !== null) return this.#error;
    const end = chunk.length;
    let runStart = at;
    if (this.#remaining > 0) {
      const skipped = Math.min(this.#remaining, end - at);
      this.#remaining -= skipped;
      at += skipped;
    }
    while (end - at >= headerBytes) {
      const type = chunk.readUInt8(at);
      const length = chunk.readInt32BE(at + 1);
      const isControl = this.#control[type] === 1;
      if (!this.#accepts(type, length)) break;
      const next = at + 1 + length;
      if (isControl) {
        if (next > end) break;
        if (at > runStart) this.#sink.passthrough(chunk, runStart, at);
        this.#sink.control(type, chunk.subarray(at, next));
        runStart = next;
      } else {
        this.#count(type, length);
        if (next > end) {
          this.#remaining = next - end;
          at = end;
          break;
        }
      }
      at = next;
    }
    if (at > runStart) this.#sink.passthrough(chunk, runStart, at);
    if (this.#error === null && at < end) this.#begin(chunk, at);
    return this.#error;
  }

  #count(type: number, length: number): void {
    if (rowTypes[type] !== 1) return;
    this.rows += 1;
    this.rowBytes += length - lengthWordBytes;
  }

  #accepts(type: number, length: number): boolean {
    if (backendTypes[type] !== 1) this.#error = { reason: 'unknown_type', type, length: 0 };
    else if (length < lengthWordBytes) this.#error = { reason: 'length_too_small', type, length };
    else if (this.#control[type] === 1 && length + 1 > this.#maxControlBytes) {
      this.#error = { reason: 'over_limit', type, length };
    }
    return this.#error === null;
  }

  /** An unfinished header, or an unfinished control frame. */
  #begin(chunk: Buffer, at: number): void {
    const type = chunk.readUInt8(at);
    if (backendTypes[type] !== 1) this.#error = { reason: 'unknown_type', type, length: 0 };
    else if (chunk.length - at < headerBytes) this.#carry.fill(chunk, at, headerBytes);
    else this.#carry.fill(chunk, at, 1 + chunk.readInt32BE(at + 1));
  }

  #finishCarried(chunk: Buffer): number {
    const carry = this.#carry;
    let at = 0;
    if (carry.used < headerBytes) {
      at = carry.fill(chunk, at, headerBytes);
      if (carry.used < headerBytes || !this.#accepts(carry.type, carry.length)) return at;
      if (this.#control[carry.type] !== 1) return this.#passHeader(at);
    }
    const total = 1 + carry.length;
    at = carry.fill(chunk, at, total);
    if (carry.used === total) this.#sink.control(carry.type, carry.take());
    return at;
  }

  #passHeader(at: number): number {
    const { type, length } = this.#carry;
    const header = this.#carry.take();
    this.#count(type, length);
    this.#remaining = length - lengthWordBytes;
    this.#sink.passthrough(header, 0, header.length);
    return at;
  }
}
