/**
 * What is read of a target's catalog, in one repeatable-read snapshot with an empty search path, so that views and
 * expressions come back with every name qualified. 16384 is FirstNormalObjectId: below are PostgreSQL's own objects.
 * Temporary and TOAST relations are of no other session's concern and are left out.
 */
export const begin = [
  'BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY',
  "SET LOCAL search_path = ''",
  "SET LOCAL statement_timeout = '15s'",
  "SET LOCAL lock_timeout = '5s'",
] as const;

/** One row: a fingerprint over identity and row version of everything that the snapshot is made of. */
export const fingerprint = `
select concat_ws('.',
  (select count(*) || '-' || bit_xor(hashtextextended(c.oid || ':' || c.xmin::text, 0)) from pg_class c
     where c.relpersistence <> 't' and c.relkind <> 't'),
  (select count(*) || '-' || bit_xor(hashtextextended(a.attrelid || ':' || a.attnum || ':' || a.xmin::text, 0))
     from pg_attribute a join pg_class c on c.oid = a.attrelid
     where a.attnum > 0 and c.relpersistence <> 't' and c.relkind not in ('t', 'i', 'I')),
  (select count(*) || '-' || bit_xor(hashtextextended(oid || ':' || xmin::text, 0)) from pg_proc),
  (select count(*) || '-' || bit_xor(hashtextextended(oid || ':' || xmin::text, 0)) from pg_rewrite),
  (select count(*) || '-' || bit_xor(hashtextextended(oid || ':' || xmin::text, 0)) from pg_trigger),
  (select count(*) || '-' || bit_xor(hashtextextended(oid || ':' || xmin::text, 0)) from pg_policy),
  (select count(*) || '-' || bit_xor(hashtextextended(oid || ':' || xmin::text, 0)) from pg_operator),
  (select count(*) || '-' || bit_xor(hashtextextended(oid || ':' || xmin::text, 0)) from pg_cast),
  (select count(*) || '-' || bit_xor(hashtextextended(oid || ':' || xmin::text, 0)) from pg_type
     where typtype not in ('c') and typelem = 0),
  (select count(*) || '-' || bit_xor(hashtextextended(oid || ':' || xmin::text, 0)) from pg_namespace
     where nspname !~ '^pg_(toast_)?temp_'),
  (select count(*) || '-' || bit_xor(hashtextextended(i.indexrelid || ':' || i.xmin::text, 0))
     from pg_index i join pg_class c on c.oid = i.indexrelid where c.relpersistence <> 't'),
  (select count(*) || '-' || bit_xor(hashtextextended(d.oid || ':' || d.xmin::text, 0))
     from pg_attrdef d join pg_class c on c.oid = d.adrelid where c.relpersistence <> 't'),
  (select count(*) || '-' || bit_xor(hashtextextended(oid || ':' || xmin::text, 0)) from pg_constraint
     where contype in ('f', 'c')),
  (select count(*) || '-' || bit_xor(hashtextextended(inhrelid || ':' || xmin::text, 0)) from pg_inherits),
  (select count(*) || '-' || bit_xor(hashtextextended(oid || ':' || xmin::text, 0)) from pg_event_trigger),
  (select count(*) || '-' || bit_xor(hashtextextended(objoid || '.' || objsubid || ':' || xmin::text, 0))
     from pg_description where classoid = 'pg_class'::regclass and objoid >= 16384),
  (select count(*) || '-' || bit_xor(hashtextextended(objoid || '.' || objsubid || ':' || xmin::text, 0))
     from pg_seclabel where classoid = 'pg_class'::regclass and objoid >= 16384)
) as version`;

const identity = `
select current_user::text as "user",
  (select json_agg(nspname) from pg_namespace where has_schema_privilege(oid, 'USAGE')) as schemas,
  exists (select 1 from pg_event_trigger where evtenabled <> 'D') as "eventTriggers"`;

const relations = `
select c.oid::int8::text as oid, n.nspname as schema, c.relname as name, c.relkind as kind,
  c.relrowsecurity as "rowSecurity",
  case when c.relkind in ('v', 'm') and c.oid >= 16384 then pg_get_viewdef(c.oid) end as definition,
  exists (select 1 from pg_rewrite r where r.ev_class = c.oid and r.rulename <> '_RETURN' and r.ev_enabled <> 'D')
    as rules
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and c.relpersistence <> 't' and n.nspname <> 'pg_toast'`;

const columns = `
select a.attrelid::int8::text as relation, json_agg(json_build_object(
    'name', a.attname, 'notNull', a.attnotnull,
    'generated', case when a.attgenerated <> '' then pg_get_expr(d.adbin, d.adrelid) end,
    'userType', case when t.oid >= 16384 then quote_ident(tn.nspname) || '.' || quote_ident(t.typname) end
  ) order by a.attnum) as columns
from pg_attribute a
join pg_class c on c.oid = a.attrelid
join pg_type ct on ct.oid = a.atttypid
join pg_type t on t.oid = case when ct.typelem <> 0 and ct.typlen = -1 then ct.typelem else ct.oid end
join pg_namespace tn on tn.oid = t.typnamespace
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attnum > 0 and not a.attisdropped and c.relpersistence <> 't'
  and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
group by a.attrelid`;

const triggers = `
select tgrelid::int8::text as relation, bit_or(tgtype::int) as events
from pg_trigger where not tgisinternal and tgenabled <> 'D' group by tgrelid`;

const policies = `
select polrelid::int8::text as relation, pg_get_expr(polqual, polrelid) as using,
  pg_get_expr(polwithcheck, polrelid) as "check" from pg_policy`;

const uniqueKeys = `
select i.indrelid::int8::text as relation, (
    select json_agg(a.attname order by k.position)
    from unnest(i.indkey::int2[]) with ordinality k(attribute, position)
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attribute
    where k.position <= i.indnkeyatts) as columns
from pg_index i join pg_class c on c.oid = i.indrelid
where i.indisunique and i.indisvalid and i.indimmediate and i.indpred is null and i.indexprs is null
  and c.relpersistence <> 't' and c.oid >= 16384`;

const inheritance = `
select inhrelid::int8::text as child, inhparent::int8::text as parent
from pg_inherits i join pg_class c on c.oid = i.inhrelid
where c.relkind in ('r', 'p', 'f') and c.relpersistence <> 't'`;

const foreignKeys = `
select conrelid::int8::text as child, confrelid::int8::text as parent, confdeltype as "onDelete",
  confupdtype as "onUpdate", (
    select json_agg(a.attname) from unnest(conkey) k join pg_attribute a on a.attrelid = conrelid and a.attnum = k
  ) as columns
from pg_constraint where contype = 'f'`;

/** User-defined functions and operators that default, check, domain and index expressions depend on. */
const writeFunctions = `
with dependents as (
  select d.adrelid as relation, 'pg_attrdef'::regclass as class, d.oid as object from pg_attrdef d
  union all select conrelid, 'pg_constraint'::regclass, oid from pg_constraint where contype = 'c' and conrelid <> 0
  union all select a.attrelid, 'pg_constraint'::regclass, k.oid
    from pg_constraint k join pg_attribute a on a.atttypid = k.contypid where k.contypid <> 0 and k.contype = 'c'
  union all select indrelid, 'pg_class'::regclass, indexrelid from pg_index where indexprs is not null or indpred is not null
)
select x.relation::int8::text as relation, json_agg(distinct n.nspname || '.' || p.proname) as functions
from dependents x
join pg_depend d on d.classid = x.class and d.objid = x.object
left join pg_operator o on d.refclassid = 'pg_operator'::regclass and o.oid = d.refobjid
join pg_proc p on p.oid = case when d.refclassid = 'pg_proc'::regclass then d.refobjid else o.oprcode end
join pg_namespace n on n.oid = p.pronamespace
where p.oid >= 16384 and d.refclassid in ('pg_proc'::regclass, 'pg_operator'::regclass)
group by x.relation`;

const functionColumns = `n.nspname as schema, p.proname as name, p.provolatile as volatility, l.lanname as language,
  p.prosecdef as "securityDefiner", p.prokind as kind, p.proretset as "returnsSet"`;

const userFunctions = `
select p.oid::int8::text as oid, ${functionColumns}
from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
where p.oid >= 16384`;

/** The server's own functions, one row a name: volatile before stable before immutable. */
const builtInFunctions = `
select n.nspname as schema, p.proname as name,
  case when bool_or(p.provolatile = 'v') then 'v' when bool_or(p.provolatile = 's') then 's' else 'i' end as volatility,
  'internal' as language, bool_or(p.prosecdef) as "securityDefiner",
  case when bool_and(p.prokind = 'a') then 'a' when bool_and(p.prokind = 'w') then 'w'
    when bool_or(p.prokind = 'p') then 'p' else 'f' end as kind,
  bool_or(p.proretset) as "returnsSet"
from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where p.oid < 16384 group by n.nspname, p.proname`;

const userOperators = `
select n.nspname as schema, o.oprname as name, o.oprcode::oid::int8::text as function
from pg_operator o join pg_namespace n on n.oid = o.oprnamespace where o.oid >= 16384`;

const builtInOperators = `select json_agg(distinct oprname) as names from pg_operator where oid < 16384`;

const userTypes = `
select n.nspname as schema, t.typname as name, t.typtype in ('c', 'r', 'm') or t.typbasetype >= 16384 as composed, (
    select json_agg(distinct p.oid::int8::text) from pg_constraint k
    join pg_depend d on d.classid = 'pg_constraint'::regclass and d.objid = k.oid
    join pg_proc p on d.refclassid = 'pg_proc'::regclass and p.oid = d.refobjid
    where k.contypid = t.oid and p.oid >= 16384) as functions
from pg_type t join pg_namespace n on n.oid = t.typnamespace
where t.oid >= 16384 and n.nspname !~ '^pg_(toast|temp_|toast_temp_)' and t.typcategory <> 'A'`;

const builtInTypes = `select json_agg(distinct typname) as names from pg_type where oid < 16384`;

const userCasts = `
select case when s.oid >= 16384 then sn.nspname || '.' || s.typname else s.typname end as source,
  case when t.oid >= 16384 then tn.nspname || '.' || t.typname else t.typname end as target,
  c.castcontext <> 'e' as implicit, c.castfunc::oid::int8::text as function
from pg_cast c
join pg_type s on s.oid = c.castsource join pg_namespace sn on sn.oid = s.typnamespace
join pg_type t on t.oid = c.casttarget join pg_namespace tn on tn.oid = t.typnamespace
where c.oid >= 16384 and c.castfunc <> 0`;

/**
 * What is written as `@class NAME, NAME` in comments and in security labels, of whichever provider, on tables, views and
 * their columns (column 0: the relation itself).
 */
const marks = `
select m.objoid::int8::text as relation, m.objsubid as position, a.attname as "column",
  json_agg(f.found[1]) as written
from (
  select classoid, objoid, objsubid, description as text from pg_description
  union all select classoid, objoid, objsubid, label from pg_seclabel
) m
join pg_class c on c.oid = m.objoid
left join pg_attribute a on a.attrelid = m.objoid and a.attnum = m.objsubid and m.objsubid > 0
cross join lateral regexp_matches(m.text, '@class\\s+([a-z0-9_-]+(?:\\s*,\\s*[a-z0-9_-]+)*)', 'gi') f(found)
where m.classoid = 'pg_class'::regclass and c.oid >= 16384 and c.relpersistence <> 't'
group by m.objoid, m.objsubid, a.attname`;

/** The queries of a snapshot; `CatalogRows` says what each answers. */
export const snapshotQueries = {
  identity,
  relations,
  columns,
  triggers,
  policies,
  uniqueKeys,
  inheritance,
  foreignKeys,
  writeFunctions,
  userFunctions,
  builtInFunctions,
  userOperators,
  builtInOperators,
  userTypes,
  builtInTypes,
  userCasts,
  marks,
} as const;
