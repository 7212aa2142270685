import { columnsOf } from '../columns.ts';
import { classes } from '../render-parts.ts';
import { riskBar, statusPaint } from '../render-review.ts';
import { count, pad, shown } from '../text.ts';
import { brief } from '../time.ts';
import { type Entry, entriesOf } from './list.ts';
import type { Item, Model } from './model.ts';

const barWidth = 5;

/** Title, how many wait, and whether what is shown is what is. */
export function listHead(model: Model): string[] {
  const { style, size, filter } = model;
  const waiting = [...model.items.values()].filter(({ summary }) => summary.status === 'pending').length;
  const left = `${style.bold('Sallyport')}  ${waiting === 1 ? '1 waits' : `${waiting} wait`}`;
  const narrowed = filter === '' ? '' : style.yellow(`  /${shown(filter, style)}`);
  return [between(left + narrowed, connection(model), size.width), style.dim('─'.repeat(size.width))];
}

export function connection({ connection: { state }, style }: Model): string {
  if (state === 'live') return style.green('● live');
  return state === 'lost' ? style.red('○ not connected, trying again') : style.yellow('○ connecting');
}

/** One at the left, one at the right, as long as there is room. */
export function between(left: string, right: string, width: number): string {
  const gap = width - plainColumns(left) - plainColumns(right);
  return gap < 1 ? `${right}  ${left}` : left + ' '.repeat(gap) + right;
}

// eslint-disable-next-line no-control-regex -- the codes that style.ts sets
const plainColumns = (styled: string): number => columnsOf(styled.replaceAll(/\u001b\[\d+m/g, ''));

export function listStatus({ connection: at, style, isListed }: Model): string {
  if (at.state === 'lost') return style.red(shown(at.message, style));
  return isListed ? '' : style.dim('Reading the list…');
}

/** As many lines as there is room for, the selected review among them. */
export function listBody(model: Model, rows: number): string[] {
  const blocks = entriesOf(model).map((entry) => ({ entry, lines: linesOf(entry, model) }));
  if (blocks.length === 0) return model.isListed ? emptyLines(model) : [];
  const lines = blocks.flatMap((block) => block.lines);
  const at = blocks.findIndex(({ entry }) => entry.kind === 'review' && isSelected(entry.item, model));
  const before = blocks.slice(0, Math.max(0, at)).reduce((sum, block) => sum + block.lines.length, 0);
  const top = Math.max(0, Math.min(before - Math.floor(rows / 2), lines.length - rows));
  return lines.slice(top, top + rows);
}

function emptyLines({ filter, style }: Model): string[] {
  const text = filter === '' ? 'Nothing waits.' : 'Nothing that waits has these words. Esc shows all.';
  return ['', style.dim(`  ${text}`)];
}

const isSelected = ({ summary }: Item, { selected }: Model): boolean => summary.id === selected;

function linesOf(entry: Entry, model: Model): string[] {
  if (entry.kind === 'bundle') return [bundleLine(entry.session, entry.items, model)];
  const { item, isMember } = entry;
  const { style } = model;
  const indent = isMember ? style.dim('│ ') : '';
  const mark = isSelected(item, model) ? style.cyan('▸ ') : '  ';
  const many = entry.alike === 1 ? '' : style.yellow(`×${entry.alike} alike  `);
  return [`${mark}${indent}${mainLine(item, model)}`, `  ${indent}${many}${restLine(item, model)}`];
}

function bundleLine(session: string, items: readonly Item[], { style }: Model): string {
  const agents = [...new Set(items.map(({ summary }) => summary.agent))].map((name) => shown(name, style));
  return style.dim(
    `  ┌ ${count(items.length, 'action')} of ${agents.join(', ')} together, session ${shown(session, style)}`,
  );
}

/** What tells one from the other at a glance: risk, time, votes, questions, what it is. */
function mainLine(item: Item, model: Model): string {
  const { style } = model;
  const { summary } = item;
  const { approvals, quorum, openQuestions, riskScore } = summary;
  const name = shown(summary.title, style);
  const question = openQuestions === 0 ? ' ' : style.yellow('?');
  const isOver = summary.status !== 'pending';
  return [
    riskBar(riskScore, style, barWidth) + ' '.repeat(Math.max(0, 3 - `${riskScore}`.length)),
    leftOf(item, model),
    `${approvals}/${quorum}${question}`,
    isOver
      ? style.dim(name)
      : (isSelected(item, model) ? style.bold(name) : name) + classes(summary.classes, style),
  ].join('  ');
}

function leftOf({ summary }: Item, { nowMs, style }: Model): string {
  if (summary.status !== 'pending') return style[statusPaint[summary.status]](pad(summary.status, 10));
  const leftMs = Date.parse(summary.expiresAt) - nowMs;
  const left = pad(leftMs > 0 ? `${brief(leftMs)} left` : 'out of time', 10);
  return leftMs < urgentMs ? style.red(left) : left;
}

/** From here on time is short for a person who has other work. */
const urgentMs = 120_000;

function restLine({ summary }: Item, { nowMs, style }: Model): string {
  const { agent, onBehalfOf, target, datasets } = summary;
  const where = `${shown(target.name, style)} (${shown(target.environment, style)})`;
  const who = `${shown(agent, style)} for ${shown(onBehalfOf, style)} → ${where}`;
  const touched = datasets.map((name) => shown(name, style)).join(', ');
  const age = `${brief(nowMs - Date.parse(summary.openedAt))} ago`;
  return style.dim(`${who}  ${age}${touched === '' ? '' : `  ${touched}`}`);
}
