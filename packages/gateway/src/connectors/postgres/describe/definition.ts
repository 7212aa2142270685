import type { Node, RangeVar } from 'libpg-query';
import { describeFunction } from './function-use.ts';
import { flow } from './expression.ts';
import { qualifiedName } from './names.ts';
import { datasetName } from './relation.ts';
import { allSources, type Rows, Scope, type Walk } from './scope.ts';
import { analyseSelect } from './select.ts';
import { as, isRecord, nameParts, type Tag, tagOf, walk as walkTree } from './tree.ts';
import type { UtilityFinding } from './utility.ts';
import { viewBody } from './views.ts';

/** Statements that change definitions: their titles, and what sets them apart. */
interface Definition {
  readonly title: string;
  readonly operation?: string;
  /** Not undone by a rollback. */
  readonly outside?: boolean;
  readonly flags?: readonly string[];
}

const grants = { operation: 'sql:grant', flags: ['accessRights'] } as const;
const elsewhere = { outside: true, flags: ['otherServer'] } as const;

const definitions: { readonly [K in Tag]?: Definition } = {
  AlterCollationStmt: { title: 'ALTER COLLATION' },
  AlterDatabaseRefreshCollStmt: { title: 'ALTER DATABASE' },
  AlterDatabaseSetStmt: { title: 'ALTER DATABASE SET', flags: ['alterDefaults'] },
  AlterDatabaseStmt: { title: 'ALTER DATABASE', outside: true },
  AlterDefaultPrivilegesStmt: { title: 'ALTER DEFAULT PRIVILEGES', ...grants },
  AlterDomainStmt: { title: 'ALTER DOMAIN' },
  AlterEnumStmt: { title: 'ALTER TYPE' },
  AlterEventTrigStmt: { title: 'ALTER EVENT TRIGGER' },
  AlterExtensionContentsStmt: { title: 'ALTER EXTENSION' },
  AlterExtensionStmt: { title: 'ALTER EXTENSION', outside: true },
  AlterFdwStmt: { title: 'ALTER FOREIGN DATA WRAPPER', ...elsewhere },
  AlterForeignServerStmt: { title: 'ALTER SERVER', ...elsewhere },
  AlterFunctionStmt: { title: 'ALTER FUNCTION' },
  AlterObjectDependsStmt: { title: 'ALTER DEPENDENCY' },
  AlterObjectSchemaStmt: { title: 'ALTER SET SCHEMA' },
  AlterOpFamilyStmt: { title: 'ALTER OPERATOR FAMILY' },
  AlterOperatorStmt: { title: 'ALTER OPERATOR' },
  AlterOwnerStmt: { title: 'ALTER OWNER', ...grants },
  AlterPolicyStmt: { title: 'ALTER POLICY', flags: ['securityPolicy'] },
  AlterPublicationStmt: { title: 'ALTER PUBLICATION', flags: ['replication'] },
  AlterRoleSetStmt: { title: 'ALTER ROLE SET', ...grants },
  AlterRoleStmt: { title: 'ALTER ROLE', ...grants },
  AlterSeqStmt: { title: 'ALTER SEQUENCE' },
  AlterStatsStmt: { title: 'ALTER STATISTICS' },
  AlterSubscriptionStmt: { title: 'ALTER SUBSCRIPTION', outside: true, flags: ['replication'] },
  AlterSystemStmt: { title: 'ALTER SYSTEM', outside: true, flags: ['alterSystem'] },
  AlterTSConfigurationStmt: { title: 'ALTER TEXT SEARCH CONFIGURATION' },
  AlterTSDictionaryStmt: { title: 'ALTER TEXT SEARCH DICTIONARY' },
  AlterTableMoveAllStmt: { title: 'ALTER ALL IN TABLESPACE', outside: true },
  AlterTableSpaceOptionsStmt: { title: 'ALTER TABLESPACE' },
  AlterTableStmt: { title: 'ALTER TABLE' },
  AlterTypeStmt: { title: 'ALTER TYPE' },
  AlterUserMappingStmt: { title: 'ALTER USER MAPPING', ...elsewhere },
  CommentStmt: { title: 'COMMENT' },
  CompositeTypeStmt: { title: 'CREATE TYPE' },
  CreateAmStmt: { title: 'CREATE ACCESS METHOD' },
  CreateCastStmt: { title: 'CREATE CAST' },
  CreateConversionStmt: { title: 'CREATE CONVERSION' },
  CreateDomainStmt: { title: 'CREATE DOMAIN' },
  CreateEnumStmt: { title: 'CREATE TYPE' },
  CreateEventTrigStmt: { title: 'CREATE EVENT TRIGGER' },
  CreateExtensionStmt: { title: 'CREATE EXTENSION', outside: true, flags: ['extension'] },
  CreateFdwStmt: { title: 'CREATE FOREIGN DATA WRAPPER', ...elsewhere },
  CreateForeignServerStmt: { title: 'CREATE SERVER', ...elsewhere },
  CreateForeignTableStmt: { title: 'CREATE FOREIGN TABLE', ...elsewhere },
  CreateFunctionStmt: { title: 'CREATE FUNCTION' },
  CreateOpClassStmt: { title: 'CREATE OPERATOR CLASS' },
  CreateOpFamilyStmt: { title: 'CREATE OPERATOR FAMILY' },
  CreatePLangStmt: { title: 'CREATE LANGUAGE', outside: true },
  CreatePolicyStmt: { title: 'CREATE POLICY', flags: ['securityPolicy'] },
  CreatePublicationStmt: { title: 'CREATE PUBLICATION', flags: ['replication'] },
  CreateRangeStmt: { title: 'CREATE TYPE' },
  CreateRoleStmt: { title: 'CREATE ROLE', ...grants },
  CreateSchemaStmt: { title: 'CREATE SCHEMA' },
  CreateSeqStmt: { title: 'CREATE SEQUENCE' },
  CreateStatsStmt: { title: 'CREATE STATISTICS' },
  CreateStmt: { title: 'CREATE TABLE' },
  CreateSubscriptionStmt: { title: 'CREATE SUBSCRIPTION', outside: true, flags: ['replication'] },
  CreateTableAsStmt: { title: 'CREATE TABLE AS' },
  CreateTableSpaceStmt: { title: 'CREATE TABLESPACE', outside: true },
  CreateTransformStmt: { title: 'CREATE TRANSFORM' },
  CreateTrigStmt: { title: 'CREATE TRIGGER' },
  CreateUserMappingStmt: { title: 'CREATE USER MAPPING', ...elsewhere },
  CreatedbStmt: { title: 'CREATE DATABASE', outside: true },
  DefineStmt: { title: 'CREATE' },
  DropOwnedStmt: { title: 'DROP OWNED', ...grants },
  DropRoleStmt: { title: 'DROP ROLE', ...grants },
  DropStmt: { title: 'DROP' },
  DropSubscriptionStmt: { title: 'DROP SUBSCRIPTION', outside: true, flags: ['replication'] },
  DropTableSpaceStmt: { title: 'DROP TABLESPACE', outside: true },
  DropUserMappingStmt: { title: 'DROP USER MAPPING', ...elsewhere },
  DropdbStmt: { title: 'DROP DATABASE', outside: true },
  GrantRoleStmt: { title: 'GRANT ROLE', ...grants },
  GrantStmt: { title: 'GRANT', ...grants },
  ImportForeignSchemaStmt: { title: 'IMPORT FOREIGN SCHEMA', ...elsewhere },
  IndexStmt: { title: 'CREATE INDEX' },
  ReassignOwnedStmt: { title: 'REASSIGN OWNED', ...grants },
  RefreshMatViewStmt: { title: 'REFRESH MATERIALIZED VIEW' },
  RenameStmt: { title: 'ALTER RENAME' },
  ReplicaIdentityStmt: { title: 'ALTER TABLE' },
  RuleStmt: { title: 'CREATE RULE' },
  SecLabelStmt: { title: 'SECURITY LABEL' },
  ViewStmt: { title: 'CREATE VIEW' },
};

/** Null: it isn't a statement that changes definitions. */
export function describeDefinition(node: Node, walk: Walk): UtilityFinding | null {
  const tag = tagOf(node);
  const definition = definitions[tag];
  if (!definition) return null;
  const { facts } = walk;
  facts.changes = true;
  if (definition.outside || isConcurrent(node)) facts.outside = true;
  for (const flag of definition.flags ?? []) facts.flags.add(flag);
  if (walk.resolver.catalog.eventTriggers) {
    facts.flags.add('hiddenEffects');
    facts.unknown.add('Changing definitions runs event triggers that the gateway does not look into.');
    facts.outside = true;
  }
  const rows = definedQuery(node, walk);
  touchRelations(node, walk);
  if (tag !== 'CreateFunctionStmt') runExpressions(node, walk);
  // CREATE SCHEMA … GRANT: the grants are no part of the new schema.
  const given =
    as(node, 'CreateSchemaStmt')?.schemaElts?.some((element) => as(element, 'GrantStmt')) ?? false;
  if (given) facts.flags.add('accessRights');
  return {
    operation: given ? grants.operation : (definition.operation ?? 'sql:ddl'),
    title: titleOf(node, definition.title),
    rowLimit: rows?.bound ?? null,
    filtered: rows?.filtered ?? false,
    effects: { ddl: true },
  };
}

const isConcurrent = (node: Node): boolean =>
  Object.values(node).some((body: unknown) => isRecord(body) && body['concurrent'] === true);

/** The query of CREATE TABLE AS, CREATE VIEW, CREATE MATERIALIZED VIEW: read, because its result is kept or shown. */
function definedQuery(node: Node, walk: Walk): Rows | null {
  const refresh = as(node, 'RefreshMatViewStmt')?.relation;
  if (refresh) refreshView(refresh, walk);
  const query = as(as(node, 'CreateTableAsStmt')?.query ?? as(node, 'ViewStmt')?.query, 'SelectStmt');
  if (!query) return null;
  const rows = analyseSelect(query, null, walk);
  walk.facts.mark(allSources(rows), 'read');
  return rows;
}

function refreshView(range: RangeVar, walk: Walk): void {
  const meaning = walk.resolver.relation(range.schemaname, range.relname ?? '');
  for (const relation of meaning.kind === 'unknown' ? [] : meaning.relations) {
    const body = relation.definition === null ? null : viewBody(relation, walk);
    if (body) {
      walk.facts.merge(body.facts);
      walk.facts.mark(allSources(body.rows), 'read');
    }
  }
}

/** The relations that the statement names as what it defines, changes, drops or refers to. */
function touchRelations(node: Node, walk: Walk): void {
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    if (!isRecord(value) || 'SelectStmt' in value || 'TableLikeClause' in value) return;
    // A RangeVar may stand in a field that says so, without its kind.
    if (typeof value['relname'] === 'string') touch(value, walk);
    else Object.values(value).forEach(visit);
  };
  visit(node);
  const drop = as(node, 'DropStmt');
  if (drop?.removeType && /^OBJECT_(TABLE|VIEW|MATVIEW|FOREIGN_TABLE|SEQUENCE)$/.test(drop.removeType)) {
    for (const object of drop.objects ?? []) touch(rangeOf(nameParts(as(object, 'List')?.items)), walk);
  }
  const weakens = as(node, 'AlterTableStmt')?.cmds?.some((command) =>
    /RowSecurity|Trig|Rule/.test(as(command, 'AlterTableCmd')?.subtype ?? ''),
  );
  if (weakens) walk.facts.flags.add('securityPolicy');
}

const rangeOf = (parts: readonly string[]): RangeVar => {
  const [relname, schemaname] = [parts.at(-1), parts.at(-2)];
  return {
    ...(relname === undefined ? {} : { relname }),
    ...(schemaname === undefined ? {} : { schemaname }),
  };
};

function touch(range: RangeVar, walk: Walk): void {
  const { facts, resolver } = walk;
  const name = range.relname ?? '';
  const temporary =
    range.relpersistence === 't' || /^pg_temp(_|$)/.test(range.schemaname ?? resolver.creationSchema ?? '');
  if (temporary) {
    facts.createsTemporary.add(name);
    facts.dataset(qualifiedName('pg_temp', name), 'write');
    facts.sessionState = true;
    return;
  }
  const meaning = resolver.relation(range.schemaname, name);
  if (meaning.kind === 'unknown') {
    // A relation that doesn't exist yet is no more than its name.
    const schema = range.schemaname ?? resolver.creationSchema;
    facts.dataset(
      qualifiedName(...(schema ? [schema] : []), name),
      'write',
      resolver.stale ? 'unknown' : 'parsed',
    );
    if (resolver.stale)
      facts.unknown.add('The schema was changed in this transaction: what names mean is not known.');
    return;
  }
  for (const relation of meaning.relations) facts.dataset(datasetName(relation), 'write');
  if (meaning.kind === 'temporary') facts.dataset(qualifiedName('pg_temp', name), 'write', 'unknown');
}

/** Defaults, checks, index expressions, USING: they run when the definition is made or soon after. */
function runExpressions(node: Node, walk: Walk): void {
  const scope = new Scope(null, true);
  walkTree(node, (part) => {
    if (as(part, 'SelectStmt')) return false;
    if (as(part, 'FuncCall') ?? as(part, 'A_Expr') ?? as(part, 'TypeCast')) {
      flow(part, scope, walk);
      return false;
    }
    return true;
  });
  const trigger = as(node, 'CreateTrigStmt') ?? as(node, 'CreateEventTrigStmt');
  for (const found of trigger ? walk.resolver.functions(nameParts(trigger.funcname)) : []) {
    describeFunction(found, walk);
  }
  const rename = as(node, 'RenameStmt');
  if (
    rename?.relation?.relname &&
    rename.newname &&
    walk.resolver.session.temporary.has(rename.relation.relname)
  ) {
    walk.facts.createsTemporary.add(rename.newname);
  }
  temporaryNames(node, walk);
  const view = as(node, 'ViewStmt')?.view?.relname;
  // A view over a temporary relation becomes one.
  if (view !== undefined && [...walk.facts.datasets.keys()].some((name) => name.startsWith('pg_temp.'))) {
    walk.facts.createsTemporary.add(view);
  }
}

/** Types and functions made in pg_temp, whose names come in lists. */
function temporaryNames(node: Node, walk: Walk): void {
  const names =
    as(node, 'CreateDomainStmt')?.domainname ??
    as(node, 'CreateEnumStmt')?.typeName ??
    as(node, 'CreateRangeStmt')?.typeName;
  const parts = nameParts(names);
  const schema = parts.at(-2) ?? walk.resolver.creationSchema ?? '';
  if (parts.length > 0 && /^pg_temp(_|$)/.test(schema)) walk.facts.createsTemporary.add(parts.at(-1) ?? '');
  const into = as(node, 'RenameStmt');
  if (into?.renameType === 'OBJECT_TYPE' || into?.renameType === 'OBJECT_DOMAIN') {
    const old = nameParts(as(into.object, 'List')?.items ?? as(into.object, 'TypeName')?.names).at(-1) ?? '';
    if (walk.resolver.session.temporary.has(old) && into.newname)
      walk.facts.createsTemporary.add(into.newname);
  }
}

function titleOf(node: Node, title: string): string {
  const grant = as(node, 'GrantStmt') ?? as(node, 'GrantRoleStmt');
  if (grant && !grant.is_grant) return title.replace('GRANT', 'REVOKE');
  const kind = as(node, 'DropStmt')?.removeType ?? as(node, 'DefineStmt')?.kind;
  if (kind)
    return `${title} ${kind.replace('OBJECT_', '').replaceAll('_', ' ').replace('MATVIEW', 'MATERIALIZED VIEW')}`;
  const create = as(node, 'CreateTableAsStmt');
  return create?.objtype === 'OBJECT_MATVIEW' ? 'CREATE MATERIALIZED VIEW' : title;
}
