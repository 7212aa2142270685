export type KeyName =
  | 'up'
  | 'down'
  | 'left'
  | 'right'
  | 'home'
  | 'end'
  | 'pageUp'
  | 'pageDown'
  | 'enter'
  | 'escape'
  | 'tab'
  | 'backspace'
  | 'delete'
  | 'interrupt'
  | 'eraseLine'
  | 'eraseWord'
  | 'redraw';

export type Key =
  | { readonly kind: 'named'; readonly name: KeyName }
  /** `alone`: nothing else came with it, as when a person presses a key. */
  | { readonly kind: 'character'; readonly character: string; readonly alone: boolean }
  /** Never a command: whoever pastes text means text. */
  | { readonly kind: 'paste'; readonly text: string };

const pasteBegins = '\u001b[200~';
const pasteEnds = '\u001b[201~';
/** The longest text that is taken; what a person writes is far shorter. */
const maxPasteCharacters = 10_000;

const sequences: Readonly<Record<string, KeyName>> = {
  '[A': 'up',
  '[B': 'down',
  '[C': 'right',
  '[D': 'left',
  '[H': 'home',
  '[F': 'end',
  '[1~': 'home',
  '[4~': 'end',
  '[7~': 'home',
  '[8~': 'end',
  '[3~': 'delete',
  '[5~': 'pageUp',
  '[6~': 'pageDown',
  OA: 'up',
  OB: 'down',
  OC: 'right',
  OD: 'left',
  OH: 'home',
  OF: 'end',
};

const controls: Readonly<Record<string, KeyName>> = {
  '\u0001': 'home',
  '\u0002': 'pageUp',
  '\u0003': 'interrupt',
  '\u0004': 'interrupt',
  '\u0005': 'end',
  '\u0006': 'pageDown',
  '\u0008': 'backspace',
  '\u0009': 'tab',
  '\u000a': 'enter',
  '\u000c': 'redraw',
  '\u000d': 'enter',
  '\u0015': 'eraseLine',
  '\u0017': 'eraseWord',
  '\u007f': 'backspace',
};

/** Keys out of what a terminal in raw mode sends (ECMA-48 sequences, xterm's bracketed paste). What it doesn't know is dropped. */
export class KeyReader {
  #pasting: string | null = null;

  read(chunk: string): readonly Key[] {
    const keys: Key[] = [];
    let rest = chunk;
    while (rest !== '')
      rest = this.#pasting === null ? this.#next(rest, chunk, keys) : this.#paste(rest, keys);
    return keys;
  }

  #next(rest: string, chunk: string, keys: Key[]): string {
    if (rest.startsWith(pasteBegins)) {
      this.#pasting = '';
      return rest.slice(pasteBegins.length);
    }
    if (rest.startsWith('\u001b')) return escaped(rest, keys);
    const [character = ''] = rest;
    const name = controls[character];
    if (name !== undefined) keys.push({ kind: 'named', name });
    else if (character >= ' ') keys.push({ kind: 'character', character, alone: character === chunk });
    return rest.slice(character.length);
  }

  #paste(rest: string, keys: Key[]): string {
    const end = rest.indexOf(pasteEnds);
    const pasted = (this.#pasting ?? '') + (end === -1 ? rest : rest.slice(0, end));
    this.#pasting = pasted.slice(0, maxPasteCharacters);
    if (end === -1) return '';
    keys.push({ kind: 'paste', text: this.#pasting });
    this.#pasting = null;
    return rest.slice(end + pasteEnds.length);
  }
}

function escaped(rest: string, keys: Key[]): string {
  // eslint-disable-next-line no-control-regex -- the sequences that terminals send
  const [whole = '\u001b', sequence] = /^\u001b(\[[0-?]*[ -/]*[@-~]|O[@-~])?/.exec(rest) ?? [];
  const name = sequence === undefined ? 'escape' : sequences[sequence];
  if (name !== undefined) keys.push({ kind: 'named', name });
  return rest.slice(whole.length);
}
