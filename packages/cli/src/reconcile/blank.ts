/** Whether a text holds no statement: white space, semicolons and comments alone, which PostgreSQL nests. */
export function isBlank(text: string): boolean {
  let rest = text;
  for (;;) {
    rest = rest.replace(/^[\s;]+/, '');
    if (rest === '') return true;
    if (rest.startsWith('--')) {
      const end = rest.search(/[\n\r]/);
      if (end === -1) return true;
      rest = rest.slice(end);
    } else if (rest.startsWith('/*')) {
      const end = endOfComment(rest);
      if (end === -1) return false;
      rest = rest.slice(end);
    } else return false;
  }
}

function endOfComment(text: string): number {
  let depth = 0;
  for (const { 0: mark, index } of text.matchAll(/\/\*|\*\//g)) {
    depth += mark === '/*' ? 1 : -1;
    if (depth === 0) return index + mark.length;
  }
  return -1;
}
