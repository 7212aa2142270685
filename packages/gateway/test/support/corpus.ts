import { readdirSync, readFileSync } from 'node:fs';
import type { Description } from '../../src/core/describe.ts';
import type { ColumnUse } from '../../src/core/usage.ts';

/** One statement of vectors/sql, as the corpus says that it is described. */
export interface CorpusStatement {
  /** `writes: TRUNCATE`; with a number where its case has several statements. */
  readonly name: string;
  readonly text: string;
  readonly description: Description;
}

interface Written {
  readonly text?: string;
  readonly operation: string;
  readonly title: string;
  readonly datasets: Readonly<
    Record<
      string,
      {
        readonly access: ('read' | 'write')[];
        readonly basis?: 'unknown';
        readonly columns: Readonly<Record<string, ColumnUse[]>>;
      }
    >
  >;
  readonly functions: Readonly<Record<string, 'none' | 'reads' | 'effects'>>;
  readonly reach: Description['reach'];
  readonly rowLimit: number | null;
  readonly filtered: boolean;
  readonly flags: string[];
  readonly unknown: boolean;
}

interface CorpusCase {
  readonly name: string;
  readonly sql: string;
  readonly statements?: readonly Written[];
}

const vectors = new URL('../../../../vectors/sql/', import.meta.url);

const describedBy = (written: Written): Description => ({
  operation: written.operation,
  title: written.title,
  datasets: Object.entries(written.datasets).map(([dataset, { access, basis, columns }]) => ({
    dataset,
    access,
    basis: basis ?? 'parsed',
    columns: Object.entries(columns).map(([name, uses]) => ({ name, uses })),
  })),
  functions: Object.entries(written.functions).map(([name, effect]) => ({ name, effect })),
  reach: written.reach,
  rowLimit: written.rowLimit,
  filtered: written.filtered,
  unknown: written.unknown ? ['something'] : [],
  flags: written.flags,
});

function statementsOf(file: string, { name, sql, statements = [] }: CorpusCase): readonly CorpusStatement[] {
  return statements.map((written, at) => ({
    name: `${file}: ${name}${statements.length > 1 ? ` (${(at + 1).toString()})` : ''}`,
    text: written.text ?? sql,
    description: describedBy(written),
  }));
}

/** Every statement of the corpus that is described at all. */
export const corpus: readonly CorpusStatement[] = readdirSync(vectors)
  .filter((file) => file.endsWith('.json'))
  .flatMap((file) => {
    const { cases } = JSON.parse(readFileSync(new URL(file, vectors), 'utf8')) as { cases: CorpusCase[] };
    return cases.flatMap((each) => statementsOf(file.replace('.json', ''), each));
  });
