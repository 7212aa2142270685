import type { Paint, Style } from './style.ts';
import { pad, shown, shownLines } from './text.ts';

const labelWidth = 13;

export function row(label: string, value: string, style: Style): string {
  return style.dim(pad(label, labelWidth)) + value;
}

export function rows(label: string, values: readonly string[], style: Style): string[] {
  return values.map((value, at) => row(at === 0 ? label : '', value, style));
}

export function title(text: string, note: string, style: Style): string {
  return style.bold(text) + (note === '' ? '' : style.dim(`  ${note}`));
}

/** A point of a list, wrapped under itself. */
export function bullets(text: string, style: Style, width: number, paint: Paint = (same) => same): string[] {
  return shownLines(text, width - 4, style).map((part, at) => `  ${paint(at === 0 ? '• ' : '  ')}${part}`);
}

export function classes(names: readonly string[], style: Style): string {
  return names.length === 0
    ? ''
    : ` ${names.map((name) => style.yellow(`[${shown(name, style)}]`)).join(' ')}`;
}
