import { canonicalize } from '@sallyport/verifier';
import type { ActionShape, Field, Order } from '../../../core/constraint.ts';
import type { Parameter } from '../../../core/action.ts';
import { err, ok, type Result } from '../../../core/result.ts';
import { checkText, checkTree } from './guard.ts';
import { tokenise } from './lexer.ts';
import { parse } from './parser.ts';
import type { DescriberLimits } from './types.ts';
import { valueParameters, valuePositions } from './value-positions.ts';

/**
 * A statement with its values taken out, for standing grants: the text itself, byte for byte, but for the literals whose
 * values a description never depends on, and the types of its parameters. Comments, spelling, spaces and every other
 * literal stay in the template. The error says in words why there is none: of anything but one SELECT, INSERT, UPDATE
 * or DELETE the text doesn't say what it does (EXECUTE and FETCH run what was prepared elsewhere).
 */
export function shapeOfStatement(
  command: string,
  parameters: readonly Parameter[],
  limits: DescriberLimits,
): Result<ActionShape, string> {
  const text = checkText(command, true, limits);
  const parsed = text.ok ? parse(command) : text;
  if (!parsed.ok) return err(parsed.error.message);
  const tree = checkTree(parsed.value, limits.parseDepth);
  if (!tree.ok) return err(tree.error.message);
  const free = valueParameters(parsed.value);
  if (free === null) return err('Only a single SELECT, INSERT, UPDATE or DELETE has a shape of its own.');
  const literals = literalsOf(command, valuePositions(parsed.value, command) ?? new Set());
  const bound = parameters.map((parameter, at) => parameterField(parameter, at + 1, free.has(at + 1)));
  const template = canonicalize({ text: literals.template, types: bound.map((field) => field.type) });
  return ok({ template, fields: [...literals.fields, ...bound] });
}

/**
 * By what statements are alike that differ in their values alone; null where the lexer can't take values out (a comment,
 * a quoted form of literal), or where the text isn't one statement that says what it does.
 */
export function groupingTemplate(
  command: string,
  parameters: readonly Parameter[],
  limits: DescriberLimits,
): string | null {
  if (tokenise(command) === null) return null;
  const shape = shapeOfStatement(command, parameters, limits);
  return shape.ok ? shape.value.template : null;
}

/** Signs that the lexer puts in the place of literals, and that no text which it handles can hold. */
const CLASSES: readonly (readonly [sign: string, type: string, orders: readonly Order[]])[] = [
  ['\u0001', 'string', ['date', 'timestamp']],
  ['\u0002', 'decimal', ['number']],
  ['\u0003', 'integer', ['number']],
  ['\u0004', 'long integer', ['number']],
];

const CONTEXT_CHARACTERS = 32;

/** A text that the lexer doesn't handle has no literals to be taken out: it is its own template. */
function literalsOf(text: string, positions: ReadonlySet<number>): ActionShape {
  const lexed = tokenise(text);
  if (lexed === null) return { template: `\u0005${text}`, fields: [] };
  let template = '';
  let copied = 0;
  const fields: Field[] = [];
  for (const [at, start] of lexed.starts.entries()) {
    const end = lexed.ends[at] ?? start;
    // Behind a minus sign the number that counts is another one than the digits say.
    if (!positions.has(start) || /-\s*$/.test(text.slice(copied, start))) continue;
    const [sign, type, orders] = classOf(text.slice(start, end));
    const context = text.slice(Math.max(0, start - CONTEXT_CHARACTERS), start);
    const name = `literal ${(fields.length + 1).toString()}`;
    fields.push({ name, type, value: valueOf(text.slice(start, end)), free: true, orders, context });
    template += text.slice(copied, start) + sign;
    copied = end;
  }
  return { template: template + text.slice(copied), fields };
}

/** As the lexer has it: short whole numbers are of another type to the grammar than long ones. */
function classOf(literal: string): (typeof CLASSES)[number] {
  const sign = tokenise(literal)?.key;
  const found = CLASSES.find(([each]) => each === sign);
  if (found === undefined) throw new Error('a literal of no class');
  return found;
}

const valueOf = (literal: string): string =>
  literal.startsWith("'") ? literal.slice(1, -1).replaceAll("''", "'") : literal;

/** Orders by the OID of the type: int8, int2, int4, numeric; date; timestamp; 0 is text until the target types it. */
const ORDERS_OF_TYPE = new Map<number | string, readonly Order[]>([
  [20, ['number']],
  [21, ['number']],
  [23, ['number']],
  [1700, ['number']],
  [1082, ['date']],
  [1114, ['timestamp']],
  [0, ['number', 'date', 'timestamp']],
]);

function parameterField({ type, format, value }: Parameter, number: number, free: boolean): Field {
  const orders = format === 'text' ? (ORDERS_OF_TYPE.get(type) ?? []) : [];
  const name = `$${number.toString()}`;
  return { name, type: `type ${type.toString()}, ${format}`, value, free, orders, context: '' };
}
