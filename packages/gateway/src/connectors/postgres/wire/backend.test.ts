import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as codec from './backend.ts';
import { backend } from './messages.ts';
import { frame, int16, int32, terminated } from './writer.ts';

describe('reports', () => {
  it('say severity, code, message, detail and hint', () => {
    const message = codec.errorResponse({
      severity: 'ERROR',
      code: '42501',
      message: 'no',
      detail: 'why',
      hint: 'how',
    });
    const parsed = codec.parseReport(message);
    expect(message[0]).toBe(backend.errorResponse);
    expect(parsed.ok && Object.fromEntries(parsed.value.all)).toEqual({
      S: 'ERROR',
      V: 'ERROR',
      C: '42501',
      M: 'no',
      D: 'why',
      H: 'how',
    });
  });

  it('leave out what is not said', () => {
    const parsed = codec.parseReport(
      codec.noticeResponse({ severity: 'NOTICE', code: '00000', message: 'held', hint: '' }),
    );
    expect(parsed.ok && [...parsed.value.all.keys()]).toEqual(['S', 'V', 'C', 'M']);
  });

  it('cannot be made to carry fields of their own by text with NUL', () => {
    const parsed = codec.parseReport(
      codec.errorResponse({ severity: 'ERROR', code: '42501', message: 'a\0C00000\0Hgo on' }),
    );
    expect(parsed.ok && parsed.value).toMatchObject({ code: '42501', message: 'a\ufffdC00000\ufffdHgo on' });
  });

  it('of a server in another encoding are still read', () => {
    const message = frame(
      backend.errorResponse,
      Buffer.from([0x43]),
      terminated('28P01'),
      Buffer.from([0x4d, 0xe9, 0, 0]),
    );
    expect(codec.parseReport(message)).toMatchObject({
      ok: true,
      value: { code: '28P01', message: '\ufffd' },
    });
  });
});

describe('command tags', () => {
  it.each([
    ['SELECT 5', 5],
    ['INSERT 0 7', 7],
    ['UPDATE 0', 0],
    ['MERGE 3', 3],
    ['COPY 1000000', 1_000_000],
    ['CREATE TABLE', null],
    ['BEGIN', null],
    ['CREATE TABLE AS', null],
  ])('%s counts %s', (tag, rows) => {
    expect(codec.parseCommandComplete(codec.commandComplete(tag))).toEqual({
      ok: true,
      value: { tag, rows },
    });
  });
});

describe('small messages', () => {
  it('read back as they were written', () => {
    for (const status of ['I', 'T', 'E'] as const) {
      expect(codec.parseReadyForQuery(codec.readyForQuery(status))).toEqual({ ok: true, value: status });
    }
    expect(codec.parseParameterStatus(codec.parameterStatus('TimeZone', 'UTC'))).toEqual({
      ok: true,
      value: ['TimeZone', 'UTC'],
    });
    const secretKey = Buffer.alloc(32, 1);
    expect(codec.parseBackendKeyData(codec.backendKeyData(7, secretKey))).toEqual({
      ok: true,
      value: { processId: 7, secretKey },
    });
    expect(
      codec.parseNegotiateProtocolVersion(codec.negotiateProtocolVersion(0x0003_0002, ['_pq_.x'])),
    ).toEqual({
      ok: true,
      value: { version: 0x0003_0002, unknownOptions: ['_pq_.x'] },
    });
    const types = frame(backend.parameterDescription, int16(2), int32(25), int32(0xffff_fffe));
    expect(codec.parseParameterDescription(types)).toEqual({ ok: true, value: [25, 0xffff_fffe] });
  });

  it.each([
    [codec.parseReadyForQuery, Buffer.from('X'), 'invalid_value'],
    [codec.parseReadyForQuery, Buffer.from('II'), 'trailing_bytes'],
    [codec.parseReadyForQuery, Buffer.alloc(0), 'truncated'],
    [codec.parseBackendKeyData, int32(1), 'invalid_value'],
    [codec.parseParameterDescription, int16(60_000), 'invalid_count'],
    [codec.parseNegotiateProtocolVersion, Buffer.concat([int32(0), int32(-1)]), 'invalid_count'],
    [codec.parseCommandComplete, Buffer.from('SELECT 1'), 'missing_terminator'],
  ])('%o refuses what it is not', (parser, body, error) => {
    expect(parser(frame(backend.readyForQuery, body))).toEqual({ ok: false, error });
  });
});

describe('authentication requests', () => {
  it.each([
    [codec.authenticationOk, { kind: 'ok' }],
    [codec.authenticationSasl(['SCRAM-SHA-256']), { kind: 'sasl', mechanisms: ['SCRAM-SHA-256'] }],
    [codec.authenticationSaslContinue('r=1'), { kind: 'saslContinue', data: 'r=1' }],
    [codec.authenticationSaslFinal('v=1'), { kind: 'saslFinal', data: 'v=1' }],
    [frame(backend.authentication, int32(3)), { kind: 'clearText' }],
    [
      frame(backend.authentication, int32(5), Buffer.of(1, 2, 3, 4)),
      { kind: 'md5', salt: Buffer.of(1, 2, 3, 4) },
    ],
    [frame(backend.authentication, int32(7)), { kind: 'unsupported', code: 7 }],
  ])('are told apart', (message, value) => {
    expect(codec.parseAuthentication(message)).toEqual({ ok: true, value });
  });

  it('are refused with a salt of another length', () => {
    expect(codec.parseAuthentication(frame(backend.authentication, int32(5), Buffer.alloc(5))).ok).toBe(
      false,
    );
    expect(codec.parseAuthentication(frame(backend.authentication, int32(5), Buffer.alloc(3))).ok).toBe(
      false,
    );
  });
});

it('no parser throws, whatever a server sends', () => {
  const parsers = [
    codec.parseAuthentication,
    codec.parseBackendKeyData,
    codec.parseCommandComplete,
    codec.parseNegotiateProtocolVersion,
    codec.parseParameterDescription,
    codec.parseParameterStatus,
    codec.parseReadyForQuery,
    codec.parseReport,
  ];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (body) => {
      for (const parser of parsers) expect(typeof parser(frame(0, Buffer.from(body))).ok).toBe('boolean');
    }),
  );
});
