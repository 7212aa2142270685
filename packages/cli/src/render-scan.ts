import type { CatalogScan } from '@sallyport/sdk/contract';
import type { Style } from './style.ts';
import { count, shown, table } from './text.ts';

type Dataset = CatalogScan['datasets'][number];
type Column = Dataset['columns'][number];
type Finding = Column['findings'][number];

/** Every finding by its column, with what is proposed and what is there already. */
export function renderScan(scan: CatalogScan, file: string | null, style: Style): string {
  const looked = scan.datasets.filter(({ skipped }) => skipped === null);
  const skipped = scan.datasets.filter((each) => each.skipped !== null);
  const found = looked.filter(({ columns }) => columns.length > 0);
  const rows = looked.reduce((sum, dataset) => sum + dataset.rows, 0);
  const head = `${style.bold(`Samples of ${shown(scan.target, style)}`)}, ${count(looked.length, 'table')}, ${count(rows, 'row')}`;
  const partial = scan.complete
    ? []
    : [style.yellow('There was not time, or room, for all tables: this is not the whole of it.')];
  return [
    head,
    ...partial,
    ...found.flatMap((dataset) => datasetLines(dataset, style)),
    ...(found.length === 0 ? ['Nothing was found.'] : []),
    ...(skipped.length === 0 ? [] : ['', style.bold('Not looked at'), ...skippedLines(skipped, style)]),
    '',
    proposals(scan) === 0
      ? 'No class is missing in the catalog for what was found.'
      : `${count(proposals(scan), 'column')} with proposed classes. ${whereTo(file, style)}`,
  ].join('\n');
}

const whereTo = (file: string | null, style: Style): string =>
  file === null
    ? 'Nothing is changed; --out FILE writes them as YAML for the configuration.'
    : `They are in ${shown(file, style)}: what you accept goes into the configuration.`;

const proposals = ({ datasets }: CatalogScan): number =>
  datasets.flatMap(({ columns }) => columns).filter(({ proposed }) => proposed.length > 0).length;

function datasetLines({ dataset, rows, columns }: Dataset, style: Style): string[] {
  const cells = columns.flatMap((column) =>
    column.findings.map((finding) => [column.column, verdictOn(column, finding), words(finding)]),
  );
  return [
    '',
    `${style.bold(shown(dataset, style))}  ${count(rows, 'row')}`,
    ...table(cells, style).map((line) => `  ${line}`),
  ];
}

const verdictOn = ({ proposed }: Column, finding: Finding): string =>
  proposed.includes(finding.class) ? `+ ${finding.class}` : `= ${finding.class}`;

const words = ({ title, values, of, confidence }: Finding): string =>
  `${title}: ${values} of ${of} values, confidence ${confidence.toFixed(2)}`;

const skippedLines = (skipped: readonly Dataset[], style: Style): string[] =>
  table(
    skipped.map((each) => [each.dataset, each.skipped ?? '']),
    style,
  ).map((line) => `  ${line}`);

/** What a person may accept, as a part of the configuration. Names come from the target, so each is quoted. */
export function proposalOf(scan: CatalogScan): string {
  const datasets = scan.datasets.flatMap((dataset) => {
    const columns = dataset.columns.filter(({ proposed }) => proposed.length > 0);
    return columns.length === 0 ? [] : [entryOf(scan.target, dataset.dataset, columns)];
  });
  const head = [
    `# Proposed on ${scan.at} from samples of the data, in counts; nobody has accepted it yet.`,
    '# Keep what is right, and add it to the catalog of the configuration. Entries only ever add classes.',
  ];
  return [...head, datasets.length === 0 ? 'catalog: []' : 'catalog:', ...datasets.flat(), ''].join('\n');
}

const entryOf = (target: string, dataset: string, columns: readonly Column[]): string[] => [
  `  - target: ${JSON.stringify(target)}`,
  `    dataset: ${quoted(dataset)}`,
  '    columns:',
  ...columns.flatMap((column) => [
    ...column.findings
      .filter((finding) => column.proposed.includes(finding.class))
      .map((finding) => `      # ${words(finding)}`),
    `      ${quoted(column.column)}: [${column.proposed.map((name) => JSON.stringify(name)).join(', ')}]`,
  ]),
];

/** JSON's quoting is YAML's, but for line separators and the like, which are escaped besides. */
const quoted = (name: string): string =>
  JSON.stringify(name).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
