import {
  isMap,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
  type ParsedNode,
} from 'yaml';
import type { ConfigProblem, Finding, Path } from './problem.ts';
import { formatPath } from './problem.ts';

/** A parsed configuration file that knows where each value stands. */
export interface ConfigDocument {
  readonly data: unknown;
  /** What is wrong with the text itself. With any, `data` is null. */
  readonly problems: readonly ConfigProblem[];
  locate(finding: Finding): ConfigProblem;
}

const MOST_ALIASES = 100;

/** A value is shown by its key where it has one: that is where a person looks. */
function nodeAt(document: Document.Parsed<ParsedNode>, path: Path): Node | null {
  for (let length = path.length; length > 0; length--) {
    const parent: unknown =
      length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const step = path[length - 1];
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => isScalar(key) && key.value === step)
      : undefined;
    if (isScalar(pair?.key)) return pair.key;
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNodeWithRange(node)) return node;
  }
  return document.contents;
}

function isNodeWithRange(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'range' in value;
}

/** Keys other than plain text would be turned into text silently; `__proto__` would vanish. */
function oddKeys(
  document: Document.Parsed<ParsedNode>,
): readonly { readonly offset: number; readonly message: string }[] {
  const found: { offset: number; message: string }[] = [];
  visit(document, {
    Pair(_, { key }) {
      const offset = isNodeWithRange(key) ? (key.range?.[0] ?? 0) : 0;
      const isText = isScalar(key) && typeof key.value === 'string';
      if (!isText || key.value === '__proto__') found.push({ offset, message: 'this can’t be a key' });
    },
  });
  return found;
}

export function readDocument(file: string, text: string): ConfigDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    version: '1.2',
  });
  const problemAt = (
    offset: number,
    rest: Omit<ConfigProblem, 'file' | 'line' | 'column'>,
  ): ConfigProblem => {
    const { line, col } = lines.linePos(offset);
    return { ...rest, file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const problems = [
    ...[...document.errors, ...document.warnings].map(({ code, message, pos }) =>
      problemAt(pos[0], {
        code: code === 'DUPLICATE_KEY' ? 'yaml.key' : 'yaml.syntax',
        path: '',
        message: code === 'DUPLICATE_KEY' ? 'this key stands here twice' : message,
        hint:
          code === 'DUPLICATE_KEY' ? 'keep one of them' : 'see https://yaml.org/spec/1.2.2 for the syntax',
      }),
    ),
    ...oddKeys(document).map(({ offset, message }) =>
      problemAt(offset, {
        code: 'yaml.key',
        path: '',
        message,
        hint: 'use other text, in quotes where YAML reads it as something else',
      }),
    ),
  ];
  return {
    data: problems.length > 0 ? null : toData(document),
    problems,
    locate: ({ path, ...rest }) => {
      const offset = nodeAt(document, path)?.range?.[0] ?? 0;
      return problemAt(offset, { ...rest, path: formatPath(path) });
    },
  };
}

/** Null where aliases would blow the document up: the schema then says that a mapping is expected. */
function toData(document: Document.Parsed<ParsedNode>): unknown {
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch {
    return null;
  }
}
