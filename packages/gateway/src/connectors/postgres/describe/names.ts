/** An identifier as one would write it: quoted only where it must be. */
export function quoteIdentifier(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

export const qualifiedName = (...parts: readonly string[]): string => parts.map(quoteIdentifier).join('.');

/** Turns the value of the setting `search_path` into schemas; null where it isn't a list of identifiers. */
export function parseSearchPath(value: string): readonly string[] | null {
  const schemas: string[] = [];
  const item = /\s*(?:"((?:[^"]|"")+)"|([^\s",]+))\s*(,|$)/y;
  if (value.trim() === '') return schemas;
  for (;;) {
    const match = item.exec(value);
    if (!match) return null;
    schemas.push(match[1] !== undefined ? match[1].replaceAll('""', '"') : foldCase(match[2] ?? ''));
    if (match[3] === '') return item.lastIndex === value.length ? schemas : null;
  }
}

/** As the server folds unquoted identifiers in a UTF-8 database: ASCII letters only. */
function foldCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** The value of `search_path` that names these schemas. */
export const formatSearchPath = (schemas: readonly string[]): string =>
  schemas.map(quoteIdentifier).join(', ');
