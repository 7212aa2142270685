import { createRequire } from 'node:module';
import type { ParseResult, RawStmt } from 'libpg-query';
import { err, ok, type Result } from '../../../core/result.ts';
import type { DescribeError } from './types.ts';

/** The part of the Emscripten module that is used; see the package's own wasm/index.js for the same calls. */
interface ParserModule {
  lengthBytesUTF8(text: string): number;
  stringToUTF8(text: string, pointer: number, size: number): void;
  UTF8ToString(pointer: number): string;
  getValue(pointer: number, type: 'i32'): number;
  _malloc(size: number): number;
  _free(pointer: number): void;
  _wasm_parse_query_raw(pointer: number): number;
  _wasm_free_parse_result(pointer: number): void;
}

// The package's entry point holds one instance for ever; a trap leaves an instance in an undefined state, so the
// instances are made here, from the same module file.
const createModule = createRequire(import.meta.url)(
  'libpg-query/wasm/libpg-query.js',
) as () => Promise<ParserModule>;

let current: ParserModule | undefined;
let spare: ParserModule | undefined;
let loading: Promise<void> | undefined;

/** Loads the grammar. Idempotent; resolves when `parse` may be called. */
export async function prepareParser(): Promise<void> {
  current ??= await createModule();
  if (!spare) await loadSpare();
}

function loadSpare(): Promise<void> {
  loading ??= createModule().then(
    (instance) => {
      loading = undefined;
      if (current) spare = instance;
      else current = instance;
    },
    () => {
      loading = undefined;
    },
  );
  return loading;
}

/** After a trap: the instance is dropped, the spare takes its place, and another spare is loaded. */
function replaceInstance(): void {
  current = spare;
  spare = undefined;
  void loadSpare().then(() => (spare ? undefined : loadSpare()));
}

const unparsable = (message: string, hint: string): DescribeError => ({
  code: 'describe.unparsable',
  message,
  hint,
});

/** Parses a whole text with PostgreSQL's own grammar. The text holds no NUL and is well formed. */
export function parse(text: string): Result<readonly RawStmt[], DescribeError> {
  const instance = current;
  if (!instance) {
    void loadSpare();
    return err(unparsable('The SQL parser is being reloaded.', 'Send the statement again.'));
  }
  try {
    return parseWith(instance, text);
  } catch {
    // A trap or an exhausted stack: what the instance's memory holds now is undefined. Fails closed.
    replaceInstance();
    return err({
      code: 'limit.exceeded',
      message: 'The statement is nested too deeply for the SQL parser.',
      hint: 'Split it into simpler statements.',
    });
  }
}

function parseWith(instance: ParserModule, text: string): Result<readonly RawStmt[], DescribeError> {
  const size = instance.lengthBytesUTF8(text) + 1;
  const query = instance._malloc(size);
  instance.stringToUTF8(text, query, size);
  const result = instance._wasm_parse_query_raw(query);
  if (result === 0) throw new Error('the parser has no memory left');
  const problem = instance.getValue(result + 8, 'i32');
  const message = problem ? instance.UTF8ToString(instance.getValue(problem, 'i32')) : null;
  const json = problem ? '' : instance.UTF8ToString(instance.getValue(result, 'i32'));
  instance._free(query);
  instance._wasm_free_parse_result(result);
  if (message !== null) {
    return err(
      unparsable(`The statement could not be parsed: ${message}.`, 'Correct the SQL and send it again.'),
    );
  }
  return ok((JSON.parse(json) as ParseResult).stmts ?? []);
}
