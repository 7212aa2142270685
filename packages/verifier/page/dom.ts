/** Builds elements out of text. Nothing of a file is ever read as markup. */

const SVG = 'http://www.w3.org/2000/svg';

/** Control, format and separator characters, which could hide or turn around what stands beside them. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

/** Text of somebody else's, with what can't be seen written out: `⟨U+202E⟩`. Lines stay lines. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (character) =>
    character === '\n'
      ? character
      : `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`,
  );
}

type Child = Node | string;

export function element(name: string, className: string, ...children: readonly Child[]): HTMLElement {
  const made = document.createElement(name);
  if (className !== '') made.className = className;
  made.append(...children);
  return made;
}

const SHAPES = {
  proved: 'M20 34 l10 10 l20 -22',
  open: 'M36 20 v20 M36 48 v3',
  wrong: 'M24 24 l24 24 M48 24 l-24 24',
} as const;
export type Mood = keyof typeof SHAPES;

/** The verdict as a picture, for whoever looks from far away. */
export function picture(mood: Mood): SVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 72 72');
  svg.setAttribute('aria-hidden', 'true');
  const shield = document.createElementNS(SVG, 'path');
  shield.setAttribute('d', 'M36 4 L64 14 V36 C64 52 52 62 36 68 C20 62 8 52 8 36 V14 Z');
  shield.setAttribute('fill', 'currentColor');
  const mark = document.createElementNS(SVG, 'path');
  mark.setAttribute('d', SHAPES[mood]);
  mark.setAttribute('stroke', 'white');
  mark.setAttribute('stroke-width', '7');
  mark.setAttribute('stroke-linecap', 'round');
  mark.setAttribute('fill', 'none');
  svg.append(shield, mark);
  return svg;
}

export const MARKS: Readonly<Record<Mood, string>> = { proved: '✓', open: '!', wrong: '✗' };

export interface Line {
  readonly mood: Mood;
  readonly name: string;
  readonly detail: string;
}

export function checks(lines: readonly Line[]): HTMLElement {
  const items = lines.map(({ mood, name, detail }) =>
    element(
      'li',
      mood,
      element('b', '', MARKS[mood]),
      element('b', '', visible(name)),
      element('span', '', visible(detail)),
    ),
  );
  return element('ul', 'checks', ...items);
}

export function verdict(mood: Mood, title: string, detail: string): HTMLElement {
  const text = element('div', '', element('h2', '', title), element('p', '', visible(detail)));
  return element('div', `verdict ${mood}`, picture(mood), text);
}

export function facts(rows: readonly (readonly [name: string, value: string])[]): HTMLElement {
  const cells = rows.flatMap(([name, value]) => [element('dt', '', name), element('dd', '', visible(value))]);
  return element('dl', '', ...cells);
}
