import { err, ok } from '../../../core/result.ts';
import type { Result } from '../../../core/result.ts';
import { requestCode } from './messages.ts';
import { BodyReader } from './reader.ts';
import type { WireFault } from './reader.ts';
import { int16, int32, packet, terminated } from './writer.ts';

/** The first packet of a connection, which has no type byte. PostgreSQL 18, "Message Formats": StartupMessage ff. */
export type StartupPacket =
  | { readonly kind: 'ssl' }
  | { readonly kind: 'gssEncryption' }
  | { readonly kind: 'cancel'; readonly processId: number; readonly secretKey: Buffer }
  | {
      readonly kind: 'startup';
      readonly major: number;
      readonly minor: number;
      /** As sent; empty for a major version other than 3, whose layout isn't known. */
      readonly parameters: ReadonlyMap<string, string>;
    };

/** A cancel key has 4 bytes in protocol 3.0 and 4 to 256 in 3.2 ("BackendKeyData", "CancelRequest"). */
const minCancelKeyBytes = 4;
const maxCancelKeyBytes = 256;
/** Length word, then the version or request code. */
const codeAt = 4;
const bodyAt = 8;

/** `bytes` is the whole packet, length word included, which has been checked. */
export function parseStartupPacket(bytes: Buffer): Result<StartupPacket, WireFault> {
  if (bytes.length < bodyAt) return err('truncated');
  const code = bytes.readUInt32BE(codeAt);
  const reader = new BodyReader(bytes, bodyAt);
  if (code === requestCode.ssl) return reader.finish({ kind: 'ssl' });
  if (code === requestCode.gssEncryption) return reader.finish({ kind: 'gssEncryption' });
  if (code === requestCode.cancel) return parseCancel(reader);
  const version = { kind: 'startup', major: code >>> 16, minor: code & 0xffff } as const;
  if (version.major !== 3) return ok({ ...version, parameters: new Map() });
  const parameters = readParameters(reader);
  return reader.finish({ ...version, parameters });
}

function parseCancel(reader: BodyReader): Result<StartupPacket, WireFault> {
  const processId = reader.uint32();
  return reader.finish({ kind: 'cancel', processId, secretKey: readCancelKey(reader) });
}

/** The rest of the message is the key; its length comes from the message's. */
export function readCancelKey(reader: BodyReader): Buffer {
  const { remaining } = reader;
  if (remaining < minCancelKeyBytes || remaining > maxCancelKeyBytes) reader.fail('invalid_value');
  return Buffer.from(reader.bytes(remaining));
}

/** Names and values up to an empty name. A name given twice is refused: two readers could each take another one. */
function readParameters(reader: BodyReader): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (let name = reader.text(); name !== ''; name = reader.text()) {
    if (parameters.has(name)) reader.fail('duplicate_parameter');
    parameters.set(name, reader.text());
  }
  return parameters;
}

export const sslRequest = packet(int32(requestCode.ssl));

export function cancelRequest(processId: number, secretKey: Uint8Array): Buffer {
  return packet(int32(requestCode.cancel), int32(processId), Buffer.from(secretKey));
}

export function startupMessage(version: number, parameters: Iterable<readonly [string, string]>): Buffer {
  const fields = [...parameters].flatMap(([name, value]) => [terminated(name), terminated(value)]);
  return packet(int16(version >>> 16), int16(version & 0xffff), ...fields, Buffer.of(0));
}
