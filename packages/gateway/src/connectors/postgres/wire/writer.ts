/** Fields of outgoing messages; PostgreSQL 18, "Frontend/Backend Protocol", section "Message Data Types". */

/** A String. Text with NUL would end early and let its rest be read as other fields, so it is a bug and throws. */
export function terminated(text: string): Buffer {
  if (text.includes('\0')) throw new Error('a protocol string cannot hold NUL');
  return Buffer.from(`${text}\0`, 'utf8');
}

export function int16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

export function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

export function byte(value: string): Buffer {
  return Buffer.from(value, 'latin1');
}

/** A whole frame: type byte, length word, then the parts. */
export function frame(type: number, ...parts: readonly Buffer[]): Buffer {
  const bodyBytes = parts.reduce((sum, part) => sum + part.length, 0);
  const header = Buffer.allocUnsafe(5);
  header.writeUInt8(type, 0);
  header.writeUInt32BE(bodyBytes + 4, 1);
  return Buffer.concat([header, ...parts], bodyBytes + 5);
}

/** A packet without a type byte. */
export function packet(...parts: readonly Buffer[]): Buffer {
  const bodyBytes = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([int32(bodyBytes + 4), ...parts], bodyBytes + 4);
}
