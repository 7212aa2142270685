import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CsvError, CsvReader, type CsvRow } from './csv.ts';

const write = (rows: readonly (readonly string[])[]): string =>
  rows.map((row) => `${row.map((field) => `"${field.replaceAll('"', '""')}"`).join(',')}\n`).join('');

function read(text: string, sizes: readonly number[] = [text.length || 1]): CsvRow[] {
  const reader = new CsvReader();
  const rows: CsvRow[] = [];
  for (let at = 0, turn = 0; at < text.length; turn++) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? 1);
    rows.push(...reader.push(text.slice(at, at + size)));
    at += size;
  }
  return rows;
}

const field = fc.oneof(fc.string(), fc.constantFrom('"', '""', ',', '\n', '\r\n', '', 'a"b,c\nd'));
const table = fc.array(fc.array(field, { minLength: 2, maxLength: 5 }), { minLength: 1, maxLength: 8 });

describe('records of a log', () => {
  it('are what was written, however the file is cut into chunks', () => {
    fc.assert(
      fc.property(table, fc.array(fc.nat(7), { minLength: 1, maxLength: 5 }), (rows, sizes) => {
        expect(read(write(rows), sizes).map(({ fields }) => fields)).toEqual(rows);
      }),
    );
  });

  it('have the number of the line on which they begin, behind texts of several lines too', () => {
    const rows = read(
      write([
        ['a\nb\nc', 'd'],
        ['e', 'f\n'],
        ['g', 'h'],
      ]),
      [3],
    );
    expect(rows.map(({ line }) => line)).toEqual([1, 4, 6]);
  });

  it('may have fields without quotes and empty ones', () => {
    expect(read('1,,"x",\n,\n')).toEqual([
      { line: 1, fields: ['1', '', 'x', ''] },
      { line: 2, fields: ['', ''] },
    ]);
  });

  it.each([
    ['a"b,c\n', 1, 'holds a quote'],
    ['a,b\n"c"d,e\n', 2, 'followed by something else'],
    ['a,b\r\n', 1, 'carriage return'],
    ['a,"b\n"\n\nc,d\n', 3, 'empty line'],
  ])('that PostgreSQL does not write are refused with their line: %j', (text, line, words) => {
    let caught: unknown;
    try {
      read(text);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(CsvError);
    expect(caught).toMatchObject({ line });
    expect(String(caught)).toContain(words);
  });

  it('that are not finished are told with their line', () => {
    const reader = new CsvReader();
    reader.push('a,b\nc,"d\ne');
    expect(reader.end()).toBe(2);
    const whole = new CsvReader();
    whole.push('a,b\n');
    expect(whole.end()).toBeNull();
  });

  it('never end in anything but rows or an error, whatever the bytes', () => {
    const noise = fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', 'x', ' '), maxLength: 60 });
    fc.assert(
      fc.property(noise, fc.nat(5), (text, size) => {
        const outcome = (sizes: readonly number[]): unknown => {
          try {
            return read(text, sizes);
          } catch (error) {
            expect(error).toBeInstanceOf(CsvError);
            return String(error);
          }
        };
        // Where a chunk ends changes nothing, for what is refused either.
        expect(outcome([size + 1])).toEqual(outcome([1_000]));
      }),
      { numRuns: 1_000 },
    );
  });
});
