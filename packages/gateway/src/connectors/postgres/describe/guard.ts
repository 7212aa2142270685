import { err, ok, type Result } from '../../../core/result.ts';
import type { DescribeError, DescriberLimits } from './types.ts';

const tooDeep = (limit: number): DescribeError => ({
  code: 'limit.exceeded',
  message: `The statement is nested more than ${limit} levels deep.`,
  hint: 'Split it into simpler statements.',
});

/** What can be refused before the parser sees the text. */
export function checkText(
  text: string,
  conformingStrings: boolean,
  limits: DescriberLimits,
): Result<null, DescribeError> {
  if (text.length > limits.statementBytes || Buffer.byteLength(text) > limits.statementBytes) {
    return err({
      code: 'limit.exceeded',
      message: `The statement is larger than ${limits.statementBytes} bytes.`,
      hint: 'Send the data as parameters or with COPY.',
    });
  }
  if (text.includes('\0')) {
    // The parser would read up to the NUL and the rest would go unseen.
    return err({
      code: 'describe.unparsable',
      message: 'The statement holds a NUL byte.',
      hint: 'Remove it.',
    });
  }
  if (!text.isWellFormed()) {
    return err({
      code: 'describe.unparsable',
      message: 'The statement is not valid Unicode.',
      hint: 'Send UTF-8.',
    });
  }
  if (!conformingStrings && text.includes('\\')) {
    return err({
      code: 'describe.unsupported',
      message: 'The statement holds a backslash while standard_conforming_strings is off.',
      hint: 'SET standard_conforming_strings = on, or bind the text as a parameter.',
    });
  }
  return bracketDepth(text) > limits.parseDepth * 4 ? err(tooDeep(limits.parseDepth)) : ok(null);
}

/**
 * Nesting of brackets, strings and comments included: a cheap bound that spares the parser. Wider than the limit on the
 * tree, because a text in a string may hold brackets that mean nothing.
 */
function bracketDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x28 || code === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (code === 0x29 || code === 0x5d) depth = Math.max(0, depth - 1);
  }
  return deepest;
}

/** Nesting of the tree in nodes, found without recursion. */
export function checkTree(root: unknown, limit: number): Result<null, DescribeError> {
  const stack: { value: unknown; depth: number }[] = [{ value: root, depth: 0 }];
  for (let entry = stack.pop(); entry !== undefined; entry = stack.pop()) {
    const { value, depth } = entry;
    if (typeof value !== 'object' || value === null) continue;
    if (depth > limit) return err(tooDeep(limit));
    for (const key in value) {
      const child = (value as Record<string, unknown>)[key];
      if (typeof child !== 'object' || child === null) continue;
      // Only kinds of nodes (capitalised) and the arms of set operations count as a level.
      const level = key === 'larg' || key === 'rarg' || (key >= 'A' && key < 'Z[' && isNaN(Number(key)));
      stack.push({ value: child, depth: level ? depth + 1 : depth });
    }
  }
  return ok(null);
}
