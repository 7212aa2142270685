import type { PreviewFinding } from '../../../core/preview.ts';
import { counted, oneLine } from './words.ts';

/** What is taken of a plan: kinds of nodes, names of the catalog and numbers. Conditions quote values (law 8). */
interface PlanNode {
  readonly kind: string;
  readonly relation: string;
  readonly index: string;
  readonly rows: number;
  readonly cost: number;
  readonly inner: readonly PlanNode[];
}

/** A person follows no deeper and no longer plan. */
const MOST_NODES = 60;
const MOST_DEPTH = 20;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const textOf = (value: unknown): string => (typeof value === 'string' ? oneLine(value) : '');
const wholeOf = (value: unknown): number =>
  typeof value === 'number' && value > 0 ? Math.min(Math.round(value), Number.MAX_SAFE_INTEGER) : 0;

function nodeOf(value: unknown): PlanNode | null {
  if (!isRecord(value) || typeof value['Node Type'] !== 'string') return null;
  const operation = textOf(value['Operation']);
  const join = textOf(value['Join Type']);
  const detail = operation === '' ? join : operation;
  const plans = Array.isArray(value['Plans']) ? value['Plans'] : [];
  return {
    kind: detail === '' ? value['Node Type'] : `${value['Node Type']} (${detail})`,
    relation: textOf(value['Relation Name']),
    index: textOf(value['Index Name']),
    rows: wholeOf(value['Plan Rows']),
    cost: wholeOf(value['Total Cost']),
    inner: plans.map(nodeOf).filter((node) => node !== null),
  };
}

/** The plans of an EXPLAIN (FORMAT JSON); more than one where rules add statements. Empty: it isn't one. */
export function parsePlans(json: string): readonly PlanNode[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    // Not an answer to what was asked: as good as none.
    return [];
  }
  const plans = Array.isArray(parsed) ? parsed : [];
  return plans.map((each) => nodeOf(isRecord(each) ? each['Plan'] : null)).filter((node) => node !== null);
}

const CHANGE = 'ModifyTable';

/** A change reports no rows of its own: those that come to it are those that it changes. */
export function estimateOf(plans: readonly PlanNode[]): number {
  const rows = plans.map((plan) =>
    plan.kind.startsWith(CHANGE) ? plan.inner.reduce((sum, { rows: each }) => sum + each, 0) : plan.rows,
  );
  return Math.min(
    rows.reduce((sum, each) => sum + each, 0),
    Number.MAX_SAFE_INTEGER,
  );
}

export function planFinding(plans: readonly PlanNode[]): PreviewFinding {
  const lines: string[] = [];
  const write = (node: PlanNode, depth: number): void => {
    if (lines.length >= MOST_NODES || depth > MOST_DEPTH) return void (isCut = true);
    const on = node.relation === '' ? '' : ` on ${node.relation}`;
    const by = node.index === '' ? '' : ` by ${node.index}`;
    const rows = node.kind.startsWith(CHANGE) ? '' : `about ${counted(node.rows, 'row')}, `;
    const numbers = `${rows}cost ${node.cost.toLocaleString('en-US')}`;
    lines.push(`${'  '.repeat(depth)}${node.kind}${on}${by}: ${numbers}`);
    for (const inner of node.inner) write(inner, depth + 1);
  };
  let isCut = false;
  for (const plan of plans) write(plan, 0);
  if (isCut) lines.push('… and more nodes, which are not shown.');
  return { kind: 'plan', title: 'How the target would do it', text: lines.join('\n'), basis: 'estimated' };
}
