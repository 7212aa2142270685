import { err, ok } from '../../../core/result.ts';
import type { Result } from '../../../core/result.ts';
import type { Parameter } from '../../../core/action.ts';
import { frontend } from './messages.ts';
import { BodyReader, strictText } from './reader.ts';
import type { WireFault } from './reader.ts';
import { byte, frame, int16, int32, terminated } from './writer.ts';

/**
 * Parsers take a whole frame, header included, whose type the caller has looked at; encoders give one. Buffers in the
 * parsed messages are views of the frame. PostgreSQL 18, "Frontend/Backend Protocol", section "Message Formats".
 */
const bodyAt = 5;

export interface ParseMessage {
  readonly statement: string;
  readonly query: string;
  /** OIDs; 0 leaves a type open. May be shorter than the query's parameters. */
  readonly parameterTypes: readonly number[];
}

export interface BindMessage {
  readonly portal: string;
  readonly statement: string;
  /** 0 text, 1 binary. Empty: all text; one: for all. */
  readonly parameterFormats: readonly number[];
  /** Null is SQL NULL. */
  readonly parameters: readonly (Buffer | null)[];
  /** As `parameterFormats`, for the result's columns. */
  readonly resultFormats: readonly number[];
}

export interface NamedObject {
  readonly kind: 'statement' | 'portal';
  readonly name: string;
}

export interface ExecuteMessage {
  readonly portal: string;
  /** 0 or less: no limit. */
  readonly maxRows: number;
}

export interface SaslInitialResponse {
  readonly mechanism: string;
  /** Null where the client sends none. */
  readonly data: Buffer | null;
}

export function parseQuery(message: Buffer): Result<string, WireFault> {
  const reader = new BodyReader(message, bodyAt);
  return reader.finish(reader.text());
}

export function parseParse(message: Buffer): Result<ParseMessage, WireFault> {
  const reader = new BodyReader(message, bodyAt);
  const statement = reader.text();
  const query = reader.text();
  const parameterTypes = readList(reader, 4, () => reader.uint32());
  return reader.finish({ statement, query, parameterTypes });
}

export function parseBind(message: Buffer): Result<BindMessage, WireFault> {
  const reader = new BodyReader(message, bodyAt);
  const portal = reader.text();
  const statement = reader.text();
  const parameterFormats = readFormats(reader);
  const parameters = readList(reader, 4, () => readValue(reader));
  const resultFormats = readFormats(reader);
  const formats = parameterFormats.length;
  if (formats > 1 && formats !== parameters.length) reader.fail('invalid_count');
  return reader.finish({ portal, statement, parameterFormats, parameters, resultFormats });
}

/** Describe and Close have the same body. */
export function parseNamedObject(message: Buffer): Result<NamedObject, WireFault> {
  const reader = new BodyReader(message, bodyAt);
  const code = String.fromCharCode(reader.uint8());
  if (code !== 'S' && code !== 'P') reader.fail('invalid_value');
  return reader.finish({ kind: code === 'S' ? 'statement' : 'portal', name: reader.text() });
}

export function parseExecute(message: Buffer): Result<ExecuteMessage, WireFault> {
  const reader = new BodyReader(message, bodyAt);
  const portal = reader.text();
  return reader.finish({ portal, maxRows: reader.int32() });
}

/** Sync, Flush, Terminate and CopyDone: nothing but a header. */
export function parseEmpty(message: Buffer): Result<null, WireFault> {
  return new BodyReader(message, bodyAt).finish(null);
}

export function parseCopyData(message: Buffer): Buffer {
  return message.subarray(bodyAt);
}

/** The client's reason. */
export function parseCopyFail(message: Buffer): Result<string, WireFault> {
  return parseQuery(message);
}

export function parseSaslInitialResponse(message: Buffer): Result<SaslInitialResponse, WireFault> {
  const reader = new BodyReader(message, bodyAt);
  const mechanism = reader.text();
  const data = readValue(reader);
  return reader.finish({ mechanism, data });
}

export function parseSaslResponse(message: Buffer): Buffer {
  return message.subarray(bodyAt);
}

/**
 * The bound values as they are shown and digested. Text is UTF-8 without NUL, which PostgreSQL would refuse as well.
 * `parameterTypes` are those of Parse, or better of ParameterDescription; a missing one is 0.
 */
export function bindParameters(
  bind: BindMessage,
  parameterTypes: readonly number[],
): Result<Parameter[], WireFault> {
  const parameters: Parameter[] = [];
  for (const [index, bytes] of bind.parameters.entries()) {
    const type = parameterTypes[index] ?? 0;
    const isBinary = formatOf(bind.parameterFormats, index) === 1;
    if (bytes === null) parameters.push({ type, format: isBinary ? 'binary' : 'text', value: null });
    else if (isBinary) parameters.push({ type, format: 'binary', value: bytes.toString('base64url') });
    else {
      const value = strictText(bytes, 0, bytes.length);
      if (value === undefined) return err('invalid_utf8');
      if (value.includes('\0')) return err('nul_in_text');
      parameters.push({ type, format: 'text', value });
    }
  }
  return ok(parameters);
}

/** "Bind": no codes mean text for all, one code is for all. */
export function formatOf(formats: readonly number[], index: number): number {
  return (formats.length === 1 ? formats[0] : formats[index]) ?? 0;
}

function readFormats(reader: BodyReader): number[] {
  return readList(reader, 2, () => {
    const format = reader.uint16();
    if (format > 1) reader.fail('invalid_value');
    return format;
  });
}

/** A length word and that many bytes; -1 is NULL. */
function readValue(reader: BodyReader): Buffer | null {
  const length = reader.int32();
  if (length === -1) return null;
  return reader.bytes(length);
}

function readList<T>(reader: BodyReader, itemBytes: number, readItem: () => T): T[] {
  const count = reader.count(itemBytes);
  const items: T[] = [];
  for (let index = 0; index < count && reader.fault === null; index += 1) items.push(readItem());
  return items;
}

export const syncMessage = frame(frontend.sync);
export const flushMessage = frame(frontend.flush);
export const terminateMessage = frame(frontend.terminate);

export function queryMessage(text: string): Buffer {
  return frame(frontend.query, terminated(text));
}

export function parseMessage(parse: ParseMessage): Buffer {
  return frame(
    frontend.parse,
    terminated(parse.statement),
    terminated(parse.query),
    int16(parse.parameterTypes.length),
    ...parse.parameterTypes.map(int32),
  );
}

export function bindMessage(bind: BindMessage): Buffer {
  return frame(
    frontend.bind,
    terminated(bind.portal),
    terminated(bind.statement),
    ...list(bind.parameterFormats.map(int16)),
    ...list(bind.parameters.map(lengthPrefixed)),
    ...list(bind.resultFormats.map(int16)),
  );
}

export function describeMessage(object: NamedObject): Buffer {
  return frame(frontend.describe, namedObject(object));
}

export function closeMessage(object: NamedObject): Buffer {
  return frame(frontend.close, namedObject(object));
}

export function executeMessage(execute: ExecuteMessage): Buffer {
  return frame(frontend.execute, terminated(execute.portal), int32(execute.maxRows));
}

export function copyFailMessage(reason: string): Buffer {
  return frame(frontend.copyFail, terminated(reason));
}

export function passwordMessage(password: string): Buffer {
  return frame(frontend.password, terminated(password));
}

export function saslInitialResponse(mechanism: string, data: Buffer): Buffer {
  return frame(frontend.password, terminated(mechanism), lengthPrefixed(data));
}

export function saslResponse(data: Buffer): Buffer {
  return frame(frontend.password, data);
}

function namedObject(object: NamedObject): Buffer {
  return Buffer.concat([byte(object.kind === 'statement' ? 'S' : 'P'), terminated(object.name)]);
}

function list(items: readonly Buffer[]): readonly Buffer[] {
  return [int16(items.length), ...items];
}

function lengthPrefixed(value: Buffer | null): Buffer {
  return value === null ? int32(-1) : Buffer.concat([int32(value.length), value]);
}
