import type { PreviewFinding } from '../../../core/preview.ts';
import type { ReviewSubject } from '../../../core/review.ts';
import type { TargetCatalog } from '../catalog/types.ts';
import { datasetName } from '../describe/relation.ts';
import type { Field } from './rows.ts';
import { oneLine } from './words.ts';

/** For each column of a result: its type, and the name that the column has in its table; null where it is computed. */
export const originsQuery = `
  SELECT format_type(f.type, f.modifier), a.attname
  FROM unnest($1::oid[], $2::int4[], $3::oid[], $4::int4[]) WITH ORDINALITY AS f (type, modifier, relation, number, at)
  LEFT JOIN pg_attribute a ON a.attrelid = f.relation AND a.attnum = f.number AND f.relation <> 0
  ORDER BY f.at`;

export function originsValues(fields: readonly Field[]): readonly string[] {
  const array = (of: (field: Field) => number): string => `{${fields.map(of).join(',')}}`;
  return [
    array(({ type }) => type),
    array(({ modifier }) => modifier),
    array(({ table }) => table),
    array(({ column }) => column),
  ];
}

/** A person reads no longer list. */
const MOST_COLUMNS = 100;

/** Which columns come out, by what the target itself says of the result: names, types and classes, no value of them. */
export function columnsFinding(
  fields: readonly Field[],
  origins: readonly (readonly (string | null)[])[],
  subject: Pick<ReviewSubject, 'datasets'>,
  catalog: TargetCatalog,
): PreviewFinding {
  const lines = fields.slice(0, MOST_COLUMNS).map(({ table }, at) => {
    const [type, column] = origins[at] ?? [];
    const from = sourceOf(table, column ?? null, subject, catalog);
    return oneLine(`${(at + 1).toString()}. ${from}, ${type ?? 'of a type of its own'}`);
  });
  if (fields.length > MOST_COLUMNS) lines.push('… and more, which are not shown.');
  return { kind: 'columns', title: 'Columns that come out', text: lines.join('\n'), basis: 'counted' };
}

/** Classes belong to tables: what a view or an expression is made of stands with the data that the action touches. */
function sourceOf(
  oid: number,
  column: string | null,
  { datasets }: Pick<ReviewSubject, 'datasets'>,
  catalog: TargetCatalog,
): string {
  const relation = oid === 0 ? undefined : catalog.relationByOid(oid);
  if (relation === undefined || column === null) return 'computed from the data above';
  const dataset = datasetName(relation);
  const name = `${dataset}.${column}`;
  if (relation.kind === 'view' || relation.kind === 'materialized') return `${name}, through that view`;
  const used = datasets.find((each) => each.dataset === dataset)?.columns;
  const classes = used?.find((each) => each.name === column)?.classes ?? [];
  return `${name}${classes.map((each) => ` [${each}]`).join('')}`;
}
