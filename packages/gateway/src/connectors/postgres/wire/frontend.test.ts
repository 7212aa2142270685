import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bindMessage,
  bindParameters,
  closeMessage,
  copyFailMessage,
  describeMessage,
  executeMessage,
  parseBind,
  parseCopyData,
  parseCopyFail,
  parseEmpty,
  parseExecute,
  parseMessage,
  parseNamedObject,
  parseParse,
  parseQuery,
  parseSaslInitialResponse,
  queryMessage,
  saslInitialResponse,
  syncMessage,
} from './frontend.ts';
import type { BindMessage } from './frontend.ts';
import { frontend } from './messages.ts';
import { cancelRequest, parseStartupPacket, sslRequest, startupMessage } from './startup.ts';
import { frame, int16, int32, packet, terminated } from './writer.ts';

const text = fc
  .string({ unit: 'grapheme', maxLength: 200 })
  .filter((value) => !value.includes('\0') && value.isWellFormed());
const value = fc.option(fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)));
const oid = fc.nat(0xffff_ffff);
const bind: fc.Arbitrary<BindMessage> = fc
  .tuple(
    text,
    text,
    fc.array(value, { maxLength: 8 }),
    fc.array(fc.constantFrom(0, 1), { maxLength: 4 }),
    fc.nat(2),
  )
  .map(([portal, statement, parameters, resultFormats, how]) => ({
    portal,
    statement,
    parameters,
    resultFormats,
    parameterFormats: how === 0 ? [] : how === 1 ? [1] : parameters.map((_value, index) => index % 2),
  }));

const parsers = [
  parseQuery,
  parseParse,
  parseBind,
  parseNamedObject,
  parseExecute,
  parseEmpty,
  parseSaslInitialResponse,
];

describe('frontend messages', () => {
  it('read back as they were written', () => {
    fc.assert(
      fc.property(
        text,
        text,
        fc.array(oid, { maxLength: 6 }),
        fc.integer({ min: 0, max: 0x7fff_ffff }),
        (name, query, types, maxRows) => {
          expect(parseQuery(queryMessage(query))).toEqual({ ok: true, value: query });
          const parse = { statement: name, query, parameterTypes: types };
          expect(parseParse(parseMessage(parse))).toEqual({ ok: true, value: parse });
          for (const kind of ['statement', 'portal'] as const) {
            expect(parseNamedObject(describeMessage({ kind, name }))).toEqual({
              ok: true,
              value: { kind, name },
            });
            expect(parseNamedObject(closeMessage({ kind, name }))).toEqual({
              ok: true,
              value: { kind, name },
            });
          }
          expect(parseExecute(executeMessage({ portal: name, maxRows }))).toEqual({
            ok: true,
            value: { portal: name, maxRows },
          });
          expect(parseCopyFail(copyFailMessage(query))).toEqual({ ok: true, value: query });
          expect(parseSaslInitialResponse(saslInitialResponse(name, Buffer.from(query)))).toEqual({
            ok: true,
            value: { mechanism: name, data: Buffer.from(query) },
          });
        },
      ),
    );
    fc.assert(
      fc.property(bind, (message) => {
        expect(parseBind(bindMessage(message))).toEqual({ ok: true, value: message });
      }),
    );
  });

  it('give the same bytes back when what was read is written again', () => {
    fc.assert(
      fc.property(text, (query) => {
        const message = queryMessage(query);
        const parsed = parseQuery(message);
        expect(parsed.ok && queryMessage(parsed.value).equals(message)).toBe(true);
      }),
    );
  });

  it('never throw, whatever the body, and are refused when a byte is added or taken away', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (body) => {
        for (const parser of parsers) {
          const parsed = parser(frame(frontend.query, Buffer.from(body)));
          if (!parsed.ok) continue;
          expect(parser(frame(frontend.query, Buffer.from(body), Buffer.of(0))).ok).toBe(false);
          if (body.length > 0)
            expect(parser(frame(frontend.query, Buffer.from(body.subarray(0, -1)))).ok).toBe(false);
        }
      }),
    );
  });
});

const empty = Buffer.alloc(0);

describe('a message that lies', () => {
  it.each([
    ['a query without NUL', parseQuery, Buffer.from('SELECT 1'), 'missing_terminator'],
    ['a NUL inside of a query', parseQuery, Buffer.from('SELECT 1;\0DROP TABLE t\0'), 'trailing_bytes'],
    ['invalid UTF-8', parseQuery, Buffer.from([0x53, 0xc3, 0x28, 0]), 'invalid_utf8'],
    ['an overlong form', parseQuery, Buffer.from([0xc0, 0xa7, 0]), 'invalid_utf8'],
    ['a surrogate', parseQuery, Buffer.from([0xed, 0xa0, 0x80, 0]), 'invalid_utf8'],
    [
      'invalid UTF-8 far into a long text',
      parseQuery,
      Buffer.concat([Buffer.alloc(1000, 0x61), Buffer.of(0xff, 0)]),
      'invalid_utf8',
    ],
    [
      'more parameter types than there are',
      parseParse,
      Buffer.concat([terminated(''), terminated(''), int16(0xffff)]),
      'invalid_count',
    ],
    [
      'more parameters than there are',
      parseBind,
      Buffer.concat([empty, terminated(''), terminated(''), int16(0), int16(9)]),
      'invalid_count',
    ],
    ['two formats for three parameters', parseBind, bindBody([0, 1], [null, null, null]), 'invalid_count'],
    ['a format that is none', parseBind, bindBody([2], []), 'invalid_value'],
    ['a negative length', parseBind, rawValue(-2), 'truncated'],
    ['a length beyond the end', parseBind, rawValue(0x7fff_ffff), 'truncated'],
    ['an object that is neither', parseNamedObject, Buffer.from('X\0'), 'invalid_value'],
    ['an Execute without its row limit', parseExecute, terminated('p'), 'truncated'],
    ['a Sync with a body', parseEmpty, Buffer.of(0), 'trailing_bytes'],
  ])('is refused: %s', (_name, parser, body, error) => {
    expect(parser(frame(frontend.query, body))).toEqual({ ok: false, error });
  });

  function bindBody(formats: readonly number[], values: readonly (Buffer | null)[]): Buffer {
    return bindMessage({
      portal: '',
      statement: '',
      parameterFormats: formats,
      parameters: values,
      resultFormats: [],
    }).subarray(5);
  }

  function rawValue(length: number): Buffer {
    return Buffer.concat([terminated(''), terminated(''), int16(0), int16(1), int32(length), int16(0)]);
  }
});

describe('text', () => {
  it('keeps a byte order mark, so that bytes and text determine each other', () => {
    expect(parseQuery(frame(frontend.query, Buffer.from([0xef, 0xbb, 0xbf, 0x31, 0])))).toEqual({
      ok: true,
      value: '\ufeff1',
    });
  });

  it('with NUL is never written into a message', () => {
    expect(() => queryMessage('SELECT 1\0; DROP TABLE t')).toThrow('NUL');
  });
});

describe('bindParameters', () => {
  const message = (parameterFormats: number[], parameters: (Buffer | null)[]): BindMessage => ({
    portal: '',
    statement: '',
    parameterFormats,
    parameters,
    resultFormats: [],
  });

  it('shows text as text, binary as base64url, NULL as null, with the types as far as they are known', () => {
    const bound = bindParameters(message([0, 1, 1], [Buffer.from('é'), Buffer.of(0, 255, 62), null]), [25]);
    expect(bound).toEqual({
      ok: true,
      value: [
        { type: 25, format: 'text', value: 'é' },
        { type: 0, format: 'binary', value: 'AP8-' },
        { type: 0, format: 'binary', value: null },
      ],
    });
  });

  it('takes no format as text and one format for all', () => {
    expect(bindParameters(message([], [Buffer.from('1')]), [])).toMatchObject({
      value: [{ format: 'text' }],
    });
    expect(bindParameters(message([1], [Buffer.of(1), Buffer.of(2)]), [])).toMatchObject({
      value: [{ format: 'binary' }, { format: 'binary', value: 'Ag' }],
    });
  });

  it.each([
    ['invalid_utf8', Buffer.of(0xff)],
    ['nul_in_text', Buffer.from('a\0b')],
  ])('refuses text with %s', (error, bytes) => {
    expect(bindParameters(message([], [bytes]), [])).toEqual({ ok: false, error });
  });

  it('gives two different values for two different byte strings', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), fc.constantFrom(0, 1), (left, right, format) => {
        const [one, other] = [left, right].map((bytes) =>
          bindParameters(message([format], [Buffer.from(bytes)]), []),
        );
        if (one!.ok && other!.ok)
          expect(one!.value[0]!.value === other!.value[0]!.value).toBe(Buffer.from(left).equals(right));
      }),
    );
  });
});

describe('startup packets', () => {
  it('read back as they were written', () => {
    const name = text.filter((value) => value !== '');
    fc.assert(
      fc.property(
        fc.dictionary(name, text, { noNullPrototype: true }),
        fc.constantFrom(0, 2, 9),
        (parameters, minor) => {
          expect(parseStartupPacket(startupMessage(0x0003_0000 | minor, Object.entries(parameters)))).toEqual(
            {
              ok: true,
              value: { kind: 'startup', major: 3, minor, parameters: new Map(Object.entries(parameters)) },
            },
          );
        },
      ),
    );
  });

  it.each([4, 32, 256])('carry a cancel key of %d bytes', (length) => {
    const secretKey = Buffer.alloc(length, 7);
    expect(parseStartupPacket(cancelRequest(4_000_000_000, secretKey))).toEqual({
      ok: true,
      value: { kind: 'cancel', processId: 4_000_000_000, secretKey },
    });
  });

  const parameter = (...words: string[]) => Buffer.concat(words.map(terminated));
  const version = int32(0x0003_0000);
  it.each([
    ['a cancel key of 3 bytes', cancelRequest(1, Buffer.alloc(3)), 'invalid_value'],
    ['a cancel key of 257 bytes', cancelRequest(1, Buffer.alloc(257)), 'invalid_value'],
    ['an SSLRequest with more in it', packet(sslRequest.subarray(4), Buffer.of(0)), 'trailing_bytes'],
    [
      'a parameter given twice',
      packet(version, parameter('user', 'a', 'user', 'b', '')),
      'duplicate_parameter',
    ],
    ['bytes behind the last parameter', packet(version, parameter('user', 'a', '', 'x')), 'trailing_bytes'],
    ['no end', packet(version, parameter('user', 'a')), 'missing_terminator'],
    ['a name without a value', packet(version, parameter('user')), 'missing_terminator'],
    ['invalid UTF-8', packet(version, Buffer.from([0xff, 0, 0x61, 0, 0])), 'invalid_utf8'],
    ['nothing', packet(), 'truncated'],
  ])('are refused with %s', (_name, bytes, error) => {
    expect(parseStartupPacket(bytes)).toEqual({ ok: false, error });
  });

  it('never throw', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 80 }),
        fc.constantFrom(0x0003_0000, 80_877_102, 80_877_103),
        (body, code) => {
          expect(parseStartupPacket(packet(int32(code), Buffer.from(body)))).toBeDefined();
        },
      ),
    );
  });
});

it('COPY data is passed as it is', () => {
  expect(parseCopyData(frame(frontend.copyData, Buffer.of(0, 255)))).toEqual(Buffer.of(0, 255));
  expect(parseEmpty(syncMessage)).toEqual({ ok: true, value: null });
});
