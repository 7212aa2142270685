import type {
  ExecuteStmt,
  ExplainStmt,
  FetchStmt,
  IntoClause,
  Node,
  PrepareStmt,
  SelectStmt,
  TypeName,
} from 'libpg-query';
import type { Description } from '../../../core/describe.ts';
import { describeDefinition } from './definition.ts';
import { walkThrough } from './expression.ts';
import { Facts } from './facts.ts';
import { analyseModification } from './modify.ts';
import { describeType } from './operators.ts';
import { parse } from './parser.ts';
import type { Resolver } from './resolver.ts';
import { allSources, type Rows, Scope, type ViewMemo, type Walk } from './scope.ts';
import { analyseSelect } from './select.ts';
import { as, type Body, literalText, nameParts, sameShape, type Tag, tagOf } from './tree.ts';
import type { DescribedStatement, SessionContext, StatementEffects } from './types.ts';
import { copyHandler, opaque, type UtilityFinding, type UtilityHandler, utilityHandlers } from './utility.ts';
import { withLimit } from './row-limit.ts';

/** What describing one statement needs besides its tree. */
export interface StatementContext {
  readonly resolver: Resolver;
  readonly session: SessionContext;
  readonly views: ViewMemo;
  /** PREPAREs described earlier, for EXECUTE: it means what it means now. */
  readonly trees: WeakMap<DescribedStatement, PrepareStmt>;
  /** Describes the text of a prepared statement whose tree isn't at hand. */
  describeText(text: string): DescribedStatement | null;
}

export interface StatementFinding {
  readonly description: Description;
  readonly effects: StatementEffects;
  readonly sessionDependent: boolean;
}

const noEffects: StatementEffects = {
  transaction: null,
  chain: false,
  prepares: null,
  deallocates: null,
  declaresCursor: null,
  closesCursor: null,
  settings: [],
  ddl: false,
  createsTemporary: [],
  copy: null,
  sessionState: false,
  limitParameter: null,
};

/** Which operation names the whole, where several are inside: what changes most. */
const strength = ['merge', 'delete', 'update', 'truncate', 'insert'] as const;

export function describeStatement(node: Node, text: string, context: StatementContext): StatementFinding {
  const walk: Walk = {
    facts: new Facts(),
    resolver: context.resolver,
    subqueries: new Map(),
    views: context.views,
    policies: new Set(),
    select: analyseSelect,
    modification: analyseModification,
  };
  const finding = find(node, text, walk, context);
  return finish(finding, walk);
}

function finish(finding: UtilityFinding, walk: Walk): StatementFinding {
  const { facts } = walk;
  const described = facts.describe(
    {
      operation: finding.operation,
      title: finding.title,
      rowLimit: finding.rowLimit ?? null,
      filtered: finding.filtered ?? false,
    },
    walk.resolver.marks,
  );
  const effects: StatementEffects = {
    ...noEffects,
    settings: facts.settings,
    createsTemporary: [...facts.createsTemporary],
    sessionState: facts.sessionState || facts.createsTemporary.size > 0,
    ...finding.effects,
    // The limit of the result says nothing of what one of its rows holds.
    ...(facts.collects === 1 ? {} : { limitParameter: null }),
  };
  return { description: described, effects, sessionDependent: facts.sessionDependent };
}

function find(node: Node, text: string, walk: Walk, context: StatementContext): UtilityFinding {
  const tag = tagOf(node);
  const own = sessionHandlers(text, context)[tag] as UtilityHandler<Tag> | undefined;
  const handler = own ?? utilityHandlers[tag];
  if (handler) return handler((node as Record<Tag, Body<Tag>>)[tag], walk);
  const definition = describeDefinition(node, walk);
  if (definition) return defineFrom(node, definition, () => find(executed(node), text, walk, context));
  const rows = analyseModification(node, null, walk);
  if (rows) return changed(rows, walk);
  opaque(`The gateway does not know statements of the kind ${tag}.`, walk);
  return { operation: 'sql:other', title: tag };
}

/** CREATE TABLE AS EXECUTE keeps what the prepared statement gives. */
const executed = (node: Node): Node => as(node, 'CreateTableAsStmt')?.query ?? node;

function defineFrom(node: Node, definition: UtilityFinding, execute: () => UtilityFinding): UtilityFinding {
  if (!as(executed(node), 'ExecuteStmt')) return definition;
  const { rowLimit, filtered } = execute();
  return { ...definition, rowLimit: rowLimit ?? null, filtered: filtered ?? false };
}

function changed(rows: Rows, walk: Walk): UtilityFinding {
  walk.facts.mark(allSources(rows), 'read');
  const operation = strongest(walk.facts, 'select');
  const finding = { operation: `sql:${operation}`, title: operation.toUpperCase() };
  // Where changes are nested, none of them bounds or restricts the others.
  return walk.facts.operations.length > 1
    ? finding
    : { ...finding, rowLimit: rows.bound, filtered: rows.filtered };
}

const strongest = (facts: Facts, otherwise: string): string =>
  strength.find((operation) => facts.operations.includes(operation)) ?? otherwise;

function select(query: SelectStmt, walk: Walk): UtilityFinding {
  const rows = analyseSelect(query, null, walk);
  walk.facts.mark(allSources(rows), 'read');
  const into = intoClause(query);
  if (into) return selectInto(into, rows, walk);
  const operation = strongest(walk.facts, 'select');
  const pure = operation === 'select';
  return {
    operation: `sql:${operation}`,
    title: operation.toUpperCase(),
    rowLimit: pure ? rows.bound : null,
    // A change inside of a WITH clause is judged without its condition: it may be any of several.
    filtered: pure && rows.filtered,
    effects: { limitParameter: pure ? limitParameter(query) : null },
  };
}

/** INTO stands in the first arm of a set operation. */
const intoClause = (query: SelectStmt): IntoClause | undefined =>
  query.intoClause ?? (query.larg && intoClause(query.larg));

function selectInto(into: IntoClause, rows: Rows, walk: Walk): UtilityFinding {
  const node: Node = { CreateTableAsStmt: { into, objtype: 'OBJECT_TABLE' } };
  const found = describeDefinition(node, walk);
  return {
    operation: 'sql:ddl',
    ...found,
    title: 'SELECT INTO',
    rowLimit: rows.bound,
    filtered: rows.filtered,
  };
}

/** `LIMIT $n`, bare or with a cast. */
function limitParameter(query: SelectStmt): number | null {
  if (query.limitOption === 'LIMIT_OPTION_WITH_TIES') return null;
  const node = as(query.limitCount, 'TypeCast')?.arg ?? query.limitCount;
  return as(node, 'ParamRef')?.number ?? null;
}

function sessionHandlers(
  text: string,
  context: StatementContext,
): { readonly [K in Tag]?: UtilityHandler<K> } {
  return {
    SelectStmt: select,
    CopyStmt: (body, walk) => {
      const found = copyHandler((query) => {
        const rows = analyseSelect(query, null, walk);
        walk.facts.mark(allSources(rows), 'read');
        return rows;
      })(body, walk);
      return copyOfChange(body.query, found, walk);
    },
    ExplainStmt: (body, walk) => explain(body, text, walk, context),
    PrepareStmt: (body) => prepare(body, text, context),
    ExecuteStmt: (body, walk) => execute(body, walk, context),
    FetchStmt: (body, walk) => fetch(body, walk, context),
    DeclareCursorStmt: (body, walk) => {
      const found = body.query ? find(body.query, text, walk, context) : null;
      // CURSOR_OPT_HOLD (nodes/parsenodes.h): the cursor outlives its transaction.
      if (((body.options ?? 0) & 0x20) !== 0) walk.facts.flags.add('cursorWithHold');
      walk.facts.sessionState = true;
      return {
        operation: 'sql:select',
        ...found,
        title: 'DECLARE CURSOR',
        effects: { ...found?.effects, declaresCursor: body.portalname ?? '' },
      };
    },
  };
}

/** COPY (INSERT … RETURNING …) TO: the change gives the operation its name. */
function copyOfChange(query: Node | undefined, found: UtilityFinding, walk: Walk): UtilityFinding {
  if (query && !as(query, 'SelectStmt')) {
    const rows = analyseModification(query, null, walk);
    if (rows) walk.facts.mark(allSources(rows), 'read');
    else opaque('What COPY copies is not known to the gateway.', walk);
  }
  const operation = strongest(walk.facts, '');
  return operation === ''
    ? found
    : { ...found, operation: `sql:${operation}`, rowLimit: null, filtered: false };
}

function explain(body: ExplainStmt, text: string, walk: Walk, context: StatementContext): UtilityFinding {
  if (!body.query) return { operation: 'sql:explain', title: 'EXPLAIN' };
  const inner = find(body.query, text, walk, context);
  // It runs the query of DECLARE CURSOR and declares none.
  const effects = { ...inner.effects, declaresCursor: null, limitParameter: null };
  if (isAnalyze(body)) return { ...inner, title: `EXPLAIN ANALYZE ${inner.title}`, effects };
  // Planning evaluates functions of constants: what they may do stays, what the statement would do goes.
  walk.facts.forgetAccess();
  return { operation: 'sql:explain', title: 'EXPLAIN' };
}

/** The last ANALYZE option counts; without a value it is true. */
function isAnalyze(body: ExplainStmt): boolean {
  let analyze = false;
  for (const node of body.options ?? []) {
    const option = as(node, 'DefElem');
    if (option?.defname !== 'analyze') continue;
    const value = as(option.arg, 'String')?.sval ?? as(option.arg, 'Integer')?.ival;
    const boolean = as(option.arg, 'Boolean')?.boolval;
    analyze = !(value === 0 || boolean === false || /^(0|f|fa|fal|fals|false|of|off)$/i.test(String(value)));
    if (option.arg && value === undefined && boolean === undefined)
      analyze = as(option.arg, 'Integer') === undefined;
  }
  return analyze;
}

function prepare(body: PrepareStmt, text: string, context: StatementContext): UtilityFinding {
  const finding = { operation: 'sql:prepare', title: 'PREPARE' };
  if (!body.query) return finding;
  const own = preparedText(text, body.query);
  const { description, effects } = describeStatement(body.query, own, context);
  const statement: DescribedStatement = { text: own, description, effects };
  context.trees.set(statement, body);
  return { ...finding, effects: { prepares: { name: body.name ?? '', statement }, sessionState: true } };
}

/** The statement after one of the first words AS, if it parses to the same tree; otherwise the whole text. */
function preparedText(text: string, query: Node): string {
  const words = text.matchAll(/\bas\b/gi);
  for (const { index } of [...words].slice(0, maxPreparedWords)) {
    const candidate = text.slice(index + 2).trim();
    const parsed = candidate === '' ? null : parse(candidate);
    const [only, more] = parsed?.ok ? parsed.value : [];
    if (only && !more && sameShape(only.stmt, query, true)) return candidate;
  }
  return text;
}

/** PREPARE name (types) AS …: names and types with AS inside of quotes are rare. */
const maxPreparedWords = 4;

function execute(body: ExecuteStmt, walk: Walk, context: StatementContext): UtilityFinding {
  walk.facts.sessionDependent = true;
  walk.facts.mark(walkThrough(body.params, new Scope(null), walk), 'read');
  const known = context.session.prepared(body.name ?? '');
  const prepared = known && context.trees.get(known);
  if (known && prepared?.query) {
    // The values are cast to the types that PREPARE names.
    for (const type of prepared.argtypes ?? []) describeType(as(type, 'TypeName'), walk, true);
    const found = find(prepared.query, known.text, walk, context);
    return { ...found, title: `EXECUTE ${found.title}`, ...executedLimit(body, prepared, found) };
  }
  const again = known && context.describeText(known.text);
  if (again) {
    const found = adopt(again, `EXECUTE ${again.description.title}`, walk);
    return { ...found, effects: { ...again.effects, limitParameter: null } };
  }
  opaque(`The prepared statement ${body.name ?? ''} is not known to the gateway.`, walk);
  return { operation: 'sql:other', title: 'EXECUTE' };
}

/** The limit that EXECUTE's own constants give `LIMIT $n`. */
function executedLimit(
  body: ExecuteStmt,
  prepared: PrepareStmt,
  found: UtilityFinding,
): Partial<UtilityFinding> {
  const parameter = found.effects?.limitParameter;
  if (parameter === null || parameter === undefined) return {};
  const type = as(prepared.argtypes?.[parameter - 1], 'TypeName');
  // As a value of another type the constant may become another number: '10' as bytea is 12592.
  const value = type && !isWholeNumber(type) ? undefined : literalText(body.params?.[parameter - 1]);
  const bound = withLimit(found.rowLimit ?? null, value ?? null);
  return { rowLimit: bound, effects: { ...found.effects, limitParameter: null } };
}

const isWholeNumber = ({ names, arrayBounds }: TypeName): boolean =>
  !arrayBounds && /^(int[248]|unknown)$/.test(nameParts(names).at(-1) ?? '');

/** Takes over a description that was made before. */
function adopt(known: DescribedStatement, title: string, walk: Walk): UtilityFinding {
  const { description } = known;
  const { facts } = walk;
  for (const { dataset, access, basis, columns } of description.datasets) {
    for (const kind of access) facts.dataset(dataset, kind, basis);
    for (const { name, uses } of columns) for (const use of uses) facts.mark([`${dataset}\0${name}`], use);
  }
  for (const { name, effect } of description.functions) facts.calls(name, effect);
  for (const sentence of description.unknown) facts.unknown.add(sentence);
  for (const flag of description.flags) facts.flags.add(flag);
  facts.outside ||= description.reach === 'outside';
  facts.changes ||= description.reach !== 'none';
  return {
    operation: description.operation,
    title,
    rowLimit: description.rowLimit,
    filtered: description.filtered,
  };
}

function fetch(body: FetchStmt, walk: Walk, context: StatementContext): UtilityFinding {
  walk.facts.sessionDependent = true;
  const title = body.ismove ? 'MOVE' : 'FETCH';
  const cursor = context.session.cursor(body.portalname ?? '');
  if (!cursor) {
    opaque(`The cursor ${body.portalname ?? ''} is not known to the gateway.`, walk);
    return { operation: 'sql:fetch', title };
  }
  const found = adopt(cursor, title, walk);
  return { ...found, rowLimit: withLimit(found.rowLimit ?? null, fetchCount(body)) };
}

/** FETCH ALL comes as the largest count of the server's `long` (FETCH_ALL); FETCH ABSOLUTE gives one row. */
function fetchCount(body: FetchStmt): string | null {
  if (body.direction === 'FETCH_ABSOLUTE' || body.direction === 'FETCH_RELATIVE') return '1';
  const count = Number(body.howMany ?? 0);
  return count >= 2_147_483_647 || count < 0 ? null : String(count);
}
