import { err, ok } from '../../../core/result.ts';
import type { Result } from '../../../core/result.ts';
import { backend } from './messages.ts';
import type { TransactionStatus } from './messages.ts';
import { BodyReader } from './reader.ts';
import type { WireFault } from './reader.ts';
import { readCancelKey } from './startup.ts';
import { byte, frame, int32, terminated } from './writer.ts';

/**
 * Encoders give a whole frame; parsers take one, header included, whose type the caller has looked at.
 * PostgreSQL 18, "Frontend/Backend Protocol", section "Message Formats".
 */
const bodyAt = 5;

const authenticationCode = {
  ok: 0,
  clearText: 3,
  md5: 5,
  sasl: 10,
  saslContinue: 11,
  saslFinal: 12,
} as const;

export const authenticationOk = frame(backend.authentication, int32(authenticationCode.ok));
export const emptyQueryResponse = frame(backend.emptyQueryResponse);

const readyFrames = {
  I: frame(backend.readyForQuery, byte('I')),
  T: frame(backend.readyForQuery, byte('T')),
  E: frame(backend.readyForQuery, byte('E')),
} as const satisfies Record<TransactionStatus, Buffer>;

export function readyForQuery(status: TransactionStatus): Buffer {
  return readyFrames[status];
}

export function authenticationSasl(mechanisms: readonly string[]): Buffer {
  const names = mechanisms.map(terminated);
  return frame(backend.authentication, int32(authenticationCode.sasl), ...names, Buffer.of(0));
}

export function authenticationSaslContinue(data: string): Buffer {
  return frame(backend.authentication, int32(authenticationCode.saslContinue), Buffer.from(data, 'utf8'));
}

export function authenticationSaslFinal(data: string): Buffer {
  return frame(backend.authentication, int32(authenticationCode.saslFinal), Buffer.from(data, 'utf8'));
}

/** `version` is the whole number, major and minor, as PostgreSQL itself sends it. */
export function negotiateProtocolVersion(version: number, unknownOptions: readonly string[]): Buffer {
  return frame(
    backend.negotiateProtocolVersion,
    int32(version),
    int32(unknownOptions.length),
    ...unknownOptions.map(terminated),
  );
}

export function parameterStatus(name: string, value: string): Buffer {
  return frame(backend.parameterStatus, terminated(name), terminated(value));
}

export function backendKeyData(processId: number, secretKey: Uint8Array): Buffer {
  return frame(backend.backendKeyData, int32(processId), Buffer.from(secretKey));
}

export function commandComplete(tag: string): Buffer {
  return frame(backend.commandComplete, terminated(tag));
}

/** "Error and Notice Message Fields", those that the gateway uses. */
export interface Report {
  readonly severity: 'ERROR' | 'FATAL' | 'PANIC' | 'WARNING' | 'NOTICE' | 'DEBUG' | 'INFO' | 'LOG';
  /** SQLSTATE. */
  readonly code: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
}

export function errorResponse(report: Report): Buffer {
  return frame(backend.errorResponse, reportFields(report));
}

export function noticeResponse(report: Report): Buffer {
  return frame(backend.noticeResponse, reportFields(report));
}

function reportFields(report: Report): Buffer {
  const fields: readonly (readonly [string, string | undefined])[] = [
    ['S', report.severity],
    ['V', report.severity],
    ['C', report.code],
    ['M', report.message],
    ['D', report.detail],
    ['H', report.hint],
  ];
  const parts = fields.flatMap(([code, text]) =>
    text === undefined || text === '' ? [] : [byte(code), terminated(text.replaceAll('\0', '\ufffd'))],
  );
  return Buffer.concat([...parts, Buffer.of(0)]);
}

export type Authentication =
  | { readonly kind: 'ok' }
  | { readonly kind: 'clearText' }
  | { readonly kind: 'md5'; readonly salt: Buffer }
  | { readonly kind: 'sasl'; readonly mechanisms: readonly string[] }
  | { readonly kind: 'saslContinue'; readonly data: string }
  | { readonly kind: 'saslFinal'; readonly data: string }
  | { readonly kind: 'unsupported'; readonly code: number };

export function parseAuthentication(message: Buffer): Result<Authentication, WireFault> {
  const reader = new BodyReader(message, bodyAt);
  const code = reader.int32();
  switch (code) {
    case authenticationCode.ok:
      return reader.finish({ kind: 'ok' });
    case authenticationCode.clearText:
      return reader.finish({ kind: 'clearText' });
    case authenticationCode.md5:
      return reader.finish({ kind: 'md5', salt: reader.bytes(4) });
    case authenticationCode.sasl:
      return reader.finish({ kind: 'sasl', mechanisms: readTexts(reader) });
    case authenticationCode.saslContinue:
      return reader.finish({ kind: 'saslContinue', data: readRest(reader) });
    case authenticationCode.saslFinal:
      return reader.finish({ kind: 'saslFinal', data: readRest(reader) });
    default:
      return ok({ kind: 'unsupported', code });
  }
}

/** SCRAM messages are ASCII apart from names that the gateway doesn't use; other bytes fail the exchange itself. */
function readRest(reader: BodyReader): string {
  return reader.bytes(reader.remaining).toString('utf8');
}

function readTexts(reader: BodyReader): string[] {
  const texts: string[] = [];
  for (let text = reader.text(); text !== ''; text = reader.text()) texts.push(text);
  return texts;
}

export interface NegotiatedVersion {
  readonly version: number;
  readonly unknownOptions: readonly string[];
}

export function parseNegotiateProtocolVersion(message: Buffer): Result<NegotiatedVersion, WireFault> {
  const reader = new BodyReader(message, bodyAt);
  const version = reader.uint32();
  const count = reader.int32();
  if (count < 0 || count > reader.remaining) reader.fail('invalid_count');
  const unknownOptions: string[] = [];
  for (let index = 0; index < count && reader.fault === null; index += 1) unknownOptions.push(reader.text());
  return reader.finish({ version, unknownOptions });
}

export function parseParameterStatus(message: Buffer): Result<readonly [string, string], WireFault> {
  const reader = new BodyReader(message, bodyAt);
  const name = reader.lenientText();
  return reader.finish([name, reader.lenientText()] as const);
}

export function parseBackendKeyData(
  message: Buffer,
): Result<{ readonly processId: number; readonly secretKey: Buffer }, WireFault> {
  const reader = new BodyReader(message, bodyAt);
  const processId = reader.uint32();
  return reader.finish({ processId, secretKey: readCancelKey(reader) });
}

export function parseReadyForQuery(message: Buffer): Result<TransactionStatus, WireFault> {
  const reader = new BodyReader(message, bodyAt);
  const status = String.fromCharCode(reader.uint8());
  if (status === 'I' || status === 'T' || status === 'E') return reader.finish(status);
  return err(reader.fault ?? 'invalid_value');
}

/** Types of a prepared statement's parameters, as OIDs. */
export function parseParameterDescription(message: Buffer): Result<readonly number[], WireFault> {
  const reader = new BodyReader(message, bodyAt);
  const types = Array.from({ length: reader.count(4) }, () => reader.uint32());
  return reader.finish(types);
}

export interface CommandTag {
  readonly tag: string;
  /** Rows read, written or copied; null where the command counts none. */
  readonly rows: number | null;
}

/** "CommandComplete": where a command counts rows, the count is the tag's last word. */
export function parseCommandComplete(message: Buffer): Result<CommandTag, WireFault> {
  const reader = new BodyReader(message, bodyAt);
  const tag = reader.text();
  const count = /^[A-Z ]+(?: \d+)? (\d+)$/.exec(tag)?.[1];
  return reader.finish({ tag, rows: count === undefined ? null : Number(count) });
}

/** What an ErrorResponse or NoticeResponse says, by field code. Unknown codes are kept. */
export interface ReportFields {
  readonly severity: string;
  readonly code: string;
  readonly message: string;
  readonly all: ReadonlyMap<string, string>;
}

/** Before the session's encoding is agreed on a server may report in any: what isn't UTF-8 is replaced. */
export function parseReport(message: Buffer): Result<ReportFields, WireFault> {
  const reader = new BodyReader(message, bodyAt);
  const all = new Map<string, string>();
  for (let code = reader.uint8(); code !== 0; code = reader.uint8()) {
    all.set(String.fromCharCode(code), reader.lenientText());
  }
  return reader.finish({
    severity: all.get('V') ?? all.get('S') ?? '',
    code: all.get('C') ?? '',
    message: all.get('M') ?? '',
    all,
  });
}
