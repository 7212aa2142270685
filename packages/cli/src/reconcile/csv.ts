/** A row, and the line of its file on which it begins, counted from 1. */
export interface CsvRow {
  readonly line: number;
  readonly fields: readonly string[];
}

/** What is wrong with a file, and on which line. */
export class CsvError extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.name = 'CsvError';
    this.line = line;
  }
}

/**
 * The longest row in characters. A statement of 4 MiB stands in a row twice, and may be quotes alone, which are
 * doubled; a row that never ends must not take all memory.
 */
export const MAX_ROW_CHARACTERS = 67_108_864;

type State = 'start' | 'plain' | 'quoted' | 'quote';

const QUOTE = 0x22;
const COMMA = 0x2c;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/**
 * Comma-separated values as PostgreSQL writes them (RFC 4180 with newlines of one character), from chunks of any size.
 * Strict: what PostgreSQL does not write is an error with its line, never a guess at where a field ends.
 */
export class CsvReader {
  #state: State = 'start';
  #fields: string[] = [];
  #field = '';
  #line = 1;
  #rowLine = 1;
  #length = 0;
  #isEmpty = true;

  /** The rows that end in this chunk. Throws a `CsvError`; the reader is of no use afterwards. */
  push(chunk: string): CsvRow[] {
    const rows: CsvRow[] = [];
    let at = 0;
    while (at < chunk.length) at = this.#step(chunk, at, rows);
    return rows;
  }

  /** At the end of the file: the line of a row that was begun and not ended; null where there is none. */
  end(): number | null {
    return this.#isEmpty ? null : this.#rowLine;
  }

  #step(chunk: string, at: number, rows: CsvRow[]): number {
    if (this.#state === 'quoted') return this.#quoted(chunk, at);
    const code = chunk.charCodeAt(at);
    if (code === COMMA) return this.#endField(at);
    if (code === NEWLINE) return this.#endRow(at, rows);
    this.#isEmpty = false;
    if (this.#state === 'plain') return this.#plain(chunk, at);
    if (this.#state === 'quote') {
      if (code !== QUOTE) throw new CsvError(this.#line, 'a quoted field is followed by something else');
      this.#take('"');
      this.#state = 'quoted';
      return at + 1;
    }
    this.#state = code === QUOTE ? 'quoted' : 'plain';
    return code === QUOTE ? at + 1 : at;
  }

  #quoted(chunk: string, at: number): number {
    const quote = chunk.indexOf('"', at);
    const end = quote === -1 ? chunk.length : quote;
    const text = chunk.slice(at, end);
    for (let next = text.indexOf('\n'); next !== -1; next = text.indexOf('\n', next + 1)) this.#line++;
    this.#take(text);
    if (quote === -1) return end;
    this.#state = 'quote';
    return quote + 1;
  }

  #plain(chunk: string, at: number): number {
    let end = at;
    for (; end < chunk.length; end++) {
      const code = chunk.charCodeAt(end);
      if (code === COMMA || code === NEWLINE) break;
      if (code === QUOTE || code === RETURN)
        throw new CsvError(this.#line, 'a field without quotes holds a quote or a carriage return');
    }
    this.#take(chunk.slice(at, end));
    return end;
  }

  #take(text: string): void {
    this.#length += text.length;
    if (this.#length > MAX_ROW_CHARACTERS)
      throw new CsvError(this.#rowLine, `the record is longer than ${MAX_ROW_CHARACTERS} characters`);
    this.#field += text;
  }

  #endField(at: number): number {
    this.#isEmpty = false;
    this.#fields.push(this.#field);
    // An empty field is a character of the row too: commas alone must not grow for ever.
    this.#length++;
    this.#field = '';
    this.#take('');
    this.#state = 'start';
    return at + 1;
  }

  #endRow(at: number, rows: CsvRow[]): number {
    if (this.#isEmpty) throw new CsvError(this.#line, 'an empty line stands between records');
    rows.push({ line: this.#rowLine, fields: [...this.#fields, this.#field] });
    this.#fields = [];
    this.#field = '';
    this.#length = 0;
    this.#isEmpty = true;
    this.#state = 'start';
    this.#line++;
    this.#rowLine = this.#line;
    return at + 1;
  }
}
