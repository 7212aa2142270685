/** A query string with its question mark; empty where there is nothing to ask. */
export function query(values: Readonly<Record<string, string | number>>): string {
  const parameters = Object.entries(values).map(([name, value]): [string, string] => [name, String(value)]);
  return parameters.length === 0 ? '' : `?${new URLSearchParams(parameters).toString()}`;
}
